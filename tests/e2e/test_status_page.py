"""The server's page in Chromium, beside the extension that a code from it pairs."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from harness.browser import Browser
from harness.pictures import cut, photograph
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


def test_very_large_letters_find_room(
    launch: Callable[..., Browser], server: ServerProcess
) -> None:
    page = sign_in(launch(args=["--blink-settings=defaultFontSize=24"]), server)
    expect(page.get_by_text("Nothing was synced yet")).to_be_visible()
    assert page.evaluate("() => parseFloat(getComputedStyle(document.body).fontSize)") == 22.5
    page.get_by_role("button", name="Pair a device").click()
    expect(page.get_by_role("status").locator("strong")).to_be_visible()
    for width in (380, 640, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert (width, cut(page)) == (width, [])
        photograph(page, f"status-large-{width}")
