"""The engine page: how it boots, closes, is killed, and is left in peace."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from harness.backlog import recorded_ids, seed, stored_ids
from harness.browser import EXTENSION, EXTENSION_ID, Browser, read_store, wait_for_last_run
from harness.desk import Desk
from harness.proxy import FaultProxy
from harness.server import ServerProcess
from harness.site import Site


@pytest.fixture
def desk(browser: Browser) -> Iterator[Desk]:
    """Whatever a test does, no context of the extension may have written to its console."""
    yield Desk(browser)
    assert browser.console() == []


def connect(desk: Desk, url: str, server: ServerProcess, **settings: Any) -> None:
    """Name the server as the options page does."""
    settings = {"strategy": "concurrent", **settings}
    desk.change(serverUrl=url, token=server.token, **settings)


def run(desk: Desk) -> dict[str, Any]:
    """Sync and return the run's record."""
    before = desk.state("lastRun")
    assert desk.ask("run", trigger="manual") == {"ok": True, "joined": False}
    wait_for_last_run(desk.page, before)
    return read_store(desk.page, "runs")[-1]


def assert_all_stored(desk: Desk, server: ServerProcess) -> None:
    """Every recorded visit is on the server once, and nothing else is."""
    assert stored_ids(server.data_dir) == recorded_ids(desk.page)


# ---- its life


def test_it_closes_itself_when_nobody_asks(desk: Desk) -> None:
    assert desk.ask("status")["ok"]
    assert desk.engines() == 1
    desk.wait_until(_NO_ENGINE)
    assert desk.ask("status")["ok"]


def test_a_request_in_the_closing_moment_is_answered(desk: Desk) -> None:
    replies = desk.page.evaluate(_HAMMER)
    assert len(replies) == 30
    assert [reply for reply in replies if not reply["ok"]] == []
    assert desk.engines() == 1


def test_requests_at_once_open_one_engine(desk: Desk) -> None:
    replies = desk.page.evaluate(_AT_ONCE)
    assert [reply["ok"] for reply in replies] == [True] * 20
    assert desk.engines() == 1


def test_a_page_that_does_not_hear_yet_is_asked_again(desk: Desk) -> None:
    """As one that another worker has opened, which died before it was loaded."""
    [worker] = desk.browser.context.service_workers
    worker.evaluate(_DEAF_FOR_A_SECOND)
    assert desk.ask("status")["ok"]
    assert desk.engines() == 1


def test_the_worker_dies_while_the_engine_boots(desk: Desk) -> None:
    desk.page.evaluate(_ASK_AND_FORGET)
    desk.wait_until(_AN_ENGINE)
    desk.kill_worker()
    assert desk.ask("status")["ok"]
    assert desk.engines() == 1


