"""A server in memory, the line to it, and workers."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal

from heyho.errands import Errands
from heyho.errors import TimedOut
from heyho.ports import Record
from heyho.ports.network import Reply
from heyho.ports.stores import Payload, VisitStore
from heyho.remote import RemoteWorker
from heyho.testing.stores import MemoryDatabase, MemoryVisitStore

Answer = Callable[[str, str, Record | None, str | None], Awaitable[Reply]]
"""From method, URL, decoded body and token to a reply: a server in a function."""


_TRIAL: ContextVar[bool] = ContextVar("trial", default=False)


def is_trial() -> bool:
    """For an `Answer`: whether the request that it answers is marked as a trial."""
    return _TRIAL.get()


class MemoryTransport:
    """Transport and Caller to a function instead of a network."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def post(
        self, url: str, payload: Payload, *, token: str, timeout_s: float, trial: bool = False
    ) -> Reply:
        body = json.loads(gzip.decompress(payload.body))
        _TRIAL.set(trial)
        return await self._within(timeout_s, self._answer("POST", url, body, token))

    async def get(self, url: str, *, token: str | None, timeout_s: float) -> Reply:
        _TRIAL.set(False)
        return await self._within(timeout_s, self._answer("GET", url, None, token))

    async def call(self, url: str, body: Record, *, token: str, timeout_s: float) -> Reply:
        return await self._within(timeout_s, self._answer("POST", url, body, token))

    async def _within(self, timeout_s: float, reply: Awaitable[Reply]) -> Reply:
        try:
            async with asyncio.timeout(timeout_s):
                return await reply
        except TimeoutError:
            raise TimedOut(f"No answer within {timeout_s:.0f} seconds.") from None


@dataclass(frozen=True, slots=True)
class Doom:
    """What becomes of a worker, and when.

    Attributes:
        how: it is gone, or it does nothing any more.
        at_call: 0 as it boots; n at its n-th `payload` or `post`.
        carried_out: that call is carried out first, and only the answer is lost.
    """

    how: Literal["dies", "hangs"]
    at_call: int = 0
    carried_out: bool = False


class MemoryWorkers:
    """Workers in memory, which share a database and a server.

    Args:
        database: what they read.
        answer: what they send to.
        dooms: what becomes of each, in the order in which they are started; nothing of the rest.

    Attributes:
        lines: the way to each worker that was started.
    """

    def __init__(
        self, database: MemoryDatabase, answer: Answer, dooms: Iterable[Doom | None] = ()
    ) -> None:
        self.lines: list[MemoryLine] = []
        self._database = database
        self._answer = answer
        self._dooms = iter(dooms)

    def start(self) -> RemoteWorker:
        line = MemoryLine(self._database, self._answer, next(self._dooms, None))
        self.lines.append(line)
        return RemoteWorker(line)


class MemoryLine:
    """Line to a worker in memory. Messages cross as JSON, and one turn of the event loop later.

    Attributes:
        calls: how many times `payload` and `post` have arrived.
        errands: the worker's end, once it has booted.
        cut_off: whether the engine has ended the worker.
    """

    def __init__(self, database: MemoryDatabase, answer: Answer, doom: Doom | None) -> None:
        self.calls = 0
        self.errands: Errands | None = None
        self.cut_off = False
        self._visits = MemoryVisitStore(database)
        self._transport = MemoryTransport(answer)
        self._doom = doom
        self._silent = False
        self._unanswered: int | None = None

    def open(self, hear: Callable[[Record], None], lose: Callable[[str], None]) -> None:
        self._hear, self._lose = hear, lose
        self._loop = asyncio.get_running_loop()
        self._loop.call_soon(self._boot)

    def send(self, message: Record) -> None:
        self._loop.call_soon(self._arrive, json.dumps(message))

    def cut(self) -> None:
        self.cut_off = self._silent = True
        if self.errands is not None:
            self.errands.close()

    def die(self) -> None:
        """Let the worker be gone from now on."""
        self.hang()
        self._loop.call_soon(self._lose, "ended")

    def hang(self) -> None:
        """Let the worker do nothing any more."""
        self._silent = True

    def _boot(self) -> None:
        if self._doom is not None and self._doom.at_call == 0:
            self._befall(self._doom)
        if not self._silent:
            self.errands = Errands(
                visits=self._opened, transport=self._transport, send=self._reply, source="memory"
            )

    async def _opened(self) -> VisitStore:
        return self._visits

    def _arrive(self, text: str) -> None:
        message = json.loads(text)
        if message["kind"] in ("payload", "post"):
            self.calls += 1
            if self._doom is not None and self.calls == self._doom.at_call:
                if self._doom.carried_out:
                    self._unanswered = message["number"]
                else:
                    self._befall(self._doom)
        if self.errands is not None and not self._silent:
            self.errands.take(message)

    def _reply(self, message: Record) -> None:
        if (
            self._doom is not None
            and self._unanswered is not None
            and message.get("number") == self._unanswered
        ):
            self._befall(self._doom)
        if not self._silent:
            self._loop.call_soon(self._reach, json.dumps(message))

    def _reach(self, text: str) -> None:
        if not self.cut_off:
            self._hear(json.loads(text))

    def _befall(self, doom: Doom) -> None:
        if doom.how == "dies":
            self.die()
        else:
            self.hang()


class MemoryServer:
    """A server that keeps what it is sent, and answers as heyho_server does.

    Attributes:
        received: the ids of visits that came for good, as often as they came.
        tried: those that came in trials.
        trials: whether it knows of trials; one that does not keeps them.
    """

    def __init__(
        self, token: str = "token", *, max_records: int = 1000, trials: bool = True
    ) -> None:
        self.visits: dict[str, Record] = {}
        self.received: list[str] = []
        self.tried: list[str] = []
        self.trials = trials
        self._token = token
        self._max_records = max_records

    async def answer(self, method: str, url: str, body: Record | None, token: str | None) -> Reply:
        """An `Answer`."""
        if method == "GET" and url.endswith("/config"):
            limits = {"maxRecords": self._max_records, "maxBodyBytes": 10_000_000}
            offers = {"trials": True} if self.trials else {}
            return reply(200, {**limits, "rateLimits": [], **offers})
        if token != self._token:
            return reply(401, {"success": False, "message": "You need to sign in."})
        records = body["pageVisits"] if body else []
        ids = [record["id"] for record in records]
        data = {"page_visits_synced": len(records), "validation_errors": []}
        if self.trials and is_trial():
            self.tried += ids
            return reply(200, {"success": True, "data": {**data, "trial": True}})
        self.received += ids
        self.visits |= {record["id"]: record for record in records}
        return reply(200, {"success": True, "data": data})


def reply(status: int, body: Any, **headers: str) -> Reply:
    """A reply with a JSON body; header names take `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers=named, text=json.dumps(body))
