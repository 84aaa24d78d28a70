"""A small site on three origins, to be browsed by tests and by the demo."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_STYLE = "font: 18px/1.6 system-ui; max-width: 40rem; margin: 3rem auto; color-scheme: light dark"

PAGES = {
    "/": ("The garden gate", '<a id="article" href="/article">An article</a>'),
    "/article": ("On keeping a diary", '<a id="next" href="/second">The next one</a>'),
    "/second": ("On reading slowly", '<a id="away" href="{other}/shop">A shop</a>'),
    "/shop": (
        "A shop of small things",
        '<a id="new" href="{other}/shop/lamp" target="_blank">Lamp</a>',
    ),
    "/shop/lamp": ("A lamp", "<p>Warm light.</p>"),
    "/shop/chair": ("A chair", "<p>Four legs.</p>"),
    "/private/account": ("Account number 4711", "<p>Nobody's business.</p>"),
    "/late": ("", "<script>setTimeout(() => (document.title = 'Late, but here'), 400)</script>"),
    "/app": (
        "An app",
        """<button id="inbox" onclick="go('inbox', 'Inbox')">Inbox</button>
        <button id="sent" onclick="go('sent', 'Sent')">Sent</button>
        <button id="hash" onclick="location.hash = 'part'">Part</button>
        <script>
          const go = (path, title) => {
            history.pushState(null, "", "/app/" + path);
            document.title = title;
          };
        </script>""",
    ),
    "/hop": ("A hop", "<script>location.replace('/landed')</script>"),
    "/landed": ("Landed", "<p>After the hop.</p>"),
    "/old": ("", ""),  # answers with a redirect
}


@dataclass(frozen=True, slots=True)
class Site:
    """The site's three origins, each with the same pages."""

    origins: tuple[str, str, str]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each answer waits for a delayed acknowledgement

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/old":
            self._answer(302, "", Location="/landed")
        elif path in PAGES or path.startswith(("/page/", "/app/")):
            title, body = PAGES.get(path, (f"Page {path.rpartition('/')[2]}", "<p>A page.</p>"))
            other = self.server.other  # type: ignore[attr-defined]
            head = f"<title>{title}</title>" if title else ""
            self._answer(
                200,
                f'<!doctype html><html lang="en"><meta charset="utf-8">{head}'
                f'<body style="{_STYLE}"><h1>{title}</h1>{body.replace("{other}", other)}',
            )
        else:
            self._answer(404, "<!doctype html><title>Not here</title>")

    def _answer(self, status: int, body: str, **headers: str) -> None:
        data = body.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serve_site() -> Iterator[Site]:
    """Serve the site on three free ports of the loopback until the block ends."""
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), _Handler) for _ in range(3)]
    hosts = ("127.0.0.1", "localhost", "127.0.0.1")
    origins = [
        f"http://{host}:{server.server_port}" for host, server in zip(hosts, servers, strict=True)
    ]
    for server in servers:
        server.daemon_threads = True
        server.other = origins[1]  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Site((origins[0], origins[1], origins[2]))
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
