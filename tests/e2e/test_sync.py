"""Syncing from a real Chromium to the real server, with everything that goes wrong in between."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from harness.backlog import recorded_ids, seed, stored_ids
from harness.browser import ASK_STATUS, Browser, read_state, read_store, wait_for_last_run
from harness.desk import Desk
from harness.proxy import Fault, FaultProxy
from harness.server import ServerProcess
from harness.site import Site

# Whether so many visits have ended; the engine folds what is there.
ENDED = """async (count) => {
  const request = { target: "background", kind: "engine", request: { kind: "status" } };
  await chrome.runtime.sendMessage(request);
  return (await all("visits")).length === count;
}"""
SOON = "name => chrome.alarms.create(name, { when: Date.now() + 50 })"


def assert_all_stored(browser: Browser, server: ServerProcess, count: int | None = None) -> None:
    """Every recorded visit is on the server, and nothing else is."""
    page = browser.open("options.html")
    ids = recorded_ids(page)
    assert ids
    assert count is None or len(ids) == count
    assert stored_ids(server.data_dir) == ids
    page.close()


def visit_pages(browser: Browser, site: Site, count: int) -> None:
    """Visit some pages of the site in a tab, and close it."""
    tab = browser.context.new_page()
    for number in range(count):
        tab.goto(f"{site.origins[number % 3]}/page/{number}")
    tab.close()


def test_a_click_syncs(browser: Browser, server: ServerProcess, site: Site) -> None:
    browser.connect(server.url, str(server.token))
    visit_pages(browser, site, 4)
    browser.sync("Synced 4 visits.")
    assert_all_stored(browser, server, 4)
    browser.sync("Nothing to sync.")
    assert browser.console() == []


STRATEGIES = ["sequential", "concurrent", "parallel", "auto"]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_each_strategy_sends_everything(
    browser: Browser, server: ServerProcess, strategy: str
) -> None:
    browser.connect(server.url, str(server.token), strategy=strategy)
    page = browser.open("options.html")
    seed(page, 5_000)
    browser.sync()
    run = read_store(page, "runs")[-1]
    lanes = {span["lane"] for span in run["spans"]}
    assert (run["strategy"], run["outcome"], run["visits"]) == (strategy, "complete", 5_000)
    assert len(run["spans"]) == 5
    assert len(lanes) == (1 if strategy == "sequential" else 5)
    assert run["why"].startswith("concurrent, " if strategy == "auto" else "set in the options")
    assert_all_stored(browser, server, 5_000)
    assert browser.console() == []


def test_the_alarm_syncs_without_a_click(
    browser: Browser, server: ServerProcess, site: Site
) -> None:
    browser.connect(server.url, str(server.token))
    page = browser.open("options.html")
    alarm = page.evaluate("() => chrome.alarms.get('sync')")
    assert alarm["periodInMinutes"] == 5
    visit_pages(browser, site, 3)
    Desk(browser).wait_until(ENDED, 3)
    page.evaluate(SOON, "sync")
    wait_for_last_run(page)
    assert read_state(page, "lastRun")["trigger"] == "periodic"
    assert_all_stored(browser, server, 3)


def test_a_server_that_was_down(browser: Browser, server: ServerProcess, site: Site) -> None:
    browser.connect(server.url, str(server.token))
    server.port = int(server.url.rpartition(":")[2])
    server.stop()
    visit_pages(browser, site, 3)
    browser.sync("could not be reached")
    page = browser.open("options.html")
    assert page.evaluate("() => chrome.action.getBadgeText({})") == "!"
    retry = page.evaluate("() => chrome.alarms.get('retry')")
    assert retry is not None
    failed = read_state(page, "lastRun")
    assert failed["outcome"] == "failed"
    server.start()
    page.evaluate(SOON, "retry")
    wait_for_last_run(page, failed)
    assert page.evaluate("() => chrome.action.getBadgeText({})") == ""
    assert page.evaluate("() => chrome.alarms.get('retry')") is None
    assert_all_stored(browser, server, 3)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("500", "had an error of its own (500)"),
        ("429", "asks to slow down"),
        ("garbage", "did not come from a Heyho server"),
        ("lost", "could not be reached"),
    ],
)
def test_a_server_that_fails(
    browser: Browser, server: ServerProcess, proxy: FaultProxy, fault: Fault, sentence: str
) -> None:
    browser.connect(proxy.url, str(server.token))
    page = browser.open("options.html")
    seed(page, 3_000)
    proxy.faults.append("none")
    proxy.otherwise = fault
    proxy.retry_after_s = 90  # longer than a run waits
    browser.sync(sentence)
    run = read_store(page, "runs")[-1]
    assert (run["outcome"], run["visits"]) == ("partial", 1_000)
    proxy.otherwise = "none"
    browser.sync()
    assert read_state(page, "lastRun")["outcome"] == "complete"
    assert_all_stored(browser, server, 3_000)


@pytest.mark.parametrize(
    "fault", ["500", "429", "lost", pytest.param("silence", marks=pytest.mark.long)]
)
def test_a_server_that_fails_once(
    browser: Browser, server: ServerProcess, proxy: FaultProxy, fault: Fault
) -> None:
    browser.connect(proxy.url, str(server.token))
    page = browser.open("options.html")
    seed(page, 3_000)
    proxy.faults.append(fault)
    browser.sync("Synced 3,000 visits.")
    run = read_store(page, "runs")[-1]
    assert (run["outcome"], run["retries"]) == ("complete", 1)
    assert sorted(span["attempt"] for span in run["spans"]) == [1, 1, 1, 2]
    assert_all_stored(browser, server, 3_000)


def test_a_wrong_token(browser: Browser, server: ServerProcess) -> None:
    browser.connect(server.url, "not-the-token-at-all")
    page = browser.open("options.html")
    seed(page, 10)
    browser.sync("does not know this token")
    assert stored_ids(server.data_dir) == []
    assert page.evaluate("() => chrome.alarms.get('retry')") is None
    browser.connect(server.url, str(server.token))
    browser.sync()
    assert_all_stored(browser, server, 10)


@pytest.mark.parametrize("strategy", ["sequential", "concurrent"])
def test_killed_in_mid_sync(
    launch: Callable[..., Browser], server: ServerProcess, proxy: FaultProxy, strategy: str
) -> None:
    browser = launch()
    browser.connect(proxy.url, str(server.token), strategy=strategy)
    page = browser.open("options.html")
    seed(page, 5_000)
    proxy.latency_s = 3.0
    popup = browser.open("popup.html")
    proxy.arrived.clear()
    popup.get_by_role("button", name="Sync now").click()
    assert proxy.arrived.wait(60)
    browser.kill()
    proxy.latency_s = 0
    after_kill = len(stored_ids(server.data_dir))
    assert after_kill < 5_000
    again = launch()
    page = again.open("options.html")
    assert len(recorded_ids(page)) == 5_000
    again.sync()
    assert read_state(page, "lastRun")["outcome"] == "complete"
    assert_all_stored(again, server, 5_000)


def test_two_windows_click_at_once(
    browser: Browser, server: ServerProcess, proxy: FaultProxy
) -> None:
    browser.connect(proxy.url, str(server.token))
    first, second = browser.open("popup.html"), browser.open("popup.html")
    seed(first, 5_000)
    proxy.hold()
    for popup in (first, second):
        popup.get_by_role("button", name="Sync now").click()
    for popup in (first, second):
        expect(popup.get_by_role("progressbar")).to_be_visible()
    second.evaluate(ASK_STATUS)  # so the second request to sync has been answered as well
    proxy.let()
    wait_for_last_run(first)
    assert len(read_store(first, "runs")) == 1
    assert proxy.syncs == 5
    for popup in (first, second):
        expect(popup.get_by_role("status")).to_have_text("Synced 5,000 visits.")
    assert_all_stored(browser, server, 5_000)
    assert browser.console() == []


def test_the_profile_survives(launch: Callable[..., Browser], site: Site, tmp_path: Path) -> None:
    """Visits open at a kill end at their last sign of life and are sent by the next browser."""
    with ServerProcess(tmp_path / "other") as server:
        browser = launch()
        browser.connect(server.url, str(server.token))
        tab = browser.context.new_page()
        tab.goto(f"{site.origins[0]}/article")
        tab.goto(f"{site.origins[1]}/shop")
        expect(tab).to_have_title("A shop of small things")
        reader = browser.open("options.html")
        expect_events(reader, "shop")
        browser.kill()
        again = launch()
        again.sync()
        page = again.open("options.html")
        urls = [visit["url"] for visit in read_store(page, "visits")]
        assert urls == [f"{site.origins[0]}/article", f"{site.origins[1]}/shop"]
        assert_all_stored(again, server, 2)


def expect_events(page: Page, part: str) -> None:
    """Wait until an event of an address that contains `part` has its title recorded."""
    for _ in range(600):
        kinds = [e["kind"] for e in read_store(page, "events") if part in str(e.get("url"))]
        if "titled" in kinds:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"no title of {part} was recorded")
