"""The server's page in Chromium, beside the extension that a code from it pairs."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from harness.browser import Browser
from harness.server import ServerProcess
from harness.site import Site


def sign_in(browser: Browser, server: ServerProcess) -> Page:
    assert server.token
    page = browser.context.new_page()
    page.goto(server.url)
    page.get_by_text("Use a device's token").click()
    page.get_by_label("Token").fill(server.token)
    page.get_by_label("Token").press("Enter")
    return page


def test_a_code_from_the_page_pairs_the_extension_which_then_syncs(
    browser: Browser, server: ServerProcess, site: Site
) -> None:
    page = sign_in(browser, server)
    expect(page.get_by_text("Nothing was synced yet")).to_be_visible()
    page.get_by_role("button", name="Pair a device").click()
    code = page.get_by_role("status").locator("strong").inner_text()

    options = browser.open("options.html")
    options.get_by_label("Server address").fill(server.url)
    options.get_by_label("Pairing code").fill(code)
    options.get_by_role("button", name="Pair").click()
    expect(options.get_by_role("status")).to_contain_text("Paired")
    tab = browser.context.new_page()
    tab.goto(f"{site.origins[0]}/article")
    tab.close()
    browser.sync()

    page.goto(server.url)
    synced = page.get_by_role("region", name="Last syncs").get_by_role("listitem")
    expect(synced.first).to_contain_text("just now")
    expect(page.get_by_role("img", name=re.compile(r"^\d+ visits? in 30 days"))).to_be_visible()
    devices = page.get_by_role("region", name="Devices").get_by_role("listitem")
    expect(devices).to_have_count(3)
    paired = devices.filter(has_text="Chrom").filter(has_text="paired")
    paired.get_by_role("button").click()
    expect(devices).to_have_count(2)
    browser.sync("token")

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    page.go_back()  # to where no copy of it is kept
    expect(page.get_by_label("Password")).to_be_visible()
