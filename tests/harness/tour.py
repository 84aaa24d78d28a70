"""Every page of the extension in turn, with something on it, in any language.

The person's own words, which are in no language's files, are those of `harness.backlog`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from playwright.sync_api import Page, expect

from harness.backlog import seed
from harness.browser import Browser, read_state, wait_for_last_run
from harness.proxy import FaultProxy
from harness.server import TOKEN

VISITS = 3_000
MANY = 20_000
_STEPS = ("record", "server", "import", "done")
_WITH_RETRIES = re.compile(" · .* · ")
_FILE = '{"url": "https://a.example/", "title": "a", "time": 1760000000}\n{"url": 7}\n'


def tour(browser: Browser, proxy: FaultProxy) -> Iterator[tuple[str, Page]]:
    """Pages and their states, each with a name for its pictures.

    A state may be looked at until the next is asked for.
    """
    yield from _empty(browser)
    yield from _settings(browser, proxy)
    yield from _syncs(browser, proxy)
    yield from _dashboard(browser)
    yield from _data(browser)


def _open(browser: Browser, name: str) -> Page:
    page = browser.open(f"{name}.html")
    expect(page.locator("html")).to_have_attribute("data-ready", "true")
    return page


def _empty(browser: Browser) -> Iterator[tuple[str, Page]]:
    page = browser.open("welcome.html")
    for step in _STEPS:
        page.evaluate("step => { location.hash = step; }", step)
        expect(page.locator(f"#step-{step}")).to_be_visible()
        yield f"welcome-{step}", page
    page.close()
    page = _open(browser, "popup")
    expect(page.locator("#message")).not_to_be_empty()
    yield "popup-new", page
    page.close()
    page = _open(browser, "dashboard")
    expect(page.locator("#empty")).to_be_visible()
    yield "dashboard-empty", page
    page.locator("#tab-figures").click()
    expect(page.locator("#figures-none")).to_be_visible()
    yield "figures-empty", page
    page.close()
    page = _open(browser, "syncs")
    expect(page.locator("#none")).to_be_visible()
    yield "syncs-empty", page
    page.close()
    page = _open(browser, "lab")
    expect(page.locator("#news-link")).to_be_visible()
    yield "lab-empty", page
    page.close()


def _settings(browser: Browser, proxy: FaultProxy) -> Iterator[tuple[str, Page]]:
    page = _open(browser, "options")
    page.locator("#serverUrl").fill("http://history.example")
    page.locator("#save").click()
    expect(page.locator("#serverUrl-problem")).not_to_be_empty()
    yield "options-mistake", page
    page.locator("#serverUrl").fill(proxy.url)
    page.locator("#token").fill(TOKEN)
    page.locator("#concurrency").fill("2")
    page.locator("#check").click()
    expect(page.locator("#verdict p").first).not_to_be_empty()
    expect(page.locator("#check")).to_be_enabled()
    page.locator("#save").click()
    expect(page.locator("#serverUrl-problem")).to_be_empty()
    expect(page.locator("#message")).not_to_be_empty()
    yield "options", page
    page.close()


def _syncs(browser: Browser, proxy: FaultProxy) -> Iterator[tuple[str, Page]]:
    page = _open(browser, "popup")
    seed(page, VISITS)
    proxy.faults.append("500")
    proxy.service_s = 0.5
    before = read_state(page, "lastRun")
    page.locator("#sync").click()
    wait_for_last_run(page, before)
    expect(page.locator("#stop")).to_be_hidden()
    yield "popup-synced", page
    seed(page, MANY)
    proxy.faults.append("500")
    proxy.otherwise = "silence"
    page.reload()
    page.locator("#sync").click()
    expect(page.locator("#detail")).to_have_text(_WITH_RETRIES)
    yield "popup-sync", page
    syncs = _open(browser, "syncs")
    expect(syncs.locator("#now")).to_be_visible()
    expect(syncs.locator(".run")).to_have_count(1)
    yield "syncs", syncs
    syncs.close()
    page.locator("#stop").click()
    expect(page.locator("#stop")).to_be_hidden()
    proxy.service_s, proxy.otherwise = 0, "none"
    yield "popup-stopped", page
    page.close()
    page = _open(browser, "lab")
    page.locator("#start").click()
    expect(page.locator("#verdict")).to_be_visible(timeout=180_000)
    expect(page.locator("#stop")).to_be_hidden()
    yield "lab", page
    page.close()


def _dashboard(browser: Browser) -> Iterator[tuple[str, Page]]:
    page = _open(browser, "dashboard")
    expect(page.locator(".visit").first).to_be_visible()
    page.locator("#help-button").click()
    yield "dashboard", page
    page.locator(".visit .clock").first.click()
    expect(page.locator("#sheet-chain")).not_to_be_empty()
    yield "dashboard-details", page
    page.locator("#sheet [data-sort]").click()
    expect(page.locator("#sorter")).to_be_visible()
    yield "dashboard-category", page
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.locator("#tab-figures").click()
    expect(page.locator("#sites li").first).to_be_visible()
    for summary in page.locator("#charts summary").all():
        summary.click()
    yield "figures", page
    page.close()


def _data(browser: Browser) -> Iterator[tuple[str, Page]]:
    page = _open(browser, "data")
    page.locator("#file").set_input_files(
        {"name": "visits.jsonl", "mimeType": "application/json", "buffer": _FILE.encode()}
    )
    expect(page.locator("#import-go")).to_be_visible()
    page.locator("#delete-site").fill("site-5.example")
    page.locator("#delete-count").click()
    expect(page.locator("#delete-sure")).to_be_visible()
    expect(page.locator("#storage-rows tr").first).to_be_visible()
    yield "data", page
    page.locator("#delete-go").click()
    expect(page.locator("#undo")).to_be_visible()
    yield "data-deleted", page
    page.close()
