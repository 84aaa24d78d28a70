"""The server under the bench: the real one, with a service time, and the bench's own pages.

Takes `--latency-ms`, and `--sink` with a folder for batches that nobody is to read; all other
arguments are the real server's.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

from bench.answer import answer
from bench.couch import Couch
from bench.service import ServiceTime
from bench.sink import Sink
from harness.browser import EXTENSION, ROOT
from heyho_server import app, cli, serving
from heyho_server.api.asgi import App, Receive, Scope, Send
from heyho_server.api.services import Services
from heyho_server.limits.addresses import Network

PEERS = Path(__file__).parent / "peers"
PACKAGES = ROOT / "node_modules"
# They are CommonJS, which a browser cannot import.
COMMON_JS = {"events", "spark-md5", "vuvuzela"}
TYPES = {
    ".html": b"text/html",
    ".js": b"text/javascript",
    ".mjs": b"text/javascript",
    ".wasm": b"application/wasm",
}


class Bench:
    """The real application, a CouchDB, and what the bench needs below /bench/."""

    def __init__(self, real: App, service_s: float, sink: Sink | None) -> None:
        self._real = real
        self._sink = sink
        self._couch = Couch()
        self._timed = ServiceTime(self._work, service_s, takes_time)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if path == "/bench/counts":
            counts = {**self._timed.counts.to_record(), "documents": self._couch.written}
            await answer(send, json.dumps(counts).encode(), b"application/json")
        elif path.startswith("/bench/"):
            body = page(path.removeprefix("/bench/"))
            kind = TYPES.get(Path(path).suffix, b"application/octet-stream")
            await answer(send, body, kind)
        else:
            await self._timed(scope, receive, send)

    async def _work(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith("/couch/"):
            await self._couch(scope, receive, send)
        elif self._sink and takes_time(scope):
            await self._sink(scope, receive, send)
        else:
            await self._real(scope, receive, send)


def takes_time(scope: Scope) -> bool:
    """Whether a request is one of those that take their service time."""
    path: str = scope["path"]
    sync = scope["method"] == "POST" and path.endswith("/data/sync")
    return sync or path.startswith("/couch/")


def page(name: str) -> bytes:
    """A file of the peers' page, of an npm package below "npm/", or of Heyho below "heyho/"."""
    if name.startswith("heyho/"):
        return (EXTENSION / name.removeprefix("heyho/")).read_bytes()
    package, _, _ = name.removeprefix("npm/").partition("/")
    if not name.startswith("npm/"):
        return (PEERS / name).read_bytes()
    text = (PACKAGES / name.removeprefix("npm/")).read_bytes()
    if package not in COMMON_JS:
        return text
    return b"const exports = {}, module = { exports };\n%b\nexport default module.exports;" % text


def main() -> int:
    """Run the real server with the bench around its application."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--latency-ms", type=float, required=True)
    parser.add_argument("--sink", type=Path)
    options, arguments = parser.parse_known_args()

    def create_app(services: Services, trusted_proxies: Sequence[Network]) -> App:
        sink = Sink(options.sink) if options.sink else None
        real = app.create_app(services, trusted_proxies)
        return Bench(real, options.latency_ms / 1000, sink)

    with patch.object(serving, "create_app", create_app):
        return cli.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
