"""The journeys of data, settings and lab with the keyboard alone; other pages test their own."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from e2e.test_data import data_page, takeout
from harness.backlog import seed
from harness.browser import Browser, read_state, read_store
from harness.proxy import FaultProxy
from harness.server import TOKEN

IS_FOCUSED = "element => element === document.activeElement"


def go_to(page: Page, wanted: Locator) -> None:
    """Press Tab until an element has the focus; it must be seen to have it."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if wanted.evaluate(IS_FOCUSED):
            outline = wanted.evaluate("element => getComputedStyle(element).outlineStyle")
            assert outline != "none", "nobody sees where the focus is"
            return
    raise AssertionError(f"Tab does not reach {wanted}")


def press(page: Page, name: str, key: str = "Enter") -> None:
    """Go to a button, and press a key on it."""
    go_to(page, page.get_by_role("button", name=name, exact=True))
    page.keyboard.press(key)


def test_a_file_is_imported_exported_deleted_and_brought_back(
    browser: Browser, tmp_path: Path
) -> None:
    page = data_page(browser)
    file = tmp_path / "History.json"
    file.write_bytes(takeout(194))
    go_to(page, page.locator("#file"))
    page.locator("#file").set_input_files(file)  # the browser's own dialog is no page
    expect(page.get_by_role("button", name="Import 194 visits")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#job-said")).to_have_text("Imported 194 new visits.")

    go_to(page, page.locator("#export-site"))
    page.keyboard.type("site-5.example")
    with page.expect_download() as download:
        press(page, "Export")
    lines = Path(download.value.path()).read_text().splitlines()
    assert {json.loads(line)["domain"] for line in lines} == {"site-5.example"}

    go_to(page, page.get_by_label("Site").last)
    page.keyboard.type("site-5.example")
    page.keyboard.press("Enter")
    expect(page.locator("#delete-warning")).to_contain_text("This deletes 2 visits:")
    press(page, "Delete 2 visits")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    assert len(read_store(page, "visits")) == 192
    page.keyboard.press("Enter")
    expect(page.locator("#delete-said")).to_have_text("2 visits are back.")
    assert len(read_store(page, "visits")) == 194
    assert browser.console() == []


def test_a_kind_of_page_is_let_in_and_recording_is_paused(browser: Browser) -> None:
    page = browser.open("options.html")
    expect(page.get_by_role("button", name="Save")).to_be_enabled()
    press(page, "Pause for an hour")
    expect(page.get_by_role("button", name="Record again", exact=True)).to_be_visible()
    assert read_state(page, "settings")["paused"] is True
    press(page, "Record again")
    expect(page.get_by_role("button", name="Pause for an hour")).to_be_visible()
    assert read_state(page, "settings")["paused"] is False
    switch = page.get_by_role("switch", name="Health")
    expect(switch).to_be_checked()
    go_to(page, switch)
    page.keyboard.press("Space")
    expect(page.get_by_role("status")).to_have_text("“Health” is recorded from now on.")
    page.reload()
    expect(page.get_by_role("switch", name="Health")).not_to_be_checked()
    assert "health" not in read_state(page, "settings")["presets"]
    assert browser.console() == []


def test_the_lab_is_started_and_stopped(browser: Browser, proxy: FaultProxy) -> None:
    browser.connect(proxy.url, TOKEN)
    page = browser.open("lab.html")
    seed(page, 3_000)
    page.reload()
    expect(page.get_by_role("button", name="Start the lab")).to_be_enabled()
    proxy.service_s = 1.0
    press(page, "Start the lab")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    press(page, "Stop")
    expect(page.get_by_role("button", name="Start the lab")).to_be_visible()
    assert read_state(page, "lab") is None
    assert browser.console() == []
