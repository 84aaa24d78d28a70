"""A page in Chromium with Pyodide and heyho, outside of the extension, for the browser halves."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from harness.browser import EXTENSION, chromium_path

HERE = Path(__file__).parent
_BOOT = """async (modules) => {
  const { loadPyodide } = await import("/runtime/pyodide/pyodide.mjs");
  const { openDatabase, MIGRATIONS } = await import("/database.js");
  const pyodide = await loadPyodide({ indexURL: "/runtime/pyodide/" });
  const archive = await (await fetch("/runtime/heyho.zip")).arrayBuffer();
  pyodide.unpackArchive(archive, "zip", { extractDir: "/home/pyodide" });
  pyodide.FS.mkdir("contract");
  for (const [name, text] of Object.entries(modules)) {
    pyodide.FS.writeFile(`contract/${name}`, text);
  }
  Object.assign(globalThis, { pyodide, openDatabase, MIGRATIONS });
}"""


class _Quiet(SimpleHTTPRequestHandler):
    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript"}

    def do_GET(self) -> None:
        if self.path == "/blank":
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A blank page of the loopback with `pyodide`, `openDatabase` and `MIGRATIONS` as globals."""
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
