"""Cross-origin access: answers may be read from any page, errors included.

But for what is open to this machine without a token: a page of the open web in its browser is not
to know what the server did. `/health` tells nothing, and the extension asks it.

What guards the data is the bearer token, which a foreign page does not have. The cookie of the
page for people is not sent along from foreign pages, nor may they read an answer to it: that
takes more than the "*" here.
"""

from __future__ import annotations

from heyho_server.api.asgi import App, Message, Receive, Scope, Send

EXPOSED = (
    "Retry-After, RateLimit, RateLimit-Policy, "
    "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id"
)
ALWAYS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", EXPOSED.encode()),
]
PREFLIGHT = [
    *ALWAYS,
    (b"access-control-allow-methods", b"GET, POST, DELETE, OPTIONS"),
    (
        b"access-control-allow-headers",
        b"authorization, content-type, content-encoding, x-heyho-trial",
    ),
    (b"access-control-max-age", b"86400"),
    # A page on the open web may ask for a server on this machine or in this network.
    (b"access-control-allow-private-network", b"true"),
]


CLOSED = ("/ready", "/metrics")


class Cors:
    """Answers preflights, and adds the headers to everything else but what is CLOSED."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["method"] == "OPTIONS" and not _is_closed(scope):
            await send({"type": "http.response.start", "status": 204, "headers": PREFLIGHT})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            await self._app(scope, receive, _adding(scope, send))


def _is_closed(scope: Scope) -> bool:
    return (scope.get("path_template") or scope["path"]) in CLOSED


def _adding(scope: Scope, send: Send) -> Send:
    async def add(message: Message) -> None:
        if message["type"] == "http.response.start" and not _is_closed(scope):
            message["headers"] = [*message["headers"], *ALWAYS]
        await send(message)

    return add
