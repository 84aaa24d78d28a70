"""What surrounds each request: an id, a line in the log, an answer to faults, a body read out."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Collection

import structlog

from heyho_server.api.asgi import App, Message, Receive, Scope, Send
from heyho_server.api.errors import send_error
from heyho_server.api.limiting import limited_by, rate_headers
from heyho_server.api.trials import is_marked
from heyho_server.errors import ServerFault
from heyho_server.metrics import Metrics, plain_method

DRAIN_BYTES = 32_000_000
DRAIN_S = 10.0

log = structlog.get_logger()


class Exchange:
    """Wraps the application; nothing that it raises reaches the web server.

    Args:
        routes: the paths that there are, as templates. The log and the metrics know a request by
            one of them, never by the path it came with.
    """

    def __init__(self, app: App, metrics: Metrics, routes: Collection[str]) -> None:
        self._app = app
        self._metrics = metrics
        self._routes = frozenset(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        body = _Body(receive)
        status = sent = 0
        begun_s = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                own = (b"x-request-id", request_id.encode())
                message["headers"] = [*message["headers"], own, *rate_headers(scope)]
                await body.drain()
            sent += len(message.get("body", b""))
            await send(message)

        with (
            structlog.contextvars.bound_contextvars(request_id=request_id),
            self._metrics.in_flight.track_inprogress(),
        ):
            try:
                await self._app(scope, body.receive, send_with_id)
            except Exception:
                log.exception("request failed")
                if not status:
                    await send_error(send_with_id, ServerFault())
            seconds = time.perf_counter() - begun_s
            method, route = plain_method(scope["method"]), self._route(scope)
            self._metrics.answered(
                method=method,
                route=route,
                status=status,
                seconds=seconds,
                received=body.received,
                limited_by=limited_by(scope),
            )
            log.info(
                "request",
                method=method,
                route=route,
                status=status,
                ms=round(seconds * 1000, 1),
                received=body.received,
                sent=sent,
                **({"trial": True} if is_marked(scope) else {}),
            )

    def _route(self, scope: Scope) -> str:
        known = scope.get("path_template") or scope["path"]
        return known if known in self._routes else "other"


class _Body:
    """A request's body, which has to be read out before the answer.

    A connection that is closed on unread bytes is reset, and the client may see that instead of
    the answer. Very large or slow bodies are not worth the wait.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._ended = False
        self.received = 0

    async def receive(self) -> Message:
        message = await self._receive()
        self.received += len(message.get("body", b""))
        self._ended = not message.get("more_body", False)
        return message

    async def drain(self) -> None:
        drained = 0
        try:
            async with asyncio.timeout(DRAIN_S):
                while not self._ended and drained < DRAIN_BYTES:
                    drained += len((await self.receive()).get("body", b""))
        except TimeoutError:
            return
