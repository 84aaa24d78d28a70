"""What a worker does for the engine: the worker's end of the line. `remote.py` is the other one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from heyho.errors import HeyhoError
from heyho.model import SeqRange
from heyho.ports import Record
from heyho.ports.network import Transport
from heyho.ports.stores import Payload, VisitStore

Errand = Callable[[Record], Awaitable[Record]]
"""From a request to what is answered."""


class Errands:
    """Carries out what the engine asks for, several things at once.

    Args:
        visits: gives the store, once it is open; its errors are those of each `payload`.
        transport: what payloads are sent with.
        send: the way back to the engine.
        source: what the interpreter was booted from.
    """

    def __init__(
        self,
        *,
        visits: Callable[[], Awaitable[VisitStore]],
        transport: Transport,
        send: Callable[[Record], None],
        source: str,
    ) -> None:
        self._visits = visits
        self._transport = transport
        self._send = send
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._payloads: dict[int, Payload] = {}
        send({"kind": "ready", "boot": source})

    def take(self, message: Record) -> None:
        """Take one message of the engine."""
        match message.get("kind"):
            case "payload":
                self._start(self._payload, message)
            case "post":
                self._start(self._post, message)
            case "let_go":
                self._let_go(message["number"])
            case "ping":
                self._send({"kind": "pong"})

    def close(self) -> None:
        """Stop whatever is under way."""
        for number in [*self._under_way, *self._payloads]:
            self._let_go(number)

    def _start(self, errand: Errand, request: Record) -> None:
        carrying_out = asyncio.ensure_future(self._carry_out(errand, request))
        self._under_way[request["number"]] = carrying_out

    async def _carry_out(self, errand: Errand, request: Record) -> None:
        number = request["number"]
        try:
            value = await errand(request)
        except HeyhoError as error:
            self._fail(number, error.to_record())
        except Exception as error:
            self._fail(number, {"name": "", "message": repr(error)})
            raise
        else:
            self._send({"kind": "done", "number": number, "value": value})
        finally:
            self._under_way.pop(number, None)

    def _fail(self, number: int, error: Record) -> None:
        self._send({"kind": "failed", "number": number, "error": error})

    def _let_go(self, number: int) -> None:
        self._payloads.pop(number, None)
        task = self._under_way.pop(number, None)
        if task is not None:
            task.cancel()

    async def _payload(self, request: Record) -> Record:
        seqs = SeqRange(request["first"], request["last"])
        visits = await self._visits()
        payload = await visits.payload(seqs, client_id=request["clientId"])
        self._payloads[request["number"]] = payload
        return {
            "visits": payload.visits,
            "jsonBytes": payload.json_bytes,
            "sentBytes": payload.sent_bytes,
            "onlyId": payload.only_id,
        }

    async def _post(self, request: Record) -> Record:
        reply = await self._transport.post(
            request["url"],
            self._payloads[request["payload"]],
            token=request["token"],
            timeout_s=request["timeoutS"],
            trial=request["trial"],
        )
        headers: dict[str, Any] = dict(reply.headers)
        return {"status": reply.status, "headers": headers, "text": reply.text}
