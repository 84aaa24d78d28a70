"""The extension's hidden contexts, as a debugger sees them: the engine page and its workers."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page

from harness.browser import EXTENSION_ID

_ENGINE_URL = f"chrome-extension://{EXTENSION_ID}/engine.html"


class Targets:
    """Lists them, and does to them what happens to processes: nobody is asked first.

    Playwright hands on no messages of flattened sessions, so these are not; and a worker does
    only what it is told by way of the page that has started it.

    Args:
        page: any page of the browser.
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self._session = page.context.new_cdp_session(page)
        self._session.on("Target.receivedMessageFromTarget", self._hear)
        self._lines: dict[str, str] = {}
        """The sessions of those we are attached to."""

    def engine(self) -> str | None:
        """The engine page, if there is one."""
        found = [each["targetId"] for each in self._all() if each["url"] == _ENGINE_URL]
        return found[0] if found else None

    def workers(self) -> list[str]:
        """The engine's workers; they boot, work, or hang."""
        return [each["targetId"] for each in self._all() if each["type"] == "worker"]

    def close(self, page: str) -> None:
        """End a page."""
        self._session.send("Target.closeTarget", {"targetId": page})

    def crash(self, page: str) -> None:
        """Crash a page's process, and with it whoever else is in there."""
        self._send(self._attached(page), "Page.crash")

    def run(self, worker: str, script: str) -> None:
        """Let a worker run a script, and do not wait for it: it may never end."""
        engine = self.engine()
        assert engine, "the engine page is gone"
        if engine not in self._lines:
            options = {"autoAttach": True, "waitForDebuggerOnStart": False, "flatten": False}
            self._send(self._attached(engine), "Target.setAutoAttach", **options)
        while worker not in self._lines:
            assert worker in self.workers(), "the worker is gone"
        evaluate = _message("Runtime.evaluate", expression=script)
        line = {"sessionId": self._lines[worker], "message": evaluate}
        self._send(self._lines[engine], "Target.sendMessageToTarget", **line)

    def _all(self) -> list[dict[str, Any]]:
        infos: list[dict[str, Any]] = self._session.send("Target.getTargets")["targetInfos"]
        return infos

    def _attached(self, page: str) -> str:
        if page not in self._lines:
            options = {"targetId": page, "flatten": False}
            self._lines[page] = self._session.send("Target.attachToTarget", options)["sessionId"]
        return self._lines[page]

    def _send(self, line: str, method: str, **params: Any) -> None:
        message = {"sessionId": line, "message": _message(method, **params)}
        self._session.send("Target.sendMessageToTarget", message)

    def _hear(self, event: dict[str, Any]) -> None:
        message = json.loads(event["message"])
        if message.get("method") == "Target.attachedToTarget":
            attached = message["params"]
            self._lines[attached["targetInfo"]["targetId"]] = attached["sessionId"]


def _message(method: str, **params: Any) -> str:
    return json.dumps({"id": 1, "method": method, "params": params})
