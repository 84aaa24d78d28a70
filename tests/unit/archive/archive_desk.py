"""An archive on stores in memory, with an engine that can be killed."""

from __future__ import annotations

import asyncio
from typing import Any

from heyho.archive.service import Archive, ArchivePorts
from heyho.catalog.service import CatalogService
from heyho.ports import Record
from heyho.ports.network import Reply
from heyho.service import Ports
from heyho.testing.archive import MemoryArchiveStore, MemoryFiles, MemoryHistory
from heyho.testing.browser import MemoryBrowser
from heyho.testing.catalog import MemoryCalendar, MemoryCatalogStore
from heyho.testing.loop import LoopClock
from heyho.testing.network import MemoryTransport, MemoryWorkers, reply
from heyho.testing.stores import (
    MemoryDatabase,
    MemoryEventLog,
    MemoryLedgerStore,
    MemoryRunStore,
    MemoryStateStore,
    MemoryVisitStore,
)

NOW = 1_795_000_000_000
DAY = 86_400_000


def visit(number: int, **changes: Any) -> Record:
    """A visit as the recorder makes it: one a day, the latest yesterday."""
    site = f"site-{number % 3}.example"
    started_at = NOW - DAY * (number + 1)
    return {
        "id": f"visit-{number}",
        "url": f"https://{site}/{number}",
        "title": f"Page {number}",
        "domain": site,
        "startedAt": started_at,
        "endedAt": started_at + 900,
        "durationSeconds": 0.9,
        "activeDuration": 500,
        "engagementRate": 0.5555555555555556,
        "idlePeriods": [],
        "tabId": 1,
        "windowId": 1,
        "transition": "link",
        "sourcePageVisitId": None,
        "anonymousClientId": "device",
        **changes,
    }


class Desk:
    """An engine's archive, and what it stands on. `restart` makes another on the same database."""

    def __init__(self, visits: int = 0, history: MemoryHistory | None = None) -> None:
        self.database = MemoryDatabase(state={"device": "device"})
        self.database.append_visits(visit(number) for number in range(visits))
        self.history = history or MemoryHistory()
        self.files = MemoryFiles({}, piece=1000)
        self.browser = MemoryBrowser()
        self.asked: list[tuple[str, Record | None]] = []
        self.status = 200
        self.halted = 0
        self.offset_ms = 0.0
        self.restart()

    def restart(self) -> None:
        """Another engine."""
        transport = MemoryTransport(self._server)
        database = self.database
        clock = LoopClock(NOW + self.offset_ms)
        self.catalog = CatalogService(
            clock=clock,
            store=MemoryCatalogStore(database),
            state=MemoryStateStore(database),
            calendar=MemoryCalendar(),
        )
        self.ports = Ports(
            clock=clock,
            events=MemoryEventLog(database),
            visits=MemoryVisitStore(database),
            ledger=MemoryLedgerStore(database),
            state=MemoryStateStore(database),
            runs=MemoryRunStore(database),
            transport=transport,
            workers=MemoryWorkers(database, self._server),
            browser=self.browser,
        )
        self.archive_ports = ArchivePorts(
            store=MemoryArchiveStore(database),
            history=self.history,
            files=self.files,
            caller=transport,
            catalog=self.catalog,
        )
        self.archive = Archive(
            self.ports,
            self.archive_ports,
            halt=self._halt,
            let_go=lambda: None,
            resume=self._resume,
        )

    async def ask(self, kind: str, **fields: Any) -> Record:
        """Have a request answered."""
        return await self.archive.handlers[kind]({"kind": kind, **fields})

    async def work(self) -> None:
        """Let it do what can wait."""
        while await self.archive.step() or await self.archive.orders.step():
            pass

    async def import_file(self, content: str | bytes, **fields: Any) -> Record:
        """Import a file to its end."""
        data = content.encode() if isinstance(content, str) else content
        self.files.files["blob:x"] = data
        await self.ask("import", source="file", url="blob:x", size=len(data), **fields)
        await self.work()
        job: Record = (await self.ask("archive"))["job"]
        return job

    async def import_history(self) -> Record:
        """Import the browser's own history to its end."""
        await self.ask("import", source="history")
        await self.work()
        job: Record = (await self.ask("archive"))["job"]
        return job

    async def export(self, form: str, **query: Any) -> str:
        """Everything, or what a query means."""
        parts, after = [], None
        while True:
            told = await self.ask(
                "export", format=form, after=after, query=query or {"everything": True}
            )
            parts.append(told["text"])
            after = told["after"]
            if after is None:
                return "".join(parts)

    def visits(self) -> list[Record]:
        """All visits by their number."""
        return [self.database.visits[seq] for seq in sorted(self.database.visits)]

    async def _halt(self) -> bool:
        await asyncio.sleep(0)
        self.halted += 1
        return False

    async def _resume(self) -> None:
        raise AssertionError("nothing was halted")

    async def _server(self, method: str, url: str, body: Record | None, token: str | None) -> Reply:
        self.asked.append((url, body))
        return reply(self.status, {"deletedAt": 1} if self.status == 200 else {})


def bare(visits: list[Record]) -> list[Record]:
    """Visits without the number that the store has given them, by id."""
    return sorted(
        ({k: v for k, v in each.items() if k != "seq"} for each in visits), key=lambda v: v["id"]
    )
