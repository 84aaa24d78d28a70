"""The start of a run as the engine does it, up to its first request. Runs in Pyodide, in a page."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import js

from heyho.browser.extension import SystemClock
from heyho.browser.idb import Database
from heyho.browser.interop import to_object
from heyho.browser.stores import IdbLedgerStore, IdbRunStore, IdbStateStore, IdbVisitStore
from heyho.model import SeqRange
from heyho.ports.device import Conditions
from heyho.ports.network import Reply
from heyho.ports.stores import Payload
from heyho.remote import RemoteWorker
from heyho.settings import Settings
from heyho.sync.sending import Means
from heyho.sync.synchronizer import Synchronizer

SETTINGS = Settings(server_url="http://localhost/api/v1", token="t", strategy="concurrent")


async def plan(raw: Any, gaps: int, every: int) -> Any:
    """Start a run; returns the seconds to its first batch, and how many visits that had.

    Args:
        raw: an IDBDatabase.
        gaps: how many stretches of acknowledged visits there are.
        every: how many visits lie from the start of one to the start of the next.
    """
    database = Database(raw)
    acknowledged = [SeqRange(at * every + 1, at * every + every // 2) for at in range(gaps)]
    ledgers = {SETTINGS.destination: [[each.first, each.last] for each in acknowledged]}
    await IdbStateStore(database).put("ledger", ledgers)
    server = _Server()
    synchronizer = Synchronizer(
        means=Means(
            clock=SystemClock(),
            visits=IdbVisitStore(database),
            ledger=IdbLedgerStore(database),
            transport=server,
            workers=_NoWorkers(),
            conditions=Conditions,
            random=Random(1),
        ),
        state=IdbStateStore(database),
        runs=IdbRunStore(database),
    )
    begun = js.performance.now()
    running = asyncio.ensure_future(
        synchronizer.run(SETTINGS, trigger="manual", client_id="seeded", announce=lambda _: None)
    )
    visits = await server.asked
    took = (js.performance.now() - begun) / 1000
    synchronizer.cancel()
    await running
    return to_object([took, visits])


class _Server:
    """Has no limits to tell, and answers no batch."""

    def __init__(self) -> None:
        self.asked: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def get(self, url: str, *, token: str | None, timeout_s: float) -> Reply:
        return Reply(status=404, headers={}, text="")

    async def post(
        self, url: str, payload: Payload, *, token: str, timeout_s: float, trial: bool = False
    ) -> Reply:
        if not self.asked.done():
            self.asked.set_result(payload.visits)
        await asyncio.Event().wait()
        raise AssertionError


class _NoWorkers:
    def start(self) -> RemoteWorker:
        raise AssertionError("no worker is asked for")