@pytest.mark.parametrize("damage", ["missing", "truncated"])
def test_it_boots_without_a_good_snapshot(
    launch: Callable[..., Browser], server: ServerProcess, tmp_path: Path, damage: str
) -> None:
    copy = tmp_path / "heyho"
    shutil.copytree(EXTENSION, copy, ignore=shutil.ignore_patterns("snapshot.bin"))
    whole = (EXTENSION / "runtime" / "snapshot.bin").read_bytes()
    damaged = {
        "missing": None,
        "truncated": whole[: len(whole) // 2],
    }[damage]
    if damaged is not None:
        (copy / "runtime" / "snapshot.bin").write_bytes(damaged)
    desk = Desk(launch(extension=copy))
    connect(desk, server.url, server)
    seed(desk.page, 1_500)
    record = run(desk)
    assert record["boot"].startswith("files (")
    assert (record["outcome"], record["visits"]) == ("complete", 1_500)
    assert_all_stored(desk, server)


def test_one_that_cannot_start_says_so_in_german(
    launch: Callable[..., Browser], tmp_path: Path
) -> None:
    copy = tmp_path / "heyho"
    shutil.copytree(EXTENSION, copy, ignore=shutil.ignore_patterns("snapshot.bin", "heyho.zip"))
    desk = Desk(launch(extension=copy, args=["--lang=de"]))
    reply = desk.ask("status")
    assert not reply["ok"]
    assert reply["error"].startswith("Heyhos Kern ist nicht gestartet. Starte den Browser neu;")


def test_python_runs_on_no_stack_of_its_own(desk: Desk) -> None:
    """A garbage collection in Chromium may crash there."""
    assert desk.page.evaluate("() => 'Suspending' in WebAssembly"), "or there is none anyway"
    assert desk.page.evaluate(_MAY_WAIT_IN_A_CALL) is False


def test_a_good_snapshot_is_used(desk: Desk, server: ServerProcess) -> None:
    connect(desk, server.url, server)
    seed(desk.page, 1)
    assert run(desk)["boot"] == "snapshot"


# ---- interrupted runs


@pytest.mark.parametrize("strategy", ["sequential", "concurrent"])
def test_killed_in_mid_run(
    desk: Desk, server: ServerProcess, proxy: FaultProxy, strategy: str
) -> None:
    connect(desk, proxy.url, server, strategy=strategy)
    seed(desk.page, 5_000)
    proxy.hold()
    desk.ask("run", trigger="manual")
    assert proxy.arrived.wait(60)
    desk.close_engine()
    proxy.let()
    assert read_store(desk.page, "runs") == []
    record = run(desk)
    assert record["outcome"] == "complete"
    assert_all_stored(desk, server)


def test_the_worker_dies_in_mid_run(desk: Desk, server: ServerProcess, proxy: FaultProxy) -> None:
    """The run goes on without it: only the engine's calls of chrome.* wake it again."""
    connect(desk, proxy.url, server)
    seed(desk.page, 5_000)
    proxy.hold()
    desk.ask("run", trigger="manual")
    assert proxy.arrived.wait(60)
    desk.kill_worker()
    proxy.let()
    wait_for_last_run(desk.page)
    assert read_store(desk.page, "runs")[-1]["outcome"] == "complete"
    assert proxy.syncs == 5
    assert_all_stored(desk, server)


def test_another_page_holds_the_lock(desk: Desk, server: ServerProcess, proxy: FaultProxy) -> None:
    connect(desk, proxy.url, server)
    seed(desk.page, 2_000)
    desk.page.evaluate(_HOLD_LOCK)
    desk.ask("run", trigger="manual")
    desk.wait_until("async () => (await readState('status')).waiting === 2000")
    assert proxy.syncs == 0
    assert read_store(desk.page, "runs") == []
    desk.page.evaluate("() => release()")
    assert run(desk)["outcome"] == "complete"
    assert proxy.syncs == 2
    assert_all_stored(desk, server)


def test_back_online_it_syncs_by_itself(
    desk: Desk, server: ServerProcess, proxy: FaultProxy
) -> None:
    """The heartbeat notices too, where Chromium does not tell a worker that sleeps."""
    connect(desk, proxy.url, server)
    seed(desk.page, 1_000)
    proxy.service_s = 0.5
    context = desk.browser.context
    context.set_offline(True)
    desk.page.evaluate(_SOON, "heartbeat")
    desk.wait_until("async () => (await chrome.storage.session.get('offline')).offline === true")
    for _ in range(2):
        assert desk.ask("status")["progress"] is None
    assert read_store(desk.page, "runs") == []
    context.set_offline(False)
    desk.page.evaluate(_SOON, "heartbeat")
    wait_for_last_run(desk.page)
    record = read_store(desk.page, "runs")[-1]
    assert (record["trigger"], record["outcome"]) == ("periodic", "complete")
    assert_all_stored(desk, server)


def test_hidden_and_throttled(
    launch: Callable[..., Browser], server: ServerProcess, proxy: FaultProxy, site: Site
) -> None:
    desk = Desk(launch(throttled=True))
    connect(desk, proxy.url, server)
    seed(desk.page, 5_000)
    front = desk.browser.context.new_page()
    front.goto(f"{site.origins[0]}/article")
    front.bring_to_front()
    desk.page.evaluate(_SOON, "sync")
    wait_for_last_run(desk.page)
    assert read_store(desk.page, "runs")[-1]["outcome"] == "complete"
    assert_all_stored(desk, server)
    assert desk.browser.console() == []


# ---- a database that refuses


def test_events_wait_in_memory_while_the_database_refuses(desk: Desk, site: Site) -> None:
    tab = desk.browser.context.new_page()
    desk.page.evaluate(_HOLD_NEWER_DATABASE)
    for name in ("article", "second", "shop"):
        tab.goto(f"{site.origins[0]}/{name}")
        desk.wait_until(_WAITS_IN_MEMORY, f"{site.origins[0]}/{name}")
        desk.kill_worker()
    fault = desk.page.evaluate("async () => (await chrome.storage.session.get('fault')).fault")
    assert fault["message"] == (
        "The history was written by a newer Heyho. Reload Heyho on chrome://extensions; if that "
        "does not help, put that version in this one's folder first. Do not remove it: that would "
        "delete your history. Until then new visits wait in memory."
    )
    assert desk.page.evaluate("() => chrome.action.getBadgeText({})") == "!"
    desk.page.evaluate("() => held.close()")
    desk.page.evaluate(_DELETE_DATABASE)
    tab.goto("about:blank")
    desk.wait_until("async () => !('unsaved' in await chrome.storage.session.get())")
    assert desk.page.evaluate("() => chrome.storage.session.get('fault')") == {}
    assert desk.urls() == [f"{site.origins[0]}/{name}" for name in ("article", "second", "shop")]
    assert desk.page.evaluate("() => chrome.action.getBadgeText({})") == ""


def test_what_was_written_before_the_worker_died_is_not_written_again(desk: Desk) -> None:
    assert desk.ask("status")["ok"]
    desk.page.evaluate(_UNSAVED)
    desk.browser.context.new_page()
    desk.wait_until("async () => !('unsaved' in await chrome.storage.session.get())")
    parts = [event["part"] for event in desk.events("heartbeat") if "part" in event]
    assert parts == ["second", "third"]
    assert desk.state("unsaved") == "third"


def test_what_waits_since_before_a_pause_is_kept(desk: Desk) -> None:
    assert desk.ask("status")["ok"]
    desk.page.evaluate(_UNSAVED)
    desk.change(paused=True)
    desk.wait_until("async () => !('unsaved' in await chrome.storage.session.get())")
    parts = [event["part"] for event in desk.events("heartbeat") if "part" in event]
    assert parts == ["second", "third"]
    assert desk.events()[-1]["kind"] == "paused"


def test_a_database_deleted_under_the_worker_is_made_anew(desk: Desk, site: Site) -> None:
    tab = desk.browser.context.new_page()
    tab.goto(f"{site.origins[0]}/article")
    desk.wait_until(_RECORDED, f"{site.origins[0]}/article")
    desk.page.evaluate(_DELETE_DATABASE)
    tab.goto(f"{site.origins[0]}/second")
    desk.wait_until(_RECORDED, f"{site.origins[0]}/second")


def test_a_newer_database_is_told(desk: Desk) -> None:
    desk.page.evaluate(_HOLD_NEWER_DATABASE)
    reply = desk.ask("status")
    assert reply["ok"] is False
    assert "newer Heyho" in reply["error"]
    desk.page.evaluate("() => held.close()")
    desk.page.evaluate(_DELETE_DATABASE)
    desk.wait_until(_NO_ENGINE)
    assert desk.ask("status")["ok"]


def test_a_begin_without_a_database_sets_the_alarms(desk: Desk, site: Site) -> None:
    desk.page.evaluate(_HOLD_NEWER_DATABASE)
    desk.page.evaluate("() => chrome.alarms.clearAll()")
    desk.page.evaluate("() => chrome.storage.session.clear()")
    desk.browser.context.new_page().goto(f"{site.origins[0]}/article")
    desk.wait_until("async () => (await chrome.storage.session.get()).session")
    alarms = desk.page.evaluate("async () => (await chrome.alarms.getAll()).map((a) => a.name)")
    assert {"heartbeat", "sync"} <= set(alarms)


# ---- strangers


def test_wrong_messages_get_a_clear_error(desk: Desk) -> None:
    for message, error in _WRONG:
        reply = desk.tell({"target": "background", **message})
        assert reply["ok"] is False
        assert error in reply["error"]
    assert desk.ask("status")["ok"]


def test_what_is_no_message_is_nobodys(desk: Desk) -> None:
    messages: tuple[object, ...] = ("text", 5, None, [], {"target": "elsewhere"})
    for message in messages:
        assert desk.tell(message) is None
    assert desk.ask("status")["ok"]


def test_web_pages_reach_nothing(desk: Desk, site: Site) -> None:
    tab = desk.browser.context.new_page()
    tab.goto(f"{site.origins[0]}/article")
    assert tab.evaluate("() => typeof chrome.runtime") == "undefined"
    files = ["database.js", "engine.html", "icons/16.png", "manifest.json", "runtime/heyho.zip"]
    assert tab.evaluate(_READ, [EXTENSION_ID, files]) == []
    tab.set_content(f"<iframe src='chrome-extension://{EXTENSION_ID}/popup.html'></iframe>")
    expect(tab.locator("iframe")).to_be_visible()
    assert tab.frames[-1].url in ("", "chrome-error://chromewebdata/")


_WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "knows no message"),
    ({"kind": "nonsense"}, "knows no message “nonsense”"),
    ({"kind": "engine"}, "not of the same version"),
    ({"kind": "engine", "request": "text"}, "not of the same version"),
    ({"kind": "engine", "request": {"kind": "nonsense"}}, "Load the page again. (nonsense)"),
    ({"kind": "engine", "request": {"kind": "run"}}, "no trigger"),
    ({"kind": "engine", "request": {"kind": "settings", "settings": [1]}}, "must come as"),
    ({"kind": "chrome", "call": "tabs.remove", "args": [1]}, "knows no message “chrome”"),
    ({"kind": "chrome", "call": "alarms.get"}, "args"),
]
_SOON = "name => chrome.alarms.create(name, { when: Date.now() + 50 })"
_AN_ENGINE = """async () =>
  (await chrome.runtime.getContexts({ contextTypes: ["OFFSCREEN_DOCUMENT"] })).length === 1"""
