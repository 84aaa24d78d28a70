"""A device: a browser with visits in its database, and a synchronizer."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from heyho.model import SeqRange, Visit
from heyho.ports import Record
from heyho.ports.device import Conditions
from heyho.settings import Settings
from heyho.sync.progress import Progress
from heyho.sync.sending import Means
from heyho.sync.synchronizer import RunResult, Synchronizer
from heyho.testing.loop import LoopClock
from heyho.testing.network import Answer, Doom, MemoryTransport, MemoryWorkers
from heyho.testing.stores import (
    MemoryDatabase,
    MemoryLedgerStore,
    MemoryRunStore,
    MemoryStateStore,
    MemoryVisitStore,
)
from heyho.wire import visit_to_record
from unit.sync.servers import TOKEN, ScriptedServer

SERVER = "https://heyho.example/api/v1"
DESTINATION = Settings(server_url=SERVER, token=TOKEN).destination
T0 = 1_700_000_000_000


def visit_record(number: int, **changes: Any) -> Record:
    """The record of a visit like any other, whose id and address tell its number."""
    fields: Record = {
        "id": f"visit-{number:04}",
        "url": f"https://site.example/{number}",
        "title": f"Page {number}",
        "domain": "site.example",
        "started_at": T0 + number * 1000,
        "ended_at": T0 + number * 1000 + 900,
    }
    return visit_to_record(Visit(**{**fields, **changes}))


class Device:
    """Keeps everything that a run leaves behind.

    Attributes:
        announced: the progress of the last run, as it was told step by step.
        progress: the same as it stands now.
        synchronizer: of the last run.
        dooms: what becomes of the workers that are started.
        workers: those that it has started.
    """

    def __init__(
        self,
        answer: Answer,
        *,
        visits: int = 0,
        database: MemoryDatabase | None = None,
        **settings: Any,
    ) -> None:
        self.database = database or MemoryDatabase()
        self.ledger_store = MemoryLedgerStore(self.database)
        self.announced: list[Record] = []
        self.clock = LoopClock()
        self.progress: Progress
        self._settings = {"serverUrl": SERVER, "token": TOKEN, **settings}
        self._answer = answer
        self._transport = MemoryTransport(answer)
        self.conditions = Conditions()
        self.dooms: Iterator[Doom] = iter(())
        self.synchronizer = self.restarted()
        self.visit(visits)

    def visit(self, count: int = 1, **changes: Any) -> list[str]:
        """Visit so many pages more; returns the visits' ids."""
        first = self.database.next_visit
        records = [visit_record(first + n, **changes) for n in range(count)]
        self.database.append_visits(records)
        return [record["id"] for record in records]

    async def sync(self, **changes: Any) -> RunResult:
        """One run, with some settings changed."""
        self.announced = []
        self.synchronizer = self.restarted()
        return await self.synchronizer.run(
            self.settings(**changes),
            trigger="manual",
            client_id="device",
            announce=self._announce,
        )

    def settings(self, **changes: Any) -> Settings:
        """The settings of a run, with some of them changed."""
        return Settings.from_record({**self._settings, **changes})

    def restarted(self) -> Synchronizer:
        """One that knows nothing but what is in the database."""
        self.workers = MemoryWorkers(self.database, self._answer, self.dooms)
        return Synchronizer(
            means=Means(
                clock=self.clock,
                visits=MemoryVisitStore(self.database),
                ledger=self.ledger_store,
                transport=self._transport,
                workers=self.workers,
                conditions=lambda: self.conditions,
                random=Random(0),
            ),
            state=MemoryStateStore(self.database),
            runs=MemoryRunStore(self.database),
        )

    def _announce(self, progress: Progress) -> None:
        self.progress = progress
        self.announced.append(progress.to_record(self.clock.now_ms()))

    @property
    def visits(self) -> dict[str, Record]:
        """Every visit ever recorded, by id."""
        return {record["id"]: record for record in self.database.visits.values()}

    @property
    def quarantine(self) -> dict[str, str]:
        """The reasons of the rejected visits, by id."""
        return {key: record["reason"] for key, record in self.database.rejected.items()}

    async def waiting(self, server_url: str = SERVER) -> list[str]:
        """The ids of the visits that this server has not acknowledged, oldest first."""
        destination = Settings(server_url=server_url, token=TOKEN).destination
        ledger = await self.ledger_store.ledger(destination)
        return [
            record["id"]
            for seq, record in sorted(self.database.visits.items())
            if seq not in ledger
        ]

    async def assert_ledger_is_true_to(self, server: ScriptedServer) -> None:
        """The ledger holds nothing that the server has neither stored nor rejected."""
        waiting = set(await self.waiting())
        for visit_id, record in self.visits.items():
            if visit_id not in waiting and visit_id not in self.quarantine:
                assert server.visits.get(visit_id) == record

    async def assert_all_is_on(self, server: ScriptedServer) -> None:
        """The server has every visit, as it was recorded, and the device knows it."""
        assert server.visits == self.visits
        ledger = await self.ledger_store.ledger(DESTINATION)
        last = self.database.next_visit - 1
        assert ledger.ranges == ((SeqRange(1, last),) if last else ())
        assert self.quarantine == {}
