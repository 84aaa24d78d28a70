"""The stream of events: nothing is missing in it, whatever ends and begins anew."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from playwright.sync_api import BrowserContext, Error, Page

from e2e.recorder.stage import TITLED, Stage, kinds_of
from harness.browser import Browser, read_store
from harness.desk import Desk


def test_events_come_in_order_with_their_fields(desk: Desk, tab: Page, stage: Stage) -> None:
    app = stage.put("/app", "<title>App</title>")
    stage.leave(tab, desk)
    assert desk.ask("status")["ok"]
    seen = len(desk.events())
    began = time.time() * 1000
    tab.goto(app)
    tab.evaluate("() => history.pushState(null, '', '/app/in')")
    tab.evaluate("() => { document.title = 'In'; }")
    desk.page.bring_to_front()
    tab.close()
    desk.wait_until("async () => (await all('events')).some((e) => e.kind === 'removed')")
    events = [e for e in desk.events()[seen:] if e["kind"] != "focused"]
    times = [event["at"] for event in events]
    assert times == sorted(times)
    assert began - 1 <= times[0]
    assert times[-1] <= time.time() * 1000 + 1
    [navigated] = [e for e in events if e["kind"] == "navigated"]
    [history] = [e for e in events if e["kind"] == "history"]
    assert (navigated["url"], navigated["transition"]) == (app, "typed")
    assert navigated["qualifiers"] == []
    assert (history["url"], history["transition"]) == (f"{app}/in", "link")
    assert [e["title"] for e in events if e["kind"] == "titled"][-1] == "In"
    order = [k for k in kinds_of(events) if k != "titled"]
    assert order == ["navigated", "history", "activated", "removed"]
    assert {e["tabId"] for e in events if e["kind"] != "activated"} == {navigated["tabId"]}


def test_recording_starts_no_python(desk: Desk, tab: Page, stage: Stage) -> None:
    for number in range(5):
        tab.goto(stage.at(f"/quiet/{number}"))
    stage.leave(tab, desk)
    assert desk.engines() == 0
    contexts = desk.page.evaluate("() => chrome.runtime.getContexts({})")
    assert sorted(context["contextType"] for context in contexts) == ["BACKGROUND", "TAB"]


def test_nothing_is_lost_when_the_worker_dies(desk: Desk, tab: Page, stage: Stage) -> None:
    made = [stage.at(f"/mortal/{number}") for number in range(5)]
    for url in made:
        tab.goto(url)
        desk.wait_until(TITLED, url)
        desk.kill_worker()
    tab.close()
    desk.wait_until("async () => (await all('events')).at(-1).kind === 'activated'")
    assert desk.urls() == made
    assert len(desk.events("session")) == 0
    assert [v["title"] for v in desk.visits()] == [f"/mortal/{number}" for number in range(5)]


def test_tabs_open_at_the_installation_are_recorded(
    browser: Browser, desk: Desk, stage: Stage
) -> None:
    """Reloading the extension stands for installing it: to it, both begin with the tabs there."""
    tab = browser.context.new_page()
    tab.goto(stage.at("/before"))
    desk.page.evaluate(_FORGET)
    desk = reload_extension(browser, desk)
    desk.wait_until("async () => (await all('events')).some(({ why }) => why === 'update')")
    stage.leave(tab, desk)
    assert desk.urls() == [stage.at("/before")]


def test_reloading_the_extension_loses_and_doubles_nothing(
    browser: Browser, desk: Desk, stage: Stage
) -> None:
    stays, goes = browser.context.new_page(), browser.context.new_page()
    stays.goto(stage.at("/stays"))
    goes.goto(stage.at("/goes"))
    desk.wait_until(TITLED, stage.at("/goes"))
    desk = reload_extension(browser, desk, lambda: goes.goto(stage.at("/came")))
    goes.close()
    stage.leave(stays, desk)
    assert sorted(desk.urls()) == [stage.at(path) for path in ("/came", "/goes", "/stays")]


def test_pages_opened_while_the_recorder_looks_around_are_recorded_once(
    browser: Browser, desk: Desk, tab: Page, stage: Stage
) -> None:
    """The picture that it takes shows them already; that they were opened, it is told later."""
    desk.change(paused=True)
    tab.goto(stage.at("/before"))
    [recorder] = browser.context.service_workers
    recorder.evaluate(_HOLD_LOOK)
    desk.page.evaluate(_RESUME)
    recorder.evaluate("() => self.looking")
    tab.goto(stage.at("/passed"))
    tab.goto(stage.at("/came"))
    recorder.evaluate("() => self.look()")
    desk.wait_until(TITLED, stage.at("/came"))
    session, *navigated = desk.events("session", "navigated")
    assert [one["at"] <= session["picturedAt"] for one in navigated] == [True, True]
    stage.leave(tab, desk)
    assert desk.urls() == [stage.at("/passed"), stage.at("/came")]


def test_visits_open_at_a_kill_end_at_the_last_sign_of_life(
    launch: Callable[..., Browser], stage: Stage
) -> None:
    browser = launch()
    desk, tab = Desk(browser), browser.context.new_page()
    tab.goto(stage.at("/first"))
    tab.goto(stage.at("/last"))
    desk.wait_until(TITLED, stage.at("/last"))
    last_event = desk.events()[-1]["at"]
    browser.kill()
    killed = time.time() * 1000
    again = Desk(launch())
    first, last = again.visits()
    assert [first["url"], last["url"]] == [stage.at("/first"), stage.at("/last")]
    assert first["endedAt"] == last["startedAt"]
    assert last_event <= last["endedAt"] <= killed
    assert again.browser.console() == []


def test_alarms(launch: Callable[..., Browser]) -> None:
    browser = launch()
    desk = Desk(browser)
    assert desk.page.evaluate(_PERIODS) == [["heartbeat", 1], ["sync", 5]]
    desk.change(periodMinutes=17)
    assert desk.page.evaluate(_PERIODS) == [["heartbeat", 1], ["sync", 17]]
    browser.kill()
    desk = Desk(launch())
    assert desk.page.evaluate(_PERIODS) == [["heartbeat", 1], ["sync", 17]]


def test_a_broken_stream_begins_anew(desk: Desk, tab: Page, stage: Stage) -> None:
    """Without its mark the session has ended: the next event starts with the whole picture."""
    tab.goto(stage.at("/known"))
    desk.wait_until(TITLED, stage.at("/known"))
    assert desk.ask("status")["ok"]
    before = desk.events("session")
    desk.page.evaluate("() => chrome.alarms.clearAll()")
    desk.page.evaluate("() => chrome.storage.session.clear()")
    desk.kill_worker()
    stage.leave(tab, desk)
    begun = desk.events("session")[len(before) :]
    assert {event["why"] for event in begun} == {"startup"}
    alarms = desk.page.evaluate("async () => (await chrome.alarms.getAll()).map((a) => a.name)")
    assert sorted(alarms) == ["heartbeat", "startup", "sync"]
    assert desk.urls() == [stage.at("/known")]


def test_a_request_waits_for_what_is_being_recorded(
    browser: Browser, desk: Desk, tab: Page, stage: Stage
) -> None:
    tab.goto(stage.at("/before"))
    desk.wait_until(TITLED, stage.at("/before"))
    [recorder] = browser.context.service_workers
    recorder.evaluate(_HOLD_LOOK)
    recorder.evaluate(_COUNT_LOOKS_FOR_THE_ENGINE)
    desk.page.evaluate("() => chrome.storage.session.clear()")
    tab.goto(stage.at("/after"))
    desk.page.evaluate(_ASK)
    assert "result" in desk.tell({"target": "background", "kind": "chrome", **_ANY_CALL})
    assert recorder.evaluate("() => self.looks") == 0
    recorder.evaluate("() => self.look()")
    assert desk.page.evaluate("() => asked")["ok"]
    assert [visit["url"] for visit in read_store(desk.page, "visits")] == [stage.at("/before")]


def test_the_heartbeat_is_a_sign_of_life(desk: Desk) -> None:
    desk.page.evaluate("() => chrome.alarms.create('heartbeat', { when: Date.now() + 20 })")
    desk.wait_until("async () => (await all('events')).some((e) => e.kind === 'heartbeat')")
    assert desk.engines() == 0


def reload_extension(browser: Browser, desk: Desk, meanwhile: Callable[[], object] = list) -> Desk:
    """Reload the extension as an update does; returns a new desk, once it has begun."""
    allow_unpacked(browser.context)
    with (
        browser.context.expect_event("serviceworker"),
        desk.page.expect_event("close"),
        suppress(Error),
    ):
        desk.page.evaluate("() => chrome.runtime.reload()")
    meanwhile()
    return Desk(browser)


def allow_unpacked(context: BrowserContext) -> None:
    """Without the developer mode Chromium does not start a reloaded unpacked extension again."""
    page = context.new_page()
    page.goto("chrome://extensions")
    page.evaluate(
        "() => chrome.developerPrivate.updateProfileConfiguration({ inDeveloperMode: true })"
    )
    page.close()


_PERIODS = """async () => {
  const periodic = (await chrome.alarms.getAll()).filter((a) => a.periodInMinutes);
  return periodic.map((a) => [a.name, a.periodInMinutes]).sort();
}"""

_HOLD_LOOK = """() => {
  const { query } = chrome.tabs;
  const held = new Promise((resolve) => { self.look = resolve; });
  let begin;
  self.looking = new Promise((resolve) => { begin = resolve; });
  chrome.tabs.query = async (...args) => {
    begin();
    await held;
    return query(...args);
  };
}"""

_COUNT_LOOKS_FOR_THE_ENGINE = """() => {
  const { getContexts } = chrome.runtime;
  self.looks = 0;
  chrome.runtime.getContexts = (...args) => {
    self.looks += 1;
    return getContexts(...args);
  };
}"""
_ANY_CALL = {"call": "alarms.get", "args": ["heartbeat"]}

_ASK = """() => {
  const request = { kind: "status" };
  self.asked = chrome.runtime.sendMessage({ target: "background", kind: "engine", request });
}"""

_RESUME = """() => {
  const request = { kind: "settings", settings: { paused: false } };
  chrome.runtime.sendMessage({ target: "background", kind: "engine", request });
}"""

_FORGET = """async () => {
  const database = await openDatabase();
  const transaction = database.transaction(["events", "state"], "readwrite");
  transaction.objectStore("events").clear();
  transaction.objectStore("state").clear();
  await new Promise((resolve) => { transaction.oncomplete = resolve; });
  database.close();
}"""
