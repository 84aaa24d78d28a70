"""A worker at the other end of a line: the engine's end. `errands.py` is the other one.

Messages are JSON-like records with a `kind`, and requests and replies carry the same `number`;
docs/architecture.md lists them. A payload's number is that of the request that made it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol

from heyho.errors import HeyhoError, WorkerLost
from heyho.model import SeqRange
from heyho.ports import Record
from heyho.ports.network import Reply
from heyho.ports.stores import Payload

BOOT_S = 30.0
"""A worker that has not said that it is ready by then does not start."""
HANG_S = 5.0
"""A worker that says nothing for so long, though it is asked for a sign of life, hangs."""
BEAT_S = 0.5
"""How often it is asked, while something is under way."""


class Line(Protocol):
    """The way to a worker and back."""

    def open(self, hear: Callable[[Record], None], lose: Callable[[str], None]) -> None:
        """Start the worker. `hear` gets its messages, `lose` the reason why it is gone."""
        ...

    def send(self, message: Record) -> None:
        """Tell the worker; messages arrive in their order, or never."""
        ...

    def cut(self) -> None:
        """End the worker, whatever it does, and hear nothing any more."""
        ...


@dataclass(frozen=True, slots=True)
class _Held:
    """The body of a payload that is in a worker."""

    worker: RemoteWorker
    number: int


class RemoteWorker:
    """Worker over a line.

    Args:
        line: not yet open.
        boot_s, hang_s: how patient to be, see `BOOT_S` and `HANG_S`.

    Attributes:
        boot: what its interpreter was booted from; None before that.
    """

    def __init__(self, line: Line, *, boot_s: float = BOOT_S, hang_s: float = HANG_S) -> None:
        self.boot: str | None = None
        self._line = line
        self._hang_s = hang_s
        self._numbers = count(1)
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._held: set[int] = set()
        self._loss: str | None = None
        self._silent_s = 0.0
        self._beat: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        reason = f"did not start within {boot_s:g} seconds"
        self._deadline = self._loop.call_later(boot_s, self._lose, reason)
        line.open(self._hear, self._lose)

    async def payload(self, seqs: SeqRange, *, client_id: str) -> Payload:
        number, made = await self._ask(
            {"kind": "payload", "first": seqs.first, "last": seqs.last, "clientId": client_id}
        )
        self._held.add(number)
        return Payload(
            visits=made["visits"],
            json_bytes=made["jsonBytes"],
            sent_bytes=made["sentBytes"],
            only_id=made["onlyId"],
            body=_Held(self, number),
        )

    async def post(
        self, url: str, payload: Payload, *, token: str, timeout_s: float, trial: bool = False
    ) -> Reply:
        number = self._number_of(payload)
        if self._loss is None and number not in self._held:
            raise ValueError("the payload was let go")
        _, reply = await self._ask(
            {
                "kind": "post",
                "url": url,
                "payload": number,
                "token": token,
                "timeoutS": timeout_s,
                "trial": trial,
            }
        )
        return Reply(status=reply["status"], headers=reply["headers"], text=reply["text"])

    def let_go(self, payload: Payload) -> None:
        number = self._number_of(payload)
        self._held.discard(number)
        self._forget(number)

    def close(self) -> None:
        self._lose("was closed")

    def _number_of(self, payload: Payload) -> int:
        held = payload.body
        if not isinstance(held, _Held) or held.worker is not self:
            raise ValueError("only the worker that made a payload has it")
        return held.number

    async def _ask(self, request: Record) -> tuple[int, Any]:
        """Send a request and wait for its answer; returns its number and what was answered."""
        if self._loss is not None:
            raise _lost(self._loss)
        number = next(self._numbers)
        answer: asyncio.Future[Any] = self._loop.create_future()
        self._asked[number] = answer
        self._line.send({**request, "number": number})
        self._listen()
        try:
            return number, await answer
        except asyncio.CancelledError:
            self._forget(number)
            if answer.done() and not answer.cancelled():
                answer.exception()  # it came just now, and nobody will ask for it
            raise
        finally:
            self._asked.pop(number, None)

    def _forget(self, number: int) -> None:
        if self._loss is None:
            self._line.send({"kind": "let_go", "number": number})

    def _hear(self, message: Record) -> None:
        self._silent_s = 0.0
        match message.get("kind"):
            case "ready":
                self.boot = message["boot"]
                self._deadline.cancel()
                self._listen()
            case "done":
                answer = self._asked.get(message["number"])
                if answer is not None and not answer.done():
                    answer.set_result(message["value"])
            case "failed":
                answer = self._asked.get(message["number"])
                if answer is not None and not answer.done():
                    answer.set_exception(_error(message["error"]))

    def _listen(self) -> None:
        """Look for signs of life from here on, as long as anything is under way."""
        if self._beat is None and self.boot is not None and self._loss is None:
            self._silent_s = 0.0
            self._ask_for_a_sign()

    def _ask_for_a_sign(self) -> None:
        # Beats are counted, not time: after the device has slept, the worker gets its turn first.
        self._beat = None
        if not self._asked:
            return
        if self._silent_s >= self._hang_s:
            self._lose(f"gave no sign of life for {self._hang_s:g} seconds")
            return
        self._silent_s += BEAT_S
        self._line.send({"kind": "ping"})
        self._beat = self._loop.call_later(BEAT_S, self._ask_for_a_sign)

    def _lose(self, reason: str) -> None:
        if self._loss is not None:
            return
        self._loss = reason
        self._deadline.cancel()
        if self._beat is not None:
            self._beat.cancel()
        self._held.clear()
        self._line.cut()
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(_lost(reason))


def _lost(reason: str) -> WorkerLost:
    return WorkerLost(f"One of Heyho's workers {reason}. Another one does its work.")


def _error(record: Record) -> Exception:
    """What went wrong at the other end, to be raised at this one."""
    known = HeyhoError.from_record(record)
    return known or RuntimeError(f"a worker failed unexpectedly: {record['message']}")
