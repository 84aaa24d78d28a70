"""The browser starts again on the same profile, as a person's does, and clocks that are set."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from harness.browser import EXTENSION, EXTENSION_ID, Browser, read_store
from harness.desk import Desk
from harness.site import Site

Launch = Callable[..., Browser]

_SOON = "name => chrome.alarms.create(name, { when: Date.now() + 50 })"
_RESUMED = "async () => !(await readState('settings')).paused"
_RELOAD = "id => chrome.developerPrivate.reload(id, { failQuietly: true })"
_OFF_AND_ON = """async (id) => {
  await chrome.management.setEnabled(id, false);
  await chrome.management.setEnabled(id, true);
}"""
_DAY_BACK = """async () => {
  for (const { name, scheduledTime, periodInMinutes } of await chrome.alarms.getAll()) {
    const when = scheduledTime + 86_400_000;
    await chrome.alarms.create(name, { when, periodInMinutes });
  }
}"""
_ALARMS_ARE_NEAR = """async (names) => {
  const alarms = await chrome.alarms.getAll();
  const near = ({ scheduledTime }) => scheduledTime - Date.now() < 3_600_000;
  return names.every((name) => alarms.some((alarm) => alarm.name === name && near(alarm)));
}"""


def pause_until_restart(launch: Launch) -> Browser:
    """A browser that has Heyho, in which the person has paused recording until its restart."""
    launch().context.close()
    browser = launch(installed=True)
    page = browser.open("options.html")
    page.get_by_role("button", name="Until the browser restarts").click()
    expect(page.locator("#recording")).to_contain_text("until the browser restarts")
    return browser


def close_and_change(browser: Browser, change: Callable[[dict[str, Any]], object]) -> None:
    """Close a browser, and change what it keeps of the extension."""
    browser.context.close()
    file = browser.profile / "Default" / "Preferences"
    preferences = json.loads(file.read_text())
    change(preferences["extensions"]["settings"][EXTENSION_ID])
    file.write_text(json.dumps(preferences))


def forget_startup(kept: dict[str, Any]) -> None:
    """Have Chromium not tell of its next start, as it does at times."""
    heard = kept["serviceworkerevents"]
    kept["serviceworkerevents"] = [event for event in heard if event != "runtime.onStartup"]


def forget_worker(kept: dict[str, Any]) -> None:
    """Have Chromium make the service worker anew, as after a crash of the extension's process."""
    del kept["service_worker_registration_info"]


_ENDINGS: dict[str, Callable[[Browser], None]] = {
    "closed": lambda browser: browser.context.close(),
    "killed": Browser.kill,
    "unheard": lambda browser: close_and_change(browser, forget_startup),
    "crashed": lambda browser: close_and_change(browser, forget_worker),
}


@pytest.mark.parametrize("ending", _ENDINGS)
def test_a_pause_ends_at_the_browsers_start(launch: Launch, site: Site, ending: str) -> None:
    browser = pause_until_restart(launch)
    browser.context.new_page().goto(f"{site.origins[0]}/second")
    _ENDINGS[ending](browser)
    browser = launch(installed=True)
    tab = browser.context.new_page()
    tab.goto(f"{site.origins[0]}/shop")
    desk = Desk(browser)
    desk.wait_until(_RESUMED)
    tab.goto(f"{site.origins[0]}/landed")
    tab.close()
    assert [url.removeprefix(site.origins[0]) for url in desk.urls()] == ["/shop", "/landed"]
    popup = browser.open("popup.html")
    expect(popup.get_by_role("switch")).to_be_checked()


@pytest.mark.parametrize("again", [_RELOAD, _OFF_AND_ON], ids=["reloaded", "switched off and on"])
def test_a_pause_does_not_end_when_only_the_extension_begins_anew(
    launch: Launch, site: Site, again: str
) -> None:
    browser = pause_until_restart(launch)
    extensions = browser.context.new_page()
    extensions.goto("chrome://extensions")
    extensions.evaluate(again, EXTENSION_ID)
    browser.context.new_page().goto(f"{site.origins[0]}/shop")
    desk = Desk(browser)
    assert desk.urls() == []
    assert desk.state("settings")["paused"]
    expect(browser.open("popup.html").get_by_role("switch")).not_to_be_checked()


def test_pages_opened_while_heyho_was_switched_off_begin_when_it_is_switched_on(
    launch: Launch, site: Site
) -> None:
    launch().context.close()
    browser = launch(installed=True)
    extensions = browser.context.new_page()
    extensions.goto("chrome://extensions")
    extensions.evaluate("id => chrome.management.setEnabled(id, false)", EXTENSION_ID)
    tab = browser.context.new_page()
    tab.goto(f"{site.origins[0]}/shop")
    extensions.evaluate("id => chrome.management.setEnabled(id, true)", EXTENSION_ID)
    desk = Desk(browser)
    tab.close()
    desk.wait_until("async () => (await all('events')).some(({ kind }) => kind === 'removed')")
    assert desk.urls() == [f"{site.origins[0]}/shop"]


def test_a_pause_ends_although_the_engine_fails_at_that_start(
    launch: Launch, site: Site, tmp_path: Path
) -> None:
    """Pages are recorded from the start on, and the settings say so once an engine runs."""
    pause_until_restart(launch).context.close()
    copy = tmp_path / "heyho"
    shutil.copytree(EXTENSION, copy)
    python = copy / "runtime" / "heyho.zip"
    whole = python.read_bytes()
    python.write_bytes(b"")
    (copy / "runtime" / "snapshot.bin").unlink()
    browser = launch(installed=True, extension=copy)
    tab = browser.context.new_page()
    tab.goto(f"{site.origins[0]}/shop")
    desk = Desk(browser)
    assert not desk.ask("status")["ok"]
    assert read_store(desk.page, "state")
    assert desk.state("settings")["paused"]
    tab.goto(f"{site.origins[0]}/landed")
    python.write_bytes(whole)
    desk.page.evaluate(_SOON, "heartbeat")
    desk.wait_until(_RESUMED)
    tab.close()
    assert [url.removeprefix(site.origins[0]) for url in desk.urls()] == ["/shop", "/landed"]


def test_alarms_go_along_with_a_clock_that_is_set_back(browser: Browser, site: Site) -> None:
    """What such a clock makes of alarms: all of them are as much further away."""
    desk = Desk(browser)
    assert desk.ask("pause", until="hour")["ok"]
    desk.page.evaluate(_DAY_BACK)
    desk.kill_worker()
    browser.context.new_page().goto(f"{site.origins[0]}/article")
    desk.wait_until(_ALARMS_ARE_NEAR, ["heartbeat", "sync", "resume"])
