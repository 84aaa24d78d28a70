"""Where tabs go in these tests, and what the recorder is asked."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from playwright.sync_api import Page

from harness.desk import Desk


class Stage:
    """A web server: what is not on it by name is a page whose title is its path."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, dict[str, str], str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.stage = self  # type: ignore[attr-defined]
        self.gate = threading.Event()
        self._marks = 0
        self.host = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def put(self, path: str, body: str, status: int = 200, **headers: str) -> str:
        """Put an answer on it; returns its address.

        What announces more than it has breaks off; with a header `X-Held` once `gate` is open.
        """
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = (status, fields, body)
        return self.at(path)

    def at(self, path: str) -> str:
        return f"http://{self.host}{path}"

    def leave(self, tab: Page, desk: Desk) -> None:
        """Go on to a fresh page, and wait until everything so far has been recorded."""
        self._marks += 1
        url = self.at(f"/left/{self._marks}")
        tab.goto(url)
        desk.wait_until(TITLED, url)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        stage: Stage = self.server.stage  # type: ignore[attr-defined]
        page = f"<!doctype html><title>{path}</title><p>A page."
        status, headers, body = stage.answers.get(path, (200, {}, page))
        data = body.encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Length": str(len(data)),
            **headers,
        }.items():
            if status != 204 or name != "Content-Length":
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
        if "X-Held" in headers:
            self.wfile.flush()
            stage.gate.wait(60)
        if "Content-Length" in headers:  # more was announced: the answer breaks off
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


TITLED = """async (url) =>
  (await all("events")).some((event) => event.kind === "titled" && event.url === url)"""

NAVIGATED_TO = """async (url) => (await all("events")).some(
  (event) => ["navigated", "history"].includes(event.kind) && event.url === url)"""


def kinds_of(events: list[dict[str, Any]]) -> list[str]:
    return [event["kind"] for event in events]
