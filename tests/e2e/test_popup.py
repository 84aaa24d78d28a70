"""The popup's journeys: a sync to watch, an error with its way out, and the page in front."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from harness.asking import Asking
from harness.backlog import recorded_ids, seed, stored_ids
from harness.browser import Browser, read_state, read_store, wait_for_last_run
from harness.desk import Desk
from harness.hearing import count_what_is_spoken, times_spoken
from harness.pictures import look
from harness.proxy import FaultProxy
from harness.server import TOKEN, ServerProcess
from harness.site import Site


def blocks(page: Page, kind: str) -> int:
    """How many blocks of a kind the timeline has."""
    return page.locator(f'.track .block[data-kind="{kind}"]').count()


def test_a_sync_can_be_watched_in_its_timeline(
    browser: Browser, server: ServerProcess, proxy: FaultProxy
) -> None:
    browser.connect(proxy.url, TOKEN)
    popup = browser.open("popup.html")
    ids = seed(popup, 10_000)
    expect(popup.locator("#timeline")).to_be_hidden()
    proxy.latency_s = 2.0
    proxy.faults.extend(["none", "500", "500", "500"])
    popup.get_by_role("button", name="Sync now").click()
    expect(popup.locator(".lane")).to_have_count(5)
    expect(popup.locator('.block[data-kind="sending"]').first).to_be_visible()
    expect(popup.locator("#detail")).to_contain_text(re.compile(r"\d of 10 batches · 3 again"))
    wait_for_last_run(popup)
    expect(popup.locator("#detail")).to_have_text("How the last sync went")
    expect(popup.locator('.track .block[data-kind="sent"]')).to_have_count(10)
    assert blocks(popup, "retried") == 3
    assert 1 <= blocks(popup, "waiting") <= 3  # a pause of a moment is too short to be drawn
    assert (blocks(popup, "sending"), blocks(popup, "failed")) == (0, 0)
    picture = popup.get_by_role("img", name="Timeline: 5 lanes, 10 batches sent")
    expect(picture).to_be_visible()
    again = browser.open("popup.html")
    expect(again.locator('.track .block[data-kind="sent"]')).to_have_count(10)
    look(again, "popup-synced")
    assert stored_ids(server.data_dir) == sorted(ids)
    assert browser.console() == []


_CLOCK_WAS_AHEAD = """async () => {
  const database = await openDatabase();
  const state = database.transaction("state", "readwrite").objectStore("state");
  for (const key of ["lastRun", "status"]) {
    state.get(key).onsuccess = ({ target: { result } }) => {
      const run = result.lastRun ?? result;
      run.startedAt += 3_600_000;
      run.endedAt += 3_600_000;
      state.put(result, key);
    };
  }
  await new Promise((resolve) => { state.transaction.oncomplete = resolve; });
  database.close();
}"""


def test_a_sync_after_a_clock_was_set_back_is_seen(
    browser: Browser, server: ServerProcess, proxy: FaultProxy
) -> None:
    browser.connect(proxy.url, TOKEN)
    desk = Desk(browser)
    seed(desk.page, 10)
    browser.sync("Synced 10 visits.")
    desk.page.evaluate(_CLOCK_WAS_AHEAD)
    seed(desk.page, 20)
    popup = browser.open("popup.html")
    proxy.hold()
    popup.get_by_role("button", name="Sync now").click()
    expect(popup.get_by_role("button", name="Stop")).to_be_visible()
    proxy.let(1)
    expect(popup.get_by_role("status")).to_contain_text("Synced 20 visits.")
    assert len(stored_ids(server.data_dir)) == 30


def test_five_lanes_look_like_five_lanes(browser: Browser, proxy: FaultProxy) -> None:
    """Two rounds of five batches: each lane has two blocks, those of a round side by side."""
    browser.connect(proxy.url, TOKEN)
    popup = browser.open("popup.html")
    seed(popup, 10_000)
    proxy.hold()
    popup.get_by_role("button", name="Sync now").click()
    for syncs in (5, 10):
        while proxy.syncs < syncs:
            popup.wait_for_timeout(50)
        popup.wait_for_timeout(500)  # a round of some length
        proxy.let(5)
    wait_for_last_run(popup)
    expect(popup.locator('.track .block[data-kind="sent"]')).to_have_count(10)
    rows = popup.evaluate(
        """() => [...document.querySelectorAll(".track")].map((track) =>
          [...track.children].map(({ style }) =>
            [parseFloat(style.insetInlineStart), parseFloat(style.inlineSize)]))"""
    )
    assert [len(row) for row in rows] == [2] * 5
    for row in rows:
        (left, width), (next_left, next_width) = row
        assert left + width <= next_left
        assert next_left + next_width <= 100
    first_ends = [left + width for (left, width), _ in rows]
    assert all(left < min(first_ends) for (left, _), _ in rows)


def test_what_is_left_of_a_sync_is_not_spoken_each_second(browser: Browser) -> None:
    desk = Desk(browser)
    browser.context.add_init_script(_NOBODY_ANSWERS)
    popup = browser.open("popup.html")
    spoken, left = popup.get_by_role("status"), popup.locator("#left")
    expect(popup.get_by_role("button", name="Sync now")).to_be_enabled()
    desk.page.evaluate(_TELL, {"kind": "status", "status": _CALM})
    desk.page.evaluate(_TELL, {"kind": "progress", "progress": {**_LONG, "secondsLeft": 42}})
    expect(left).to_have_text("About 42 seconds left.")
    expect(spoken).to_have_text("Syncing 2 visits with home.example.")
    count_what_is_spoken(popup)
    desk.page.evaluate(_TELL, {"kind": "progress", "progress": {**_LONG, "secondsLeft": 41}})
    expect(left).to_have_text("About 41 seconds left.")
    assert times_spoken(popup) == 0
    desk.page.evaluate(_TELL, {"kind": "progress", "progress": {**_LONG, "secondsLeft": 2}})
    expect(left).to_be_empty()
    expect(spoken).to_have_text("Syncing 2 visits with home.example.")
    assert browser.console() == []


_TELL = """(message) =>
  new BroadcastChannel("heyho").postMessage({ target: "page", ...message })"""
_CALM = {
    "waiting": 2,
    "quarantined": 0,
    "paused": False,
    "canSync": True,
    "server": "home.example",
    "lastRun": None,
    "nextAt": None,
    "problem": None,
}
_LONG = {
    "startedAt": 1_790_000_000_000,
    "visits": 2,
    "visitsDone": 0,
    "batches": 1,
    "batchesDone": 0,
    "retries": 0,
}


def test_an_error_says_what_to_do_and_leads_there(browser: Browser, server: ServerProcess) -> None:
    browser.connect(server.url, "no-such-token-on-this-server-0000")
    popup = browser.open("popup.html")
    seed(popup, 5)
    popup.get_by_role("button", name="Sync now").click()
    wait_for_last_run(popup)
    expect(popup.get_by_role("status")).to_contain_text("5 visits wait.")
    expect(popup.locator('.track .block[data-kind="failed"]')).to_have_count(1)
    expect(popup.get_by_role("img", name="1 attempt failed")).to_be_visible()
    look(popup, "popup-trouble")
    with browser.context.expect_page() as opened:
        popup.get_by_role("link", name="Check settings").click()
    expect(opened.value.get_by_label("Token", exact=True)).to_be_visible()


def test_a_server_without_a_token_is_one_to_sign_in_at(browser: Browser) -> None:
    """So the engine says, and so do the settings where it has said nothing yet."""
    desk = Desk(browser)
    desk.change(serverUrl="https://home.example")
    assert desk.ask("status")["ok"]
    popup = browser.open("popup.html")
    expect(popup.get_by_role("link", name="Sign in")).to_be_visible()
    desk.page.evaluate(_FORGET_STATUS)
    browser.context.add_init_script(_NOBODY_ANSWERS)
    popup = browser.open("popup.html")
    expect(popup.get_by_role("status")).to_contain_text("you are not signed in yet")
    expect(popup.get_by_role("link", name="Sign in")).to_be_visible()
    expect(popup.locator("#server")).to_have_text("home.example")
    assert browser.console() == []


_FORGET_STATUS = """async () => {
  const database = await (await import("./database.js")).openDatabase();
  const change = database.transaction("state", "readwrite");
  change.objectStore("state").delete("status");
  await new Promise((resolve) => { change.oncomplete = resolve; });
  database.close();
}"""
_NOBODY_ANSWERS = "chrome.runtime.sendMessage = () => new Promise(() => {})"


def test_the_site_in_front_is_excluded_and_back(
    browser: Browser, server: ServerProcess, site: Site
) -> None:
    browser.connect(server.url, TOKEN)
    desk = Desk(browser)
    tab = browser.context.new_page()
    tab.goto(f"{site.origins[0]}/article")
    tab.goto(f"{site.origins[0]}/second")
    popup = browser.open("popup.html")
    said = popup.locator("#here-said")
    expect(said).to_have_text("Recorded. 1 visit kept.")
    expect(popup.locator("#here-site")).to_have_text("127.0.0.1")
    popup.get_by_role("button", name="Never record this site").dblclick()
    expect(said).to_contain_text("From now on no page of 127.0.0.1 or its subdomains is recorded.")
    expect(said).to_contain_text("The 1 visit kept so far stays.")
    popup.get_by_role("button", name="Cancel").click()
    expect(said).to_have_text("Recorded. 1 visit kept.")
    assert (read_state(popup, "settings") or {}).get("excluded") == []
    popup.get_by_role("button", name="Never record this site").click()
    popup.get_by_role("button", name="Never record it").click()
    expect(said).to_have_text("Never recorded.")
    assert read_state(popup, "settings")["excluded"] == ["127.0.0.1"]
    tab.goto(f"{site.origins[0]}/landed")
    tab.goto(f"{site.origins[0]}/article")
    popup.get_by_role("button", name="Undo").click()
    expect(said).to_contain_text("Recorded.")
    assert read_state(popup, "settings")["excluded"] == []
    tab.goto(f"{site.origins[0]}/second?again")
    expect(tab).to_have_title(re.compile("."))
    tab.close()
    urls = desk.urls()
    assert f"{site.origins[0]}/second?again" in urls
    assert not any(url.endswith("/landed") for url in urls)
    assert browser.console() == []


def test_other_pages_say_why_they_are_not_recorded(browser: Browser, site: Site) -> None:
    desk = Desk(browser)
    desk.change(excluded=["127.0.0.*"])
    tab = browser.context.new_page()
    tab.goto(f"{site.origins[0]}/article")
    popup = browser.open("popup.html")
    expect(popup.locator("#here-said")).to_have_text("Not recorded: excluded by “127.0.0.*”.")
    link = popup.get_by_role("link", name="Change it in the settings")
    expect(link).to_be_visible()
    desk.change(excluded=[])
    popup.get_by_role("switch", name="Record pages").click()
    popup.reload()
    expect(popup.locator("#here-said")).to_contain_text("recording is paused.")
    tab.goto("about:blank")
    tab.bring_to_front()
    popup = browser.open("popup.html")
    expect(popup.locator("#here-said")).to_contain_text("the browser's own")
    assert popup.get_by_role("button", name="Never record this site").count() == 0


def test_what_is_pressed_is_sent_before_the_popup_can_close(
    browser: Browser, server: ServerProcess, site: Site
) -> None:
    browser.connect(server.url, TOKEN)
    tab = browser.context.new_page()
    tab.goto(f"{site.origins[0]}/article")
    popup = browser.open("popup.html")
    expect(popup.get_by_role("button", name="Never record this site")).to_be_visible()
    asking = Asking(popup)
    for button, requests in (
        ("#record", [{"kind": "settings", "settings": {"paused": True}}]),
        ("#sync", [{"kind": "run", "trigger": "manual"}]),
        ("#stop", [{"kind": "cancel"}]),
        ("#here-action", []),
        ("#here-yes", [{"kind": "exclude", "site": "127.0.0.1", "excluded": True}]),
    ):
        assert asking.click(button) == requests


def test_the_keyboard_is_enough_for_all_of_it(
    browser: Browser, proxy: FaultProxy, site: Site
) -> None:
    browser.connect(proxy.url, TOKEN, concurrency="1")
    tab = browser.context.new_page()
    tab.goto(f"{site.origins[0]}/article")
    popup = browser.open("popup.html")
    seed(popup, 3_000)
    expect(popup.get_by_role("button", name="Never record this site")).to_be_visible()
    press(popup, "Never record this site")
    press_focused(popup, "Cancel")
    press_focused(popup, "Never record this site")
    expect(popup.get_by_role("button", name="Cancel")).to_be_focused()
    popup.keyboard.press("Tab")
    press_focused(popup, "Never record it")
    expect(popup.locator("#here-said")).to_have_text("Never recorded.")
    press_focused(popup, "Undo")
    expect(popup.locator("#here-said")).to_contain_text("Recorded.")
    proxy.hold()
    proxy.let(1)
    press(popup, "Sync now")
    expect(popup.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "33")
    press(popup, "Stop")
    expect(popup.get_by_role("status")).to_contain_text("You stopped the sync.")
    for name in ("History", "Syncs", "Settings"):
        expect(popup.get_by_role("link", name=name)).to_have_count(1)


def press(page: Page, name: str) -> None:
    """Press Tab until this button has the focus, and then Enter."""
    button = page.get_by_role("button", name=name, exact=True)
    for _ in range(20):
        page.keyboard.press("Tab")
        if button.evaluate("element => element === document.activeElement"):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"Tab does not reach “{name}”")


def press_focused(page: Page, name: str) -> None:
    """Press Enter on this button, which has the focus by now."""
    expect(page.get_by_role("button", name=name, exact=True)).to_be_focused()
    page.keyboard.press("Enter")


def test_who_stops_a_sync_by_keyboard_can_go_on(browser: Browser, proxy: FaultProxy) -> None:
    """“Stop” keeps the focus while it works, and takes no second press; then it hands it on."""
    browser.connect(proxy.url, TOKEN)
    popup = browser.open("popup.html")
    seed(popup, 10)
    proxy.hold()
    popup.get_by_role("button", name="Sync now").click()
    stop = popup.get_by_role("button", name="Stop")
    expect(stop).to_be_visible()
    asking = Asking(popup)
    stop.focus()
    popup.keyboard.press("Enter")
    popup.keyboard.press("Enter")
    expect(popup.get_by_role("status")).to_have_text("Stopping the sync.")
    expect(stop).to_be_disabled()
    popup.evaluate(_PAINTED)
    expect(stop).to_be_focused()
    assert [request["kind"] for request in asking.held].count("cancel") == 1
    asking.stop()
    for _ in asking.held:
        asking.let_go()
    expect(popup.get_by_role("status")).to_contain_text("You stopped the sync.")
    expect(stop).to_have_count(0)
    popup.evaluate(_PAINTED)
    sync = popup.get_by_role("button", name="Sync now")
    expect(sync).to_be_focused()
    asking = Asking(popup)
    for key in ("Enter", "Space"):  # held since another button had the focus
        sync.blur()
        popup.keyboard.down(key)
        sync.focus()
        popup.keyboard.down(key)
        popup.keyboard.up(key)
        assert "run" not in [request["kind"] for request in asking.held]
    popup.keyboard.press("Enter")
    asking.wait_for("run")
    assert browser.console() == []


# A focus on what is hidden or disabled by then is gone.
_PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def test_the_popup_speaks_german(launch: Callable[..., Browser]) -> None:
    browser = launch(args=["--lang=de"])
    popup = browser.open("popup.html")
    expect(popup.get_by_role("button", name="Jetzt abgleichen")).to_be_enabled()
    expect(popup.get_by_role("status")).to_contain_text("bis du deinen Server angibst")
    expect(popup.locator("html")).to_have_attribute("lang", "de")
    assert popup.locator("#server").evaluate("(name) => name.scrollWidth <= name.clientWidth")
    look(popup, "popup-german")


@pytest.mark.parametrize("command", ["sync-now", "open-history"])
def test_keys_do_what_they_say(browser: Browser, server: ServerProcess, command: str) -> None:
    browser.connect(server.url, TOKEN)
    page = browser.open("database.js")
    seed(page, 3)
    keys = {each["name"]: each["shortcut"] for each in page.evaluate(_COMMANDS)}
    assert set(keys) == {"_execute_action", "sync-now", "open-history"}
    [worker] = browser.context.service_workers
    if command == "sync-now":
        worker.evaluate(_PRESS, command)
        page.evaluate(
            "async () => (globalThis.readState = (await import('./database.js')).readState)"
        )
        wait_for_last_run(page)
        assert read_store(page, "runs")[-1]["trigger"] == "manual"
        assert stored_ids(server.data_dir) == recorded_ids(page)
    else:
        with browser.context.expect_page():
            worker.evaluate(_PRESS, command)
        opened = [tab["url"] for tab in page.evaluate(_TABS)]
        assert opened[-1].endswith("/dashboard.html")


_COMMANDS = "() => chrome.commands.getAll()"
_TABS = """async () => (await chrome.tabs.query({})).map(
  ({ url, pendingUrl }) => ({ url: pendingUrl || url }))"""
_PRESS = "command => chrome.commands.onCommand.dispatch(command)"
