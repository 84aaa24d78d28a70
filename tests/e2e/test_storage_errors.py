"""A database that refuses while the person browses: it is told, and every visit arrives once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Page, expect

from harness.browser import EXTENSION, EXTENSION_ID, Browser
from harness.desk import Desk
from harness.server import ServerProcess
from harness.site import Site
from harness.stored import stored_visits

FULL = "The disk is full. Free some space. Until then new visits wait in memory."
HELD = (
    "Another Heyho page still uses the old database. Close Heyho's pages. "
    "Until then new visits wait in memory."
)


def test_a_full_disk_is_told_and_loses_nothing(
    launch: Callable[..., Browser], server: ServerProcess, site: Site, tmp_path: Path
) -> None:
    """The browser itself refuses every write with a QuotaExceededError.

    DevTools takes the quota away. That binds a copy of the extension which is as built, but has
    not the permission `unlimitedStorage`: above a quota, only the disk itself can be full.
    """
    extension = shutil.copytree(EXTENSION, tmp_path / "extension")
    manifest = json.loads((extension / "manifest.json").read_text())
    manifest["permissions"].remove("unlimitedStorage")
    (extension / "manifest.json").write_text(json.dumps(manifest))
    browser = launch(extension=extension)
    browser.connect(server.url, str(server.token))
    desk, tab = Desk(browser), browser.context.new_page()
    before, during, after = ([f"{site.origins[0]}/page/{n}" for n in row] for row in ROWS)

    browse(tab, desk, before, _RECORDED)
    with no_room(browser, desk) as desk:
        popup = browser.open("popup.html")
        browse(tab, desk, during, _WAITS_IN_MEMORY)
        expect_told(popup, FULL)
        popup.get_by_role("button", name="Sync now").click()
        desk.wait_until(_NO_ROOM_FOR_THE_ENGINE)
        expect_told(popup, FULL)
        for url in before:
            desk.wait_until(_RECORDED, url)
        assert stored_visits(server.data_dir) == []
    browse(tab, desk, after, _RECORDED)
    expect_well(popup)
    tab.close()
    browser.sync(f"Synced {len(before + during + after)} visits.")
    assert [v.url for v in stored_visits(server.data_dir)] == before + during + after
    assert browser.console() == []


def test_a_blocked_upgrade_is_told_and_loses_nothing(
    launch: Callable[..., Browser], server: ServerProcess, site: Site, tmp_path: Path
) -> None:
    """A page holds on to the database of the version before; the extension has one migration more.

    An update closes every page of the extension, so none can hold on to anything from before it.
    Here the same history is put back into a database of the version before, and is held open.
    """
    browser = launch(extension=newer_extension(tmp_path))
    browser.connect(server.url, str(server.token))
    desk, tab = Desk(browser), browser.context.new_page()
    before, during, after = ([f"{site.origins[0]}/page/{n}" for n in row] for row in ROWS)

    browse(tab, desk, before, _RECORDED)
    old = browser.open("database.js")
    old.evaluate(_HOLD_THE_VERSION_BEFORE)
    browse(tab, desk, during, _WAITS_IN_MEMORY)
    popup = browser.open("popup.html")
    expect_told(popup, HELD)
    expect(popup.get_by_text("Your history is out of reach")).to_be_visible()
    popup.get_by_role("button", name="Sync now").click()
    expect_told(popup, HELD)
    reply = desk.ask("status")
    assert "Close Heyho's pages" in reply["error"]
    assert stored_visits(server.data_dir) == []
    old.close()
    desk.wait_until(_NOTHING_WAITS)
    browse(tab, desk, after, _RECORDED)
    expect_well(popup)
    tab.close()
    browser.sync(f"Synced {len(before + during + after)} visits.")
    assert [v.url for v in stored_visits(server.data_dir)] == before + during + after
    assert desk.page.evaluate(_VERSION) == desk.page.evaluate(_NEWEST_VERSION)
    assert browser.console() == []


def test_what_was_made_in_a_pause_is_dropped_once_the_pause_is_known(
    launch: Callable[..., Browser], site: Site, tmp_path: Path
) -> None:
    """The browser starts in a pause, and the settings that say so cannot be read."""
    browser = launch(extension=newer_extension(tmp_path))
    desk, tab = Desk(browser), browser.context.new_page()
    desk.change(paused=True)
    old = browser.open("database.js")
    old.evaluate(_HOLD_THE_VERSION_BEFORE)
    desk.page.evaluate("() => chrome.storage.session.clear()")
    browse(tab, desk, [f"{site.origins[0]}/secret"], _WAITS_IN_MEMORY)
    assert desk.page.evaluate(_PAUSED) == {"paused": None}
    tab.goto("about:blank")
    old.close()
    desk.wait_until(_NOTHING_WAITS)
    desk.wait_until("async () => (await chrome.storage.session.get('paused')).paused === true")
    assert "secret" not in desk.everything()
    desk.change(paused=False)
    browse(tab, desk, [f"{site.origins[0]}/article"], _RECORDED)
    assert "secret" not in desk.everything()


def test_no_engine_begins_for_a_pause_that_is_not_known(
    launch: Callable[..., Browser], tmp_path: Path
) -> None:
    """The database cannot be opened after the browser's start, and then it can: nothing paused."""
    browser = launch(extension=newer_extension(tmp_path))
    desk = Desk(browser)
    [recorder] = browser.context.service_workers
    old = browser.open("database.js")
    old.evaluate(_HOLD_THE_VERSION_BEFORE)
    desk.close_engine()
    recorder.evaluate(_COUNT_ENGINES)
    desk.page.evaluate("() => chrome.storage.session.set({ startedAt: Date.now() })")
    for heartbeats in (1, 2, 3):
        desk.page.evaluate(_HEARTBEAT)
        desk.wait_until(_WAIT_IN_MEMORY, heartbeats)
    old.close()
    desk.page.evaluate(_HEARTBEAT)
    desk.wait_until("async () => !(await chrome.storage.session.get('startedAt')).startedAt")
    assert recorder.evaluate("() => self.engines") == 0


