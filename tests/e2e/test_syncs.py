"""The page of past syncs, as a person uses it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from e2e.test_popup import press
from harness.backlog import seed
from harness.browser import EXTENSION_ID, Browser, read_state, wait_for_last_run
from harness.pictures import look
from harness.proxy import FaultProxy
from harness.server import TOKEN, ServerProcess

_ODD_VISIT = """async () => {
  const { openDatabase } = await import("./database.js");
  const database = await openDatabase();
  const visits = database.transaction("visits", "readwrite").objectStore("visits");
  const now = Date.now();
  visits.add({
    id: crypto.randomUUID(), url: "ftp://odd.example/", title: "<b>odd</b>", domain: "odd.example",
    startedAt: now - 1000, endedAt: now, durationSeconds: 1, activeDuration: 0, engagementRate: 0,
    idlePeriods: [], tabId: 1, windowId: 1, transition: "link", sourcePageVisitId: null,
    anonymousClientId: "seeded",
  });
  await new Promise((resolve) => { visits.transaction.oncomplete = resolve; });
  database.close();
}"""


def sync(popup: Page, visits: int) -> None:
    """Let so many visits wait, and sync them."""
    before = read_state(popup, "lastRun")
    seed(popup, visits)
    popup.get_by_role("button", name="Sync now").click()
    wait_for_last_run(popup, before)


def test_before_the_first_sync_the_page_says_so(browser: Browser) -> None:
    page = browser.open("syncs.html")
    expect(page.get_by_text("No sync yet.")).to_be_visible()
    expect(page.get_by_text("Your server has refused nothing.")).to_be_visible()
    expect(page.get_by_role("link", name="Strategy lab")).to_have_attribute("href", "lab.html")
    expect(page.get_by_role("link", name="Syncs")).to_have_attribute("aria-current", "page")
    look(page, "syncs-none")
    assert browser.console() == []


def test_past_syncs_are_compared(browser: Browser, proxy: FaultProxy) -> None:
    browser.connect(proxy.url, TOKEN, strategy="sequential")
    popup = browser.open("popup.html")
    proxy.service_s = 1.5
    sync(popup, 4_000)
    browser.connect(proxy.url, TOKEN, strategy="concurrent")
    proxy.service_s = 0.3
    sync(popup, 4_000)
    page = browser.open("syncs.html")
    runs = page.get_by_role("article")
    expect(runs).to_have_count(2)
    expect(runs.nth(0)).to_contain_text("Several batches at once, as set.")
    expect(runs.nth(1)).to_contain_text("One batch after the other, as set.")
    expect(runs.nth(0).locator(".lane")).to_have_count(4)
    expect(runs.nth(1).locator(".lane")).to_have_count(1)
    for run in (runs.nth(0), runs.nth(1)):
        expect(run.locator('.track .block[data-kind="sent"]')).to_have_count(4)
        expect(run.locator(".figures")).to_contain_text("4,000")
    own = runs.nth(0).locator(".ticks").inner_text()
    press(page, "One time scale")
    long = runs.nth(1).locator(".ticks").inner_text()
    assert own != long == runs.nth(0).locator(".ticks").inner_text()
    runs.nth(1).get_by_role("button", name="Compare").click()
    page.get_by_role("button", name="Only the chosen (1)").click()
    expect(runs).to_have_count(1)
    runs.get_by_role("button", name="Compare").click()
    expect(runs).to_have_count(2)
    look(page, "syncs")
    assert browser.console() == []


def test_a_sync_under_way_is_drawn_and_joins_the_list(browser: Browser, proxy: FaultProxy) -> None:
    browser.connect(proxy.url, TOKEN, concurrency="2")
    page = browser.open("syncs.html")
    expect(page.get_by_text("No sync yet.")).to_be_visible()
    popup = browser.open("popup.html")
    seed(popup, 4_000)
    proxy.hold()
    popup.get_by_role("button", name="Sync now").click()
    expect(page.get_by_role("heading", name="Under way")).to_be_visible()
    expect(page.locator("#now-drawing .lane")).to_have_count(2)
    proxy.let()
    expect(page.get_by_role("article")).to_have_count(1)
    expect(page.get_by_role("heading", name="Under way")).to_be_hidden()
    expect(page.locator('article .track .block[data-kind="sent"]')).to_have_count(4)


def test_a_sync_that_told_no_progress_joins_the_list(
    browser: Browser, server: ServerProcess
) -> None:
    browser.connect(server.url, TOKEN)
    page, popup = browser.open("syncs.html"), browser.open("popup.html")
    expect(page.get_by_text("No sync yet.")).to_be_visible()
    sync(popup, 0)
    expect(page.get_by_role("article")).to_have_count(1)
    expect(page.get_by_text("No sync yet.")).to_be_hidden()
    sync(popup, 0)
    expect(page.get_by_role("article")).to_have_count(2)
    assert browser.console() == []


def test_older_syncs_are_shown_when_asked_for(browser: Browser, proxy: FaultProxy) -> None:
    browser.connect(proxy.url, TOKEN)
    popup = browser.open("popup.html")
    for _ in range(11):
        sync(popup, 1)
    page = browser.open("syncs.html")
    expect(page.get_by_role("article")).to_have_count(10)
    press(page, "Older syncs")
    expect(page.get_by_role("article")).to_have_count(11)
    expect(page.get_by_role("button", name="Older syncs")).to_be_hidden()


def past(browser: Browser, runs: int) -> Page:
    """The page with so many past syncs, which it asks the test for and not the engine."""
    page = browser.context.new_page()
    page.add_init_script(f"({_PAST})({runs})")
    page.goto(f"chrome-extension://{EXTENSION_ID}/syncs.html")
    expect(page.get_by_role("article")).to_have_count(min(runs, 10))
    return page


def test_the_end_of_a_sync_leaves_the_list_as_a_person_has_it(browser: Browser) -> None:
    page = past(browser, 25)
    runs = page.get_by_role("article")
    press(page, "Older syncs")
    expect(runs).to_have_count(20)
    for number in (18, 19):
        runs.nth(number).get_by_role("button", name="Compare").click()
    page.evaluate("() => window.end()")
    expect(page.locator("#runs > :first-child")).to_have_attribute("data-key", "26")
    expect(runs).to_have_count(21)  # the last one is chosen, and stays
    expect(runs.last.get_by_role("button", name="Compare")).to_be_focused()
    page.get_by_role("button", name="Only the chosen (2)").click()
    page.evaluate("() => window.end()")
    expect(page.locator("#runs > :first-child")).to_have_attribute("data-key", "27")
    assert page.evaluate(_KEYS_SHOWN) == [7, 6]
    runs.last.get_by_role("button", name="Compare").click()
    page.get_by_role("button", name="Only the chosen (1)").click()
    page.get_by_role("button", name="Older syncs").click()
    expect(runs).to_have_count(27)
    assert page.evaluate(_KEYS_SHOWN) == list(range(27, 0, -1))
    assert browser.console() == []


def test_a_list_that_nobody_uses_does_not_grow(browser: Browser) -> None:
    page = past(browser, 12)
    for key in range(13, 16):
        page.evaluate("() => window.end()")
        expect(page.locator("#runs > :first-child")).to_have_attribute("data-key", str(key))
        expect(page.get_by_role("article")).to_have_count(10)
    press(page, "Older syncs")
    expect(page.get_by_role("article")).to_have_count(15)
    assert page.evaluate(_KEYS_SHOWN) == list(range(15, 0, -1))
    assert page.evaluate("() => window.listeners") == 0  # each would keep its card for ever


def test_older_syncs_leave_no_gap_when_a_sync_ends_meanwhile(browser: Browser) -> None:
    page = past(browser, 25)
    page.evaluate("() => { window.held = []; }")
    press(page, "Older syncs")
    page.evaluate("() => window.end(11)")  # more than are read at once
    page.evaluate("async () => { while (window.held.length < 2) await pause(); }")
    page.evaluate("() => { window.held.splice(1, 1)[0](); }")
    expect(page.locator("#runs > :first-child")).to_have_attribute("data-key", "36")
    page.evaluate("() => { window.held.shift()(); window.held = null; }")
    page.locator("#older:visible").press("Enter")
    expect(page.locator("#runs > :last-child")).to_have_attribute("data-key", "17")
    assert page.evaluate(_KEYS_SHOWN) == list(range(36, 16, -1))


# The page asks for runs: those of `window.held` are answered later. `end` is the end of new ones.
_PAST = """(count) => {
  window.pause = () => new Promise((resolve) => setTimeout(resolve, 20));
  window.held = null;
  window.listeners = 0;
  const listen = EventTarget.prototype.addEventListener;
  EventTarget.prototype.addEventListener = function (...given) {
    if (this.matches?.(".choose")) window.listeners += 1;
    return listen.apply(this, given);
  };
  const runs = [];
  const add = () => runs.unshift({
    key: runs.length + 1, startedAt: 1e12 + runs.length * 6e4, endedAt: 1e12 + runs.length * 6e4,
    trigger: "periodic", strategy: "sequential", why: "", outcome: "complete", visits: 1,
    batches: 1, bytes: 1, rejected: 0, deleted: 0, retries: 0, rateLimited: 0, error: null,
    spans: [],
  });
  for (let number = 0; number < count; number += 1) add();
  const send = chrome.runtime.sendMessage.bind(chrome.runtime);
  chrome.runtime.sendMessage = async (message) => {
    const { kind, limit, before } = message.request ?? {};
    if (kind !== "runs") return send(message);
    const found = runs.filter(({ key }) => before === null || key < before);
    const shown = found.slice(0, limit);
    if (window.held) await new Promise((resolve) => window.held.push(resolve));
    return { ok: true, runs: shown, next: found.length > limit ? shown.at(-1).key : null };
  };
  window.end = async (more = 1) => {
    for (let number = 0; number < more; number += 1) add();
    const [lastRun] = runs;
    const channel = new BroadcastChannel("heyho");
    const tell = (kind, value) => channel.postMessage({ target: "page", kind, [kind]: value });
    while (document.getElementById("now").hidden) {
      tell("progress", { ...lastRun, visitsDone: 0, lanes: [], laneCount: 1, spansLeftOut: 0 });
      await pause();
    }
    tell("status", { lastRun });
  };
}"""
_KEYS_SHOWN = """() => [...document.querySelectorAll("#runs > :not([hidden])")].map(
  ({ dataset }) => Number(dataset.key))"""


def test_refused_visits_have_their_reasons(browser: Browser, proxy: FaultProxy) -> None:
    browser.connect(proxy.url, TOKEN)
    popup = browser.open("popup.html")
    popup.evaluate(_ODD_VISIT)
    sync(popup, 4)
    expect(popup.locator('.track .block[data-kind="rejected"]')).to_have_count(1)
    expect(popup.locator("#aside")).to_have_text("1 visit")
    page = browser.open("syncs.html")
    row = page.locator("#refused-rows tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("<b>odd</b>")
    expect(row).to_contain_text("url must be")
    expect(row.get_by_role("link")).to_have_count(0)
    look(page, "syncs-refused")
