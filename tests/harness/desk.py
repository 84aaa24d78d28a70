"""A page of the extension to look at it from: its stores, its engine, and its service worker."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page

from harness.browser import Browser, read_state, read_store

STORES = ("events", "visits", "state", "rejected", "runs", "trash")


class Desk:
    """A page that runs nothing of its own: one of the extension's files, shown as text.

    It is there once the recorder has begun.

    Attributes:
        page: a tab of `browser`.
    """

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.page: Page = browser.open("database.js")
        self.page.evaluate(_GLOBALS)
        self.wait_until("async () => (await chrome.storage.session.get()).session")

    def events(self, *kinds: str) -> list[dict[str, Any]]:
        """The events that wait to be folded: all, or those of some kinds."""
        events = read_store(self.page, "events")
        return [event for event in events if not kinds or event["kind"] in kinds]

    def visits(self) -> list[dict[str, Any]]:
        """All visits that have ended, after a fold."""
        assert self.ask("status")["ok"]
        return read_store(self.page, "visits")

    def urls(self) -> list[str]:
        """The addresses of all visits that have ended, after a fold, in order of their start."""
        return [v["url"] for v in sorted(self.visits(), key=lambda visit: visit["startedAt"])]

    def state(self, key: str) -> Any:
        """A value of the `state` store."""
        return read_state(self.page, key)

    def everything(self) -> str:
        """All stores and the session's memory as one text, to be searched for traces."""
        stores = {name: read_store(self.page, name) for name in STORES}
        memory = self.page.evaluate("() => chrome.storage.session.get()")
        return json.dumps([stores, memory], ensure_ascii=False)

    def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Send the engine a request by way of the service worker."""
        request = {"kind": kind, **fields}
        reply: dict[str, Any] = self.tell(
            {"target": "background", "kind": "engine", "request": request}
        )
        return reply

    def change(self, **settings: Any) -> None:
        """Change settings as the options page does."""
        reply = self.ask("settings", settings=settings)
        assert reply["ok"], reply

    def tell(self, message: object) -> Any:
        """Send a message of any shape, and return the reply."""
        return self.page.evaluate("message => chrome.runtime.sendMessage(message)", message)

    def end_undo(self) -> None:
        """Go on as if the deletion that can be undone had been made ten minutes ago."""
        self.page.evaluate(_TEN_MINUTES_LATER)

    def engines(self) -> int:
        """How many engine pages there are."""
        return len(self.page.evaluate(_OFFSCREEN))

    def close_engine(self) -> None:
        """End the engine page at once, whatever it does."""
        self.page.evaluate("() => chrome.offscreen.closeDocument().catch(() => {})")

    def kill_worker(self) -> None:
        """End the service worker at once, and wait until it is gone; an event may start another."""
        session = self.browser.context.new_cdp_session(self.page)
        session.send("ServiceWorker.enable")
        before = self.page.evaluate(_WORKERS)
        session.send("ServiceWorker.stopAllWorkers")
        self.wait_until(_GONE, before)
        session.detach()

    def wait_until(self, condition: str, argument: Any = None) -> None:
        """Wait until a JavaScript function of one argument returns, or resolves to, a true value.

        It may use `all(store)`, which resolves to all values of a store.
        """
        self.page.evaluate(_WAIT.replace("CONDITION", condition), argument)


_OFFSCREEN = """() => chrome.runtime.getContexts({ contextTypes: ["OFFSCREEN_DOCUMENT"] })"""
_WORKERS = """async () => {
  const contexts = await chrome.runtime.getContexts({ contextTypes: ["BACKGROUND"] });
  return contexts.map(({ contextId }) => contextId);
}"""
_GONE = f"""async (before) => {{
  const now = await ({_WORKERS})();
  return !now.some((id) => before.includes(id));
}}"""
_GLOBALS = """async () => {
  const { openDatabase, readState } = await import("./database.js");
  const all = async (store) => {
    const database = await openDatabase();
    return new Promise((resolve, reject) => {
      const request = database.transaction(store).objectStore(store).getAll();
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    }).finally(() => database.close());
  };
  Object.assign(globalThis, { openDatabase, readState, all });
}"""
_TEN_MINUTES_LATER = """async () => {
  const database = await openDatabase();
  const deletion = await readState("deletion");
  const state = database.transaction("state", "readwrite").objectStore("state");
  await new Promise((resolve) => {
    state.put({ ...deletion, deadline: Date.now() - 1 }, "deletion").onsuccess = resolve;
  });
  database.close();
}"""
_WAIT = """async (argument) => {
  const condition = CONDITION;
  const end = Date.now() + 60_000;
  while (Date.now() < end) {
    if (await condition(argument)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`this has not come true: ${condition}`);
}"""