_NO_ENGINE = """async () =>
  (await chrome.runtime.getContexts({ contextTypes: ["OFFSCREEN_DOCUMENT"] })).length === 0"""
_STATUS = """{ target: "background", kind: "engine", request: { kind: "status" } }"""
_ASK_AND_FORGET = f"() => {{ chrome.runtime.sendMessage({_STATUS}).catch(() => {{}}); }}"
_AT_ONCE = f"""() =>
  Promise.all(Array.from({{ length: 20 }}, () => chrome.runtime.sendMessage({_STATUS})))"""
# Ten times three requests: one before the engine is closed, one while it closes, and one after.
_HAMMER = f"""async () => {{
  const ask = () => chrome.runtime.sendMessage({_STATUS});
  const replies = [];
  for (let round = 0; round < 10; round += 1) {{
    const before = ask();
    if (round % 2) await before;
    const closing = chrome.offscreen.closeDocument().catch(() => {{}});
    const during = ask();
    await closing;
    replies.push(...(await Promise.all([before, during, ask()])));
  }}
  return replies;
}}"""
_HOLD_LOCK = """() => new Promise((held) => {
  navigator.locks.request("heyho-run", () => new Promise((resolve) => {
    globalThis.release = resolve;
    held();
  }));
})"""
_HOLD_NEWER_DATABASE = """() => new Promise((resolve, reject) => {
  const request = indexedDB.open("heyho", 1000);
  request.onerror = () => reject(request.error);
  request.onsuccess = () => {
    globalThis.held = request.result;
    resolve();
  };
})"""
_DELETE_DATABASE = """() => new Promise((resolve, reject) => {
  const request = indexedDB.deleteDatabase("heyho");
  request.onerror = () => reject(request.error);
  request.onsuccess = () => resolve();
})"""
_RECORDED = """async (url) => (await all("events")).some((event) => event.url === url)"""
_WAITS_IN_MEMORY = """async (url) => {
  const { unsaved = [] } = await chrome.storage.session.get("unsaved");
  const events = unsaved.flatMap((part) => part.events);
  return events.some((event) => event.kind === "titled" && event.url === url);
}"""
_UNSAVED = """async () => {
  const { openDatabase } = await import("./database.js");
  const database = await openDatabase();
  const transaction = database.transaction("state", "readwrite");
  transaction.objectStore("state").put("first", "unsaved");
  await new Promise((resolve) => { transaction.oncomplete = resolve; });
  database.close();
  const part = (id) => ({ id, events: [{ kind: "heartbeat", at: Date.now(), part: id }] });
  await chrome.storage.session.set({ unsaved: [part("first"), part("second"), part("third")] });
}"""
_READ = """async ([id, files]) => {
  const read = [];
  for (const file of files) {
    const url = `chrome-extension://${id}/${file}`;
    await fetch(url, { mode: "no-cors" }).then(() => read.push(file), () => {});
  }
  return read;
}"""
_DEAF_FOR_A_SECOND = """() => {
  const { sendMessage } = chrome.runtime;
  const end = Date.now() + 1000;
  chrome.runtime.sendMessage = async (...args) => {
    if (Date.now() < end) throw new Error("Receiving end does not exist.");
    return sendMessage(...args);
  };
}"""
_MAY_WAIT_IN_A_CALL = """async () => {
  const { boot } = await import("./boot.js");
  const { pyodide } = await boot();
  return pyodide.runPythonAsync("from pyodide.ffi import can_run_sync; can_run_sync()");
}"""