def test_an_engine_that_has_lost_its_database_makes_way_for_another(browser: Browser) -> None:
    """As when the disk is so full that the browser has to close the database."""
    desk = Desk(browser)
    assert desk.ask("status")["ok"]
    desk.page.evaluate(_DELETE_DATABASE)
    assert desk.ask("status")["ok"]
    assert browser.console() == []


ROWS: Sequence[Sequence[int]] = ((1, 2, 3), (4, 5, 6, 7), (8, 9))


def newer_extension(tmp_path: Path) -> Path:
    """A copy of the extension whose database has one migration more."""
    extension = shutil.copytree(EXTENSION, tmp_path / "extension")
    schema = (extension / "database.js").read_text()
    newer = schema.replace("\n];", "\n  (database) => database.createObjectStore('more'),\n];")
    assert newer != schema
    (extension / "database.js").write_text(newer)
    return extension


def browse(tab: Page, desk: Desk, urls: Sequence[str], until: str) -> None:
    """Visit one page after the other, each until a condition is true of its address."""
    for url in urls:
        tab.goto(url)
        desk.wait_until(until, url)


def expect_told(popup: Page, sentence: str) -> None:
    """The popup says it where screen readers hear it, and the toolbar button has its mark."""
    expect(popup.get_by_role("status")).to_have_text(sentence)
    expect(popup.get_by_role("status")).to_be_visible()
    assert popup.evaluate("() => chrome.action.getBadgeText({})") == "!"


def expect_well(popup: Page) -> None:
    """The popup, which was open all the time, shows how things stand, and the mark is gone."""
    expect(popup.get_by_role("status")).to_have_text("Heyho syncs by itself.")
    expect(popup.locator("#caption")).to_have_text("visits waiting")
    assert popup.evaluate("() => chrome.action.getBadgeText({})") == ""


