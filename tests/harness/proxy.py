"""A proxy before the real server that misbehaves as it is told."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit

Fault = Literal["none", "500", "429", "garbage", "silence", "lost"]
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Retry-After",
}

_CUT_SHORT = b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 9\r\n\r\n{"


class FaultProxy:
    """Forwards every request, but for syncs that are to go wrong.

    Faults, one for each sync: "none" forwards it, "500" and "429" answer with that status,
    "garbage" with a page of HTML, "silence" never, and "lost" lets the server store the batch
    and breaks the connection in the middle of the answer.

    Args:
        target: the real server's URL.

    Attributes:
        faults: what to do with the next syncs, in order; then `otherwise`.
        retry_after_s: for how long a "429" wants to be left alone.
        latency_s: how long each sync waits before the server gets it.
        service_s: how long each sync takes at least, from its arrival to its answer.
        turns: each sync that is forwarded takes one first, and waits until there is one; None
            for as many as come. It waits no longer than the extension does, which is 30 s.
        peak_in_flight: the most syncs that were under way at the same time.
        syncs: how many syncs have arrived.
        heard: told the body of each sync that has arrived whole, as it was sent.
    """

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target)
        self.faults: deque[Fault] = deque()
        self.otherwise: Fault = "none"
        self.retry_after_s = 1
        self.latency_s = 0.0
        self.service_s = 0.0
        self.turns: threading.Semaphore | None = None
        self.in_flight = 0
        self.peak_in_flight = 0
        self.syncs = 0
        self.heard: Callable[[bytes], None] = lambda _: None
        self.arrived = threading.Event()
        self.closing = threading.Event()
        self.lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._server.proxy = self  # type: ignore[attr-defined]

    @property
    def url(self) -> str:
        """Where the proxy listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def hold(self) -> None:
        """Let syncs wait; `let` gives them their turns."""
        self.turns = threading.Semaphore(0)

    def let(self, syncs: int | None = None) -> None:
        """Let so many of the syncs through that wait, or will come; all of them, if None."""
        turns = self.turns
        assert turns, "nothing is held"
        if syncs is None:
            self.turns = None
        turns.release(10_000 if syncs is None else syncs)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each answer waits for a delayed acknowledgement

    @property
    def proxy(self) -> FaultProxy:
        return self.server.proxy  # type: ignore[attr-defined,no-any-return]

    def handle(self) -> None:
        with suppress(ConnectionError):  # a browser that was killed takes no answer
            super().handle()

    def do_GET(self) -> None:
        self._forward(self._body())

    def do_OPTIONS(self) -> None:
        self._forward(self._body())

    def do_POST(self) -> None:
        body = self._body()
        proxy = self.proxy
        proxy.heard(body)
        with proxy.lock:
            proxy.syncs += 1
            proxy.in_flight += 1
            proxy.peak_in_flight = max(proxy.peak_in_flight, proxy.in_flight)
            fault = proxy.faults.popleft() if proxy.faults else proxy.otherwise
        proxy.arrived.set()
        try:
            self._sync(fault, body, time.monotonic() + proxy.service_s)
        finally:
            with proxy.lock:
                proxy.in_flight -= 1

    def _sync(self, fault: Fault, body: bytes, ready_at: float) -> None:
        proxy = self.proxy
        if proxy.latency_s:
            proxy.closing.wait(proxy.latency_s)
        match fault:
            case "none":
                self._take_turn()
                self._forward(body, ready_at)
            case "500":
                self._answer(500, b'{"success": false, "message": "Data sync failed"}')
            case "429":
                self._answer(429, b'{"success": false}', {"Retry-After": str(proxy.retry_after_s)})
            case "garbage":
                self._answer(200, b"<!doctype html><title>Welcome to the hotel's network</title>")
            case "silence":
                proxy.closing.wait()
                self.close_connection = True
            case "lost":
                self._ask(body)
                self.wfile.write(_CUT_SHORT)
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True

    def _take_turn(self) -> None:
        turns = self.proxy.turns
        while turns and not turns.acquire(timeout=0.1) and not self.proxy.closing.is_set():
            pass

    def _body(self) -> bytes:
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        if len(body) < size:
            raise ConnectionError("the browser ended in the middle of a request")
        return body

    def _ask(self, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        target = self.proxy.target
        connection = http.client.HTTPConnection(str(target.hostname), target.port)
        try:
            headers = {k: v for k, v in self.headers.items() if k.lower() != "host"}
            connection.request(self.command, self.path, body or None, headers)
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()

    def _forward(self, body: bytes, ready_at: float = 0.0) -> None:
        try:
            response, data = self._ask(body)
        except OSError:
            self.close_connection = True
            return
        self.proxy.closing.wait(max(0.0, ready_at - time.monotonic()))
        kept = {
            name: value
            for name, value in response.getheaders()
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date")
        }
        self._answer(response.status, data, kept, cors=False)

    def _answer(
        self, status: int, data: bytes, headers: dict[str, str] | None = None, *, cors: bool = True
    ) -> None:
        self.send_response(status)
        for name, value in {**(_CORS if cors else {}), **(headers or {})}.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass
