"""What surrounds each request: an id for the log, an answer to every fault, a body read out."""

from __future__ import annotations

import asyncio
import secrets

import structlog

from heyho_server.api.asgi import App, Message, Receive, Scope, Send
from heyho_server.api.errors import send_error
from heyho_server.api.limiting import rate_headers
from heyho_server.errors import ServerFault

DRAIN_BYTES = 32_000_000
DRAIN_S = 10.0

log = structlog.get_logger()


class Exchange:
    """Wraps the application; nothing that it raises reaches the web server."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        body = _Body(receive)
        started = False

        async def send_with_id(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                own = (b"x-request-id", request_id.encode())
                message["headers"] = [*message["headers"], own, *rate_headers(scope)]
                await body.drain()
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, body.receive, send_with_id)
            except Exception:
                log.exception("request failed")
                if not started:
                    await send_error(send_with_id, ServerFault())


class _Body:
    """A request's body, which has to be read out before the answer.

    A connection that is closed on unread bytes is reset, and the client may see that instead of
    the answer. Very large or slow bodies are not worth the wait.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._ended = False

    async def receive(self) -> Message:
        message = await self._receive()
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