@contextmanager
def no_room(browser: Browser, desk: Desk) -> Iterator[Desk]:
    """Leave the extension without a quota; gives a new desk, in place of `desk`.

    For half a minute the browser remembers how much room there was. It forgets that together with
    the database, once nothing is left of what has used it.
    """
    desk.page.close()
    desk = Desk(browser)
    session = browser.context.new_cdp_session(desk.page)
    quota = {"origin": f"chrome-extension://{EXTENSION_ID}"}
    session.send("Storage.overrideQuotaForOrigin", {**quota, "quotaSize": 1})
    desk.close_engine()
    for _ in range(400):
        desk.kill_worker()
        if not is_open(browser.profile / "Default" / "IndexedDB"):
            break
        desk.page.wait_for_timeout(50)
    else:
        raise AssertionError("the browser does not close the database")
    yield desk
    session.send("Storage.overrideQuotaForOrigin", quota)


def is_open(folder: Path) -> bool:
    """Whether any process has a file open in a folder."""
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if descriptor.readlink().is_relative_to(folder):
                return True
    return False


# As an event, or folded already: an open popup has that done.
_RECORDED = """async (url) => {
  const stores = await Promise.all(["events", "visits", "state"].map(all));
  return JSON.stringify(stores).includes(`"${url}"`);
}"""
_WAITS_IN_MEMORY = """async (url) => {
  const { unsaved = [] } = await chrome.storage.session.get("unsaved");
  const events = unsaved.flatMap((part) => part.events);
  return events.some((event) => event.kind === "titled" && event.url === url);
}"""
_NO_ROOM_FOR_THE_ENGINE = """async () =>
  (await chrome.action.getTitle({})).includes("There is no room left on this device.")"""
_NOTHING_WAITS = "async () => !('unsaved' in await chrome.storage.session.get())"
_PAUSED = """() => chrome.storage.session.get("paused")"""
_VERSION = """async () => {
  const database = await openDatabase();
  return database.version;
}"""
_NEWEST_VERSION = """async () => (await import("./database.js")).MIGRATIONS.length"""
_DELETE_DATABASE = """() => new Promise((resolve, reject) => {
  const request = indexedDB.deleteDatabase("heyho");
  request.onerror = () => reject(request.error);
  request.onsuccess = () => resolve();
})"""
_COUNT_ENGINES = """() => {
  const { createDocument } = chrome.offscreen;
  self.engines = 0;
  chrome.offscreen.createDocument = (...args) => {
    self.engines += 1;
    return createDocument.apply(chrome.offscreen, args);
  };
}"""
_HEARTBEAT = "() => chrome.alarms.create('heartbeat', { when: Date.now() + 20 })"
_WAIT_IN_MEMORY = """async (count) => {
  const { unsaved = [] } = await chrome.storage.session.get("unsaved");
  const events = unsaved.flatMap((part) => part.events);
  return events.filter(({ kind }) => kind === "heartbeat").length >= count;
}"""
_HOLD_THE_VERSION_BEFORE = """async () => {
  const { MIGRATIONS, NAME, openDatabase } = await import("./database.js");
  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const newer = await openDatabase();
  const stores = ["events", "visits", "state", "rejected", "runs"];
  const rows = {};
  for (const name of stores) {
    const store = newer.transaction(name).objectStore(name);
    const [keys, values] = await Promise.all([store.getAllKeys(), store.getAll()].map(done));
    rows[name] = values.map((value, index) => store.keyPath ? [value] : [value, keys[index]]);
  }
  newer.close();
  // At once, so that nobody comes in between.
  indexedDB.deleteDatabase(NAME);
  const older = await openDatabase(MIGRATIONS.slice(0, -1));
  older.onversionchange = null;
  const transaction = older.transaction(stores, "readwrite");
  for (const name of stores) {
    for (const row of rows[name]) transaction.objectStore(name).put(...row);
  }
  await new Promise((resolve) => { transaction.oncomplete = resolve; });
  globalThis.held = older;
}"""
