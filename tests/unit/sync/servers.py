"""Servers that misbehave by a script.

    ScriptedServer(says(500), loses_reply, silent)

fails the first sync request, stores the second without a word, lets the third time out, and is a
healthy server from the fourth on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from heyho.errors import Unreachable
from heyho.ports import Record
from heyho.ports.network import Reply
from heyho.testing.network import MemoryServer, is_trial, reply

Fault = Callable[["ScriptedServer", Record], Awaitable[Reply]]
"""What becomes of one request, from the server and the decoded body."""

TOKEN = "token"


class ScriptedServer(MemoryServer):
    """A server that follows a script, and is healthy after its end.

    Args:
        script: what becomes of the sync requests, in the order of their arrival.
        latency_s: how long it takes for each of them.
        takes: a batch of more visits is refused with 413, whatever /config says.
        cursed: what becomes of every batch with a visit, by the visit's id.
        chokes_on: visits by id which make it refuse the whole batch with 400.
        rejects: visits by id which it rejects by name, with the reason.
        forgot: visits by id which were deleted there, and stay so.
        config: what it answers to `GET /config`, where that is another thing than its limits.
    """

    def __init__(
        self,
        *script: Fault,
        latency_s: float = 0.3,
        takes: int = 1000,
        cursed: Mapping[str, Fault] | None = None,
        chokes_on: Iterable[str] = (),
        rejects: Mapping[str, str] | None = None,
        forgot: Iterable[str] = (),
        config: Reply | None = None,
        max_records: int = 1000,
    ) -> None:
        super().__init__(TOKEN, max_records=max_records)
        self.script = deque(script)
        self.latency_s = latency_s
        self.takes = takes
        self.cursed = dict(cursed or {})
        self.chokes_on = set(chokes_on)
        self.rejects = dict(rejects or {})
        self.forgot = set(forgot)
        self.config = config
        self.batches: list[list[str]] = []
        self.config_asked = 0
        self.in_flight = 0
        self.peak = 0

    async def answer(self, method: str, url: str, body: Record | None, token: str | None) -> Reply:
        """An `Answer`."""
        if method == "GET" and url.endswith("/config"):
            self.config_asked += 1
            return self.config or await super().answer(method, url, body, token)
        assert (method, url.rpartition("/data/")[2]) == ("POST", "sync")
        assert body is not None
        ids = [record["id"] for record in body["pageVisits"]]
        self.batches.append(ids)
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        fault = self.script.popleft() if self.script else healthy
        for cursed in self.cursed.keys() & set(ids):
            fault = self.cursed[cursed]
        try:
            await asyncio.sleep(self.latency_s)
            return await fault(self, {**body, "token": token})
        finally:
            self.in_flight -= 1

    async def take(self, body: Record) -> Reply:
        """What a healthy server does with these visits, and cannot do with some of them."""
        records = body["pageVisits"]
        if len(records) > self.takes:
            return refusal(413, f"Batch size exceeded, got {len(records)}")
        if choked := [record["id"] for record in records if record["id"] in self.chokes_on]:
            return refusal(400, f"Cannot read {choked[0]}")
        kept = [record for record in records if record["id"] not in self.rejects]
        stored = await super().answer("POST", "", {"pageVisits": kept}, body["token"])
        if stored.status != 200:
            return stored
        errors = [
            {"record_id": record["id"], "message": self.rejects[record["id"]]}
            for record in records
            if record["id"] in self.rejects
        ]
        deleted = sum(record["id"] in self.forgot for record in kept)
        return receipt(len(kept), errors, deleted=deleted, trial=self.trials and is_trial())


def receipt(
    stored: int, errors: Iterable[Record] = (), *, deleted: int = 0, trial: bool = False
) -> Reply:
    """The answer to a batch that was taken."""
    data: Record = {
        "page_visits_synced": stored,
        "page_visits_deleted": deleted,
        "validation_errors": list(errors),
    }
    if trial:
        data["trial"] = True
    return reply(200, {"success": True, "data": data})


def refusal(status: int, message: str, **headers: str) -> Reply:
    """The answer of a Heyho server to a batch that was not."""
    return reply(status, {"success": False, "message": message}, **headers)


async def healthy(server: ScriptedServer, body: Record) -> Reply:
    """Takes the batch."""
    return await server.take(body)


def says(status: int, message: str = "no", **headers: str) -> Fault:
    """Answers with a status and nothing else."""

    async def fault(_server: ScriptedServer, _body: Record) -> Reply:
        return refusal(status, message, **headers)

    return fault


def writes(status: int, text: Any) -> Fault:
    """Answers with any text at all."""

    async def fault(_server: ScriptedServer, _body: Record) -> Reply:
        return Reply(status, {}, text)

    return fault


garbage = writes(200, "<html><h1>Welcome to the hotel</h1></html>")


async def unreachable(_server: ScriptedServer, _body: Record) -> Reply:
    """The connection breaks before the server has read the batch."""
    raise Unreachable("Your server could not be reached.")


async def loses_reply(server: ScriptedServer, body: Record) -> Reply:
    """The connection breaks after the server has stored the batch."""
    await server.take(body)
    raise Unreachable("Your server could not be reached.")


async def silent(_server: ScriptedServer, _body: Record) -> Reply:
    """Never answers."""
    await asyncio.sleep(1e6)
    raise AssertionError("somebody waited for this")


async def forgetful(server: ScriptedServer, body: Record) -> Reply:
    """Takes all visits but the first, and accounts for no more than those."""
    return await server.take({**body, "pageVisits": body["pageVisits"][1:]})
