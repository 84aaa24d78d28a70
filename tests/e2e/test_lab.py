"""The strategy lab on a real Chromium and the real server: it measures, and moves nothing."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from harness.backlog import differences, recorded_ids, seed, stored_ids
from harness.browser import EXTENSION_ID, Browser, read_state, read_store
from harness.pictures import look
from harness.proxy import FaultProxy
from harness.server import ServerProcess
from heyho_server.settings import DATABASE_FILE

VISITS = 3_000
SERVICE_S = 0.3
SOON_MS = 60_000  # the engine boots first
WAYS = ["One by one", "2 at once", "5 at once", "10 at once", "Automatic", "In parallel threads"]
KEPT = ("ledger", "lastRun", "device")


def kept_by_the_extension(page: Page) -> dict[str, Any]:
    """What a lab must leave alone."""
    return {
        **{key: read_state(page, key) for key in KEPT},
        **{store: read_store(page, store) for store in ("rejected", "runs", "visits")},
    }


def kept_by_the_server(data_dir: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with closing(sqlite3.connect(data_dir / DATABASE_FILE)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in names}


@pytest.fixture
def lab(browser: Browser, server: ServerProcess, proxy: FaultProxy) -> Page:
    """The lab's page, with visits that wait and a server that takes its time."""
    proxy.service_s = SERVICE_S
    browser.connect(proxy.url, str(server.token))
    page = browser.open("lab.html")
    seed(page, VISITS)
    page.reload()
    expect(page.get_by_role("button", name="Start the lab")).to_be_enabled(timeout=SOON_MS)
    return page


def test_all_ways_are_measured_and_nothing_is_kept(
    browser: Browser, server: ServerProcess, proxy: FaultProxy, lab: Page
) -> None:
    mine, theirs = kept_by_the_extension(lab), kept_by_the_server(server.data_dir)
    expect(lab.locator("#plan")).to_have_text(
        "Sends 3,000 visits in 3 batches, once or twice on each of 6 ways."
    )
    lab.get_by_role("button", name="Start the lab").click()
    expect(lab.get_by_role("button", name="Stop")).to_be_visible()
    expect(lab.locator("#chart li.now")).to_be_visible(timeout=SOON_MS)
    expect(lab.locator("#news")).to_have_text(
        "The lab is done. Nothing of it was stored.", timeout=180_000
    )
    trials = proxy.syncs
    assert trials in (1 + 6 * 3, 1 + 2 * 6 * 3)  # a slow first pass is not repeated
    assert kept_by_the_extension(lab) == mine
    assert kept_by_the_server(server.data_dir) == theirs

    expect(lab.locator("#chart .name")).to_have_text(WAYS)
    expect(lab.locator("#chart .limit")).to_have_count(6)
    expect(lab.locator("#sheets figure")).to_have_count(6)
    expect(lab.locator("#rows tr")).to_have_count(6)
    expect(lab.locator("#sheets figure").nth(0).locator(".track .block")).to_have_count(3)
    took = {way["way"]: way for way in read_state(lab, "lab")["ways"]}
    assert took["sequential"]["ms"] >= 3 * 1000 * SERVICE_S
    for way in took.values():
        assert (way["visits"], way["batches"], way["error"]) == (VISITS, 3, None)
    either = "|".join(WAYS)
    expect(lab.locator("#suits")).to_have_text(
        re.compile(rf"^“({either})” suits you: it took .+ s, “({either})” took .+ s\.$")
    )
    look(lab, "lab")

    browser.sync(f"Synced {VISITS:,} visits.")
    assert stored_ids(server.data_dir) == recorded_ids(lab)
    found = differences(lab, server.data_dir)
    assert (found.lost, found.doubled, found.altered, found.strange) == ([], [], [], [])
    assert proxy.syncs == trials + 3
    assert browser.console() == []


def test_the_way_that_suits_is_one_click_away(browser: Browser, lab: Page) -> None:
    lab.get_by_role("button", name="Start the lab").press("Enter")
    expect(lab.locator("#verdict")).to_be_visible(timeout=180_000)
    best = read_state(lab, "lab")["verdict"]["changes"]
    other = "sequential" if best["strategy"] == "auto" else "auto"
    lab.evaluate(
        """settings => chrome.runtime.sendMessage({
          target: "background", kind: "engine", request: { kind: "settings", settings },
        })""",
        {"strategy": other},
    )
    lab.reload()
    lab.get_by_role("button", name="Use it").press("Enter")
    expect(lab.locator("#used")).to_have_text("Done. Your next sync goes this way.")
    settings = read_state(lab, "settings")
    assert {key: settings[key] for key in best} == best
    lab.reload()
    expect(lab.locator("#used")).to_have_text("Your syncs go this way already.")
    assert browser.console() == []


