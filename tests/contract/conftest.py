"""A page in Chromium with Pyodide and heyho, outside of the extension, for the browser halves."""

from __future__ import annotations

import functools
import gzip
import json
import os
import select
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from harness.browser import EXTENSION, chromium_path

HERE = Path(__file__).parent
_BOOT = """async (modules) => {
  const { loadPyodide } = await import("/runtime/pyodide/pyodide.mjs");
  const { startWorker } = await import("/boot.js");
  const { openDatabase, MIGRATIONS } = await import("/database.js");
  const pyodide = await loadPyodide({ indexURL: "/runtime/pyodide/" });
  const archive = await (await fetch("/runtime/heyho.zip")).arrayBuffer();
  pyodide.unpackArchive(archive, "zip", { extractDir: "/home/pyodide" });
  pyodide.FS.mkdir("contract");
  for (const [name, text] of Object.entries(modules)) {
    pyodide.FS.writeFile(`contract/${name}`, text);
  }
  const sentences = await (await fetch("/_locales/en/messages.json")).text();
  const texts = pyodide.pyimport("heyho.texts");
  texts.use(texts.from_file(sentences));
  Object.assign(globalThis, { pyodide, openDatabase, MIGRATIONS, startWorker });
}"""


# Scripts that the extension has not: a worker that comes to harm as told, and one that never boots.
_SCRIPTS = {
    "/blank": ("text/html", ""),
    "/idle.js": ("text/javascript", ""),
    "/harmed.js": (
        "text/javascript",
        """
        import "./worker.js";
        const fates = {
          ends: () => self.close(),
          crashes: () => { throw new Error("on purpose"); },
          hangs: () => { for (;;); },
        };
        new BroadcastChannel("harm").onmessage = ({ data: [name, fate] }) => {
          if (self.location.search === `?${name}`) fates[fate]();
        };
        """,
    ),
}


class _Quiet(SimpleHTTPRequestHandler):
    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript"}

    def do_GET(self) -> None:
        script = _SCRIPTS.get(self.path.partition("?")[0])
        if script:
            content_type, text = script
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())
        else:
            super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A blank page of the loopback, with `pyodide` and what scripts export as globals."""
    handler = functools.partial(_Quiet, directory=str(EXTENSION))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=sandbox)
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/blank")
        modules = {file.name: file.read_text() for file in HERE.glob("*_*.py")}
        page.evaluate(_BOOT, modules)
        yield page
        browser.close()
    server.shutdown()
    server.server_close()


class _Echo(BaseHTTPRequestHandler):
    """Answers by path as the contract of the transport says.

    `/held` is answered once `/silent` was asked with the same query, and `/aborted` once whoever
    did has hung up.
    """

    protocol_version = "HTTP/1.1"
    closing = False
    held: set[str] = set()
    aborted: set[str] = set()
    change = threading.Condition()

    def do_OPTIONS(self) -> None:
        self._answer(204, "")

    def do_GET(self) -> None:
        self._route(None)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["Content-Encoding"] == "gzip"
        self._route(json.loads(gzip.decompress(body)))

    def _route(self, body: object) -> None:
        path, _, query = self.path.partition("?")
        if path == "/silent":
            self._hold(query)
        elif path in ("/held", "/aborted"):
            known = self.held if path == "/held" else self.aborted
            with self.change:
                self.change.wait_for(lambda: query in known or self.closing)
            self._answer(200, "")
        elif path == "/fails":
            self._answer(500, json.dumps({"message": "ü"}))
        else:
            scheme, _, token = (self.headers["Authorization"] or "").partition(" ")
            assert scheme in ("", "Bearer")
            trial = self.headers["X-Heyho-Trial"] == "1"
            echo = {"method": self.command, "token": token or None, "body": body, "trial": trial}
            self._answer(200, json.dumps(echo))

    def _hold(self, query: str) -> None:
        """Say nothing until the other side hangs up."""
        self.close_connection = True
        with self.change:
            self.held.add(query)
            self.change.notify_all()
        while not self.closing:
            if select.select([self.connection], [], [], 0.05)[0]:
                with self.change:
                    self.aborted.add(query)
                    self.change.notify_all()
                return

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header(
            "Access-Control-Allow-Headers",
            "authorization,content-type,content-encoding,x-heyho-trial",
        )
        self.send_header("Access-Control-Expose-Headers", "Retry-After")
        self.send_header("Retry-After", "7")
        if status != 204:
            self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of the server that the contracts of transport and workers talk to."""
    _Echo.closing = False
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    with _Echo.change:
        _Echo.closing = True
        _Echo.change.notify_all()
    server.shutdown()
    server.server_close()


@pytest.fixture
def dead() -> Iterator[str]:
    """An address on which nobody listens, kept free for the test."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
