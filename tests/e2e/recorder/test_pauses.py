"""What the recorder does about pauses by itself, while the engine is away or comes late."""

from __future__ import annotations

from playwright.sync_api import Page

from e2e.recorder.stage import TITLED, Stage
from harness.browser import Browser
from harness.desk import Desk


def test_nothing_is_recorded_from_the_press_on_though_the_engine_comes_late(
    browser: Browser, desk: Desk, tab: Page, stage: Stage
) -> None:
    tab.goto(stage.at("/before"))
    desk.wait_until(TITLED, stage.at("/before"))
    [recorder] = browser.context.service_workers
    recorder.evaluate(_HOLD_ENGINE)
    desk.page.evaluate(_PAUSE)
    desk.wait_until(_IS_PAUSING)
    recorder.evaluate(_EXPECT, stage.at("/private"))
    tab.goto(stage.at("/private"))
    recorder.evaluate("() => self.came")
    pressed_at = desk.page.evaluate(_IS_PAUSING)
    recorder.evaluate("() => self.letGo()")
    assert desk.page.evaluate("() => asked")["ok"]
    [before] = desk.visits()
    assert (before["url"], before["endedAt"]) == (stage.at("/before"), pressed_at)
    assert "/private" not in desk.everything()


def test_a_pause_that_did_not_come_about_loses_nothing(
    browser: Browser, desk: Desk, tab: Page, stage: Stage
) -> None:
    tab.goto(stage.at("/before"))
    desk.wait_until(TITLED, stage.at("/before"))
    [recorder] = browser.context.service_workers
    recorder.evaluate(_REFUSE_ENGINE)
    desk.page.evaluate(_PAUSE)
    desk.wait_until(_IS_PAUSING)
    tab.goto(stage.at("/meanwhile"))
    assert not desk.page.evaluate("() => asked")["ok"]
    desk.wait_until(f"async () => !(await ({_IS_PAUSING})())")
    recorder.evaluate("() => self.letGo()")
    stage.leave(tab, desk)
    assert desk.urls() == [stage.at("/before"), stage.at("/meanwhile")]


def test_a_pause_whose_end_the_engine_could_not_tell_ends_with_the_heartbeat(
    desk: Desk, tab: Page, stage: Stage
) -> None:
    desk.page.evaluate("() => chrome.storage.session.set({ paused: true, pausedUntil: null })")
    tab.goto(stage.at("/unheard"))
    desk.page.evaluate("() => chrome.alarms.create('heartbeat', { when: Date.now() + 20 })")
    desk.wait_until("async () => (await chrome.storage.session.get()).paused === false")
    stage.leave(tab, desk)
    assert desk.urls() == [stage.at("/unheard")]


def test_the_end_of_a_pause_is_no_news_to_who_records_already(
    desk: Desk, tab: Page, stage: Stage
) -> None:
    """A second picture would take tabs that are restored, and not loaded yet, for visits."""
    tab.goto(stage.at("/before"))
    desk.wait_until(TITLED, stage.at("/before"))
    before = desk.events("session")
    over = {"target": "background", "kind": "recording", "paused": False, "until": None}
    assert desk.tell(over) == {}
    stage.leave(tab, desk)
    assert desk.events("session") == before
    assert desk.urls() == [stage.at("/before")]


_HOLD_ENGINE = """() => {
  const { createDocument } = chrome.offscreen;
  const held = new Promise((resolve) => { self.letGo = resolve; });
  chrome.offscreen.createDocument = async (...args) => {
    await held;
    return createDocument(...args);
  };
}"""
_REFUSE_ENGINE = """() => {
  const { createDocument } = chrome.offscreen;
  chrome.offscreen.createDocument = () => Promise.reject(new Error("there is no memory"));
  self.letGo = () => { chrome.offscreen.createDocument = createDocument; };
}"""
_PAUSE = """() => {
  const request = { kind: "pause", until: null };
  self.asked = chrome.runtime.sendMessage({ target: "background", kind: "engine", request });
}"""
_IS_PAUSING = "async () => (await chrome.storage.session.get()).pausingAt"
_EXPECT = """(expected) => {
  self.came = new Promise((resolve) => {
    chrome.webNavigation.onCommitted.addListener(({ url }) => { if (url === expected) resolve(); });
  });
}"""
