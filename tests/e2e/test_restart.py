"""The browser starts again on the same profile, as a person's does, and clocks that are set."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from harness.browser import EXTENSION, Browser, read_store
from harness.desk import Desk
from harness.site import Site

Launch = Callable[..., Browser]

_SOON = "name => chrome.alarms.create(name, { when: Date.now() + 50 })"
_RESUMED = "async () => !(await readState('settings')).paused"
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


@pytest.mark.parametrize("ending", ["closed", "killed"])
def test_a_pause_ends_at_the_browsers_start(launch: Launch, site: Site, ending: str) -> None:
    browser = pause_until_restart(launch)
    browser.context.new_page().goto(f"{site.origins[0]}/second")
    if ending == "closed":
        browser.context.close()
    else:
        browser.kill()
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