def test_stopped_midway_it_leaves_nothing(
    server: ServerProcess, proxy: FaultProxy, lab: Page
) -> None:
    mine, theirs = kept_by_the_extension(lab), kept_by_the_server(server.data_dir)
    lab.get_by_role("button", name="Start the lab").click()
    expect(lab.locator("#chart li.now")).to_be_visible(timeout=SOON_MS)
    lab.get_by_role("button", name="Stop").press("Enter")
    expect(lab.locator("#news")).to_have_text("You stopped the lab. What it found before stays.")
    expect(lab.get_by_role("button", name="Start the lab")).to_be_focused()
    assert read_state(lab, "lab") is None
    assert kept_by_the_extension(lab) == mine
    assert kept_by_the_server(server.data_dir) == theirs


def test_a_page_that_opens_meanwhile_joins_in_and_a_sync_comes_first(
    browser: Browser, server: ServerProcess, proxy: FaultProxy, lab: Page
) -> None:
    proxy.service_s = 5.0
    lab.get_by_role("button", name="Start the lab").click()
    expect(lab.locator("#chart li.now")).to_be_visible(timeout=SOON_MS)
    other = browser.open("lab.html")
    expect(other.get_by_role("button", name="Stop")).to_be_visible(timeout=SOON_MS)
    proxy.service_s = 0
    browser.sync(f"Synced {VISITS:,} visits.")
    for page in (lab, other):
        expect(page.locator("#news")).to_contain_text("A sync came first")
    assert stored_ids(server.data_dir) == recorded_ids(lab)


def test_an_engine_that_is_gone_is_noticed(browser: Browser, lab: Page) -> None:
    lab.get_by_role("button", name="Start the lab").click()
    expect(lab.locator("#chart li.now")).to_be_visible(timeout=SOON_MS)
    lab.evaluate("() => chrome.offscreen.closeDocument()")
    expect(lab.locator("#news")).to_contain_text("stopped midway")
    expect(lab.get_by_role("button", name="Start the lab")).to_be_enabled()


def test_after_a_failed_answer_it_can_be_tried_again(browser: Browser) -> None:
    page = browser.context.new_page()
    page.add_init_script(f"({_FAIL})()")
    page.goto(f"chrome-extension://{EXTENSION_ID}/lab.html")
    expect(page.locator("#news")).to_have_text("No answer.", timeout=SOON_MS)
    start = page.get_by_role("button", name="Start the lab")
    expect(start).to_be_enabled()
    start.click()
    expect(page.locator("#news")).to_have_text("No answer again.")
    expect(start).to_be_enabled()


def test_a_double_click_does_not_stop_what_its_first_click_began(browser: Browser) -> None:
    for name, button, kind in (
        ("lab.html", "stop", "lab_cancel"),
        ("data.html", "import-stop", "import_stop"),
    ):
        page = browser.open(name)
        expect(page.locator("html")).to_have_attribute("data-ready", "true", timeout=SOON_MS)
        assert page.evaluate(_SENT_BY_CLICKS, [button, [2]]) == []
        assert page.evaluate(_SENT_BY_CLICKS, [button, [1, 2]]) == [kind]
        assert page.evaluate(_SENT_BY_CLICKS, [button, [0]]) == [kind]  # a key


# The kinds of what clicks on a button send; each click tells how many came in a row.
_SENT_BY_CLICKS = """([button, clicks]) => {
  const { sendMessage } = chrome.runtime;
  const sent = [];
  chrome.runtime.sendMessage = async ({ request }) => {
    sent.push(request.kind);
    return { ok: true };
  };
  for (const detail of clicks) {
    document.getElementById(button).dispatchEvent(new MouseEvent("click", { detail }));
  }
  chrome.runtime.sendMessage = sendMessage;
  return sent;
}"""


# The lab begins, but nobody tells how it stands.
_FAIL = """() => {
  let said = "No answer.";
  const send = chrome.runtime.sendMessage.bind(chrome.runtime);
  chrome.runtime.sendMessage = async (message) => {
    const kind = message.request?.kind;
    if (kind === "lab") said = "No answer again.";
    if (kind === "lab") return { ok: true, started: true };
    return kind === "lab_results" ? { ok: false, error: said } : send(message);
  };
}"""


def test_without_a_server_it_says_what_to_do(launch: Callable[..., Browser]) -> None:
    page = launch().open("lab.html")
    expect(page.locator("#news")).to_have_text(
        "Connect your server in the settings first.", timeout=SOON_MS
    )
    expect(page.get_by_role("button", name="Start the lab")).to_be_disabled()
    way = page.get_by_role("link", name="Open the settings")
    expect(way).to_have_attribute("href", "options.html")
    look(page, "lab-none")
