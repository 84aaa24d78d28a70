"""The contract of the transport, on fetch in Chromium against a real server."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page

from contract.transport_contract import CONTRACTS, Contract

_CHECK = """([name, base, dead]) =>
  pyodide.pyimport("contract.fetch_world").check(name, base, dead)"""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    closing = threading.Event()

    def do_OPTIONS(self) -> None:
        self._answer(204, "")

    def do_GET(self) -> None:
        self._route(None)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["Content-Encoding"] == "gzip"
        self._route(json.loads(gzip.decompress(body)))

    def _route(self, body: object) -> None:
        if self.path == "/silent":
            self.closing.wait()
            self.close_connection = True
        elif self.path == "/fails":
            self._answer(500, json.dumps({"message": "ü"}))
        else:
            scheme, _, token = (self.headers["Authorization"] or "").partition(" ")
            assert scheme in ("", "Bearer")
            echo = {"method": self.command, "token": token or None, "body": body}
            self._answer(200, json.dumps(echo))

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header(
            "Access-Control-Allow-Headers", "authorization,content-type,content-encoding"
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
    _Handler.closing.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    _Handler.closing.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def dead() -> Iterator[str]:
    """An address on which nobody listens, kept free for the test."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.__name__)
def test_on_fetch(contract: Contract, page: Page, server: str, dead: str) -> None:
    assert page.evaluate(_CHECK, [contract.__name__, server, dead]) == ""
