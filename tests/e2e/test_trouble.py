"""The engine is ended under the pages: each says so within seconds, and what there is to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from harness.backlog import recorded_ids, seed, stored_ids
from harness.browser import Browser, read_store
from harness.desk import Desk
from harness.proxy import FaultProxy
from harness.server import ServerProcess

VISITS = 3_000
IMPORTED = 12_000
MIDWAY = "The sync stopped midway. What is left waits and goes again."


@pytest.fixture
def desk(browser: Browser, server: ServerProcess, proxy: FaultProxy) -> Desk:
    """Visits that wait, and a server that keeps whoever asks it waiting."""
    desk = Desk(browser)
    desk.change(serverUrl=proxy.url, token=server.token)
    seed(desk.page, VISITS)
    proxy.otherwise = "silence"
    return desk


def start_run(desk: Desk, proxy: FaultProxy) -> None:
    """Have a run under way that nobody answers."""
    assert desk.ask("run", trigger="manual")["ok"]
    assert proxy.arrived.wait(60)


def assert_all_stored(desk: Desk, server: ServerProcess) -> None:
    """Every visit is on the server once, and nothing else is."""
    assert stored_ids(server.data_dir) == recorded_ids(desk.page)


def test_under_the_popup(desk: Desk, server: ServerProcess, proxy: FaultProxy) -> None:
    popup = desk.browser.open("popup.html")
    popup.get_by_role("button", name="Sync now").click()
    expect(popup.get_by_role("progressbar")).to_be_visible()
    assert proxy.arrived.wait(60)
    desk.close_engine()
    expect(popup.get_by_role("status")).to_have_text(MIDWAY, timeout=60_000)
    expect(popup.get_by_role("progressbar")).to_have_count(0)
    proxy.otherwise = "none"
    popup.get_by_role("button", name="Sync now").click()
    expect(popup.get_by_role("status")).to_have_text("Synced 3,000 visits.")
    assert_all_stored(desk, server)
    assert desk.browser.console() == []


def test_under_the_page_of_syncs(desk: Desk, server: ServerProcess, proxy: FaultProxy) -> None:
    page = desk.browser.open("syncs.html")
    expect(page.locator("#none")).to_be_visible()
    start_run(desk, proxy)
    expect(page.locator("#now-said")).to_contain_text("0 of 3,000")
    desk.close_engine()
    expect(page.get_by_role("status")).to_have_text(MIDWAY)
    expect(page.locator("#now")).to_be_hidden()
    proxy.otherwise = "none"
    desk.browser.sync("Synced 3,000 visits.")
    expect(page.locator("article.run")).to_have_count(1)
    expect(page.get_by_role("status")).to_have_count(0)
    assert_all_stored(desk, server)


def test_news_of_other_things_leave_a_run_on_the_page_of_syncs(
    desk: Desk, proxy: FaultProxy
) -> None:
    page = desk.browser.open("syncs.html")
    expect(page.locator("#none")).to_be_visible()
    start_run(desk, proxy)
    expect(page.locator("#now")).to_be_visible()
    page.evaluate(_WATCH)
    desk.change(concurrency=2)
    assert page.evaluate("() => told.then(() => hidden)") == 0
    expect(page.locator("#now")).to_be_visible()


def test_under_the_lab_as_it_begins(desk: Desk, server: ServerProcess, proxy: FaultProxy) -> None:
    lab = desk.browser.open("lab.html")
    start = lab.get_by_role("button", name="Start the lab")
    start.click()
    expect(lab.get_by_role("button", name="Stop")).to_be_visible()
    expect(lab.locator("#news")).to_have_text("Opening the connection.")
    desk.close_engine()
    expect(lab.locator("#news")).to_have_text("The lab has stopped midway. Start it again.")
    expect(start).to_be_enabled()
    assert stored_ids(server.data_dir) == []


def test_under_the_lab_as_it_rests(browser: Browser, tmp_path: Path) -> None:
    """It rests for as long as the server's window is."""
    env = {"HEYHO_LIMIT_SYNC_USER": "9/50 seconds"}
    with ServerProcess(tmp_path / "limited", env=env) as server:
        desk = Desk(browser)
        desk.change(serverUrl=server.url, token=server.token)
        seed(desk.page, VISITS)
        lab = browser.open("lab.html")
        start = lab.get_by_role("button", name="Start the lab")
        start.click()
        expect(lab.locator("#news")).to_contain_text("until your server's limits have room")
        desk.close_engine()
        expect(lab.locator("#news")).to_have_text("The lab has stopped midway. Start it again.")
        expect(start).to_be_enabled()


def test_under_an_import(browser: Browser, tmp_path: Path) -> None:
    desk = Desk(browser)
    page = browser.open("data.html")
    expect(page.locator("html")).to_have_attribute("data-ready", "true")
    visit = '{"url": "https://past.example/NUMBER", "title": "", "visitTime": TIME}'
    lines = "\n".join(
        visit.replace("NUMBER", str(n)).replace("TIME", str(1_700_000_000_000 + n * 1000))
        for n in range(IMPORTED)
    )
    file = tmp_path / "visits.jsonl"
    file.write_text(lines)
    said = page.locator("#job-said")
    page.locator("#file").set_input_files(file)
    go = page.get_by_role("button", name="Import 12,000 visits")
    go.click(timeout=90_000)
    desk.page.evaluate(_END_ENGINE_AT_THE_FIRST_VISIT)
    expect(said).to_have_text(
        "The import stopped midway. Choose the file once more; nothing will be doubled."
    )
    some = len(read_store(desk.page, "visits"))
    assert 0 < some < IMPORTED
    page.locator("#file").set_input_files(file)
    go.click(timeout=90_000)
    expect(said).to_have_text(f"Imported {IMPORTED - some:,} new visits.", timeout=90_000)
    urls = [visit["url"] for visit in read_store(desk.page, "visits")]
    assert len(set(urls)) == len(urls) == IMPORTED


_END_ENGINE_AT_THE_FIRST_VISIT = """async () => {
  while (!(await all("visits")).length) await new Promise((resolve) => setTimeout(resolve, 20));
  await chrome.offscreen.closeDocument();
}"""

_WATCH = """() => {
  globalThis.hidden = 0;
  const now = document.getElementById("now");
  new MutationObserver(() => { if (now.hidden) globalThis.hidden += 1; })
    .observe(now, { attributes: true });
  globalThis.told = new Promise((resolve) => {
    new BroadcastChannel("heyho").addEventListener("message", ({ data }) => {
      if (data.kind === "status") resolve();
    });
  });
}"""
