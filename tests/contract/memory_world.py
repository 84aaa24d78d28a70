"""The server of the in-memory worlds: it answers as that of the transport's contract has to."""

from __future__ import annotations

import asyncio

from heyho.errors import Unreachable
from heyho.ports import Record
from heyho.ports.network import Reply
from heyho.testing.network import is_trial, reply


class EchoServer:
    """Tells what it was sent.

    Attributes:
        held: whether there was a request for `/silent`.
        aborted: whether it was cancelled.
    """

    def __init__(self) -> None:
        self.held = asyncio.Event()
        self.aborted = asyncio.Event()

    async def answer(self, method: str, url: str, body: Record | None, token: str | None) -> Reply:
        """An `Answer`."""
        match url:
            case "/echo":
                echo = {"method": method, "token": token, "body": body, "trial": is_trial()}
                return reply(200, echo)
            case "/fails":
                return reply(500, {"message": "ü"}, retry_after="7")
            case "/silent":
                self.held.set()
                try:
                    await asyncio.sleep(3600)
                except asyncio.CancelledError:
                    self.aborted.set()
                    raise
        raise Unreachable("Nobody is there.")
