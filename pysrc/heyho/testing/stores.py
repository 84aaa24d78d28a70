"""Twins of the stores, over one database in memory."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from heyho.model import Rejection, SeqRange
from heyho.ports import Record
from heyho.ports.catalog import CatalogChange, Outdated
from heyho.ports.stores import FoldStep, Payload
from heyho.sync.ledger import Ledger, unknown_rejection


@dataclass(slots=True)
class MemoryDatabase:
    """What the IndexedDB database holds; the twins of the stores share one.

    Attributes:
        transaction_s: how long a transaction takes to commit, and then to tell of it.
    """

    events: dict[int, Record] = field(default_factory=dict)
    visits: dict[int, Record] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    rejected: dict[str, Record] = field(default_factory=dict)
    runs: dict[int, Record] = field(default_factory=dict)
    trash: dict[int, Record] = field(default_factory=dict)
    words: dict[tuple[int, str], bytes] = field(default_factory=dict)
    days: dict[str, Record] = field(default_factory=dict)
    next_event: int = 1
    next_visit: int = 1
    next_run: int = 1
    transaction_s: float = 0.0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """The commit is the block, which awaits nothing: a kill falls before or after it."""
        await asyncio.sleep(self.transaction_s)
        yield
        await asyncio.sleep(self.transaction_s)

    def append_events(self, events: Iterable[Record]) -> None:
        """Add events as the recorder does."""
        for event in events:
            self.events[self.next_event] = deepcopy(event)
            self.next_event += 1

    def append_visits(self, visits: Iterable[Record]) -> None:
        """Add visits as the fold does; one whose id is known already is left out."""
        known = {visit["id"] for visit in self.visits.values()}
        for visit in visits:
            if visit["id"] not in known:
                known.add(visit["id"])
                self.visits[self.next_visit] = {**deepcopy(visit), "seq": self.next_visit}
                self.next_visit += 1

    def change_catalog(self, change: CatalogChange) -> None:
        """A change of the catalog, as a part of whatever transaction is under way."""
        if self.state.get("catalog", {}).get("revision", 0) != change.expects:
            raise Outdated
        for key in [key for key in self.words if key[0] in change.drop]:
            del self.words[key]
        self.words |= change.rows
        if change.clear_days:
            self.days.clear()
        for day, row in change.days.items():
            if row is None:
                self.days.pop(day, None)
            else:
                self.days[day] = deepcopy(row)
        self.state |= deepcopy({**change.state, "catalog": change.catalog})


class MemoryEventLog:
    """EventLog in memory."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def fold(self, step: FoldStep, *, limit: int) -> int:
        database = self._database
        async with database.transaction():
            pairs = sorted(database.events.items())[:limit]
            if pairs:
                folded = step(deepcopy(database.state.get("fold")), deepcopy(pairs))
                database.append_visits(folded.visits)
                database.state["fold"] = deepcopy(folded.state)
                for key, _ in pairs:
                    del database.events[key]
        return len(pairs)


class MemoryVisitStore:
    """VisitStore in memory."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def bounds(self) -> SeqRange | None:
        await asyncio.sleep(0)
        visits = self._database.visits
        return SeqRange(min(visits), max(visits)) if visits else None

    async def count(self, seqs: SeqRange) -> int:
        await asyncio.sleep(0)
        return len(self._within(seqs))

    async def count_of(self, domain: str) -> int:
        await asyncio.sleep(0)
        return sum(visit["domain"] == domain for visit in self._database.visits.values())

    async def payload(self, seqs: SeqRange, *, client_id: str) -> Payload:
        await asyncio.sleep(0)
        rows = self._within(seqs)
        body = {"anonymousClientId": client_id, "tabAggregates": [], "pageVisits": rows}
        text = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
        packed = gzip.compress(text)
        return Payload(
            visits=len(rows),
            json_bytes=len(text),
            sent_bytes=len(packed),
            only_id=rows[0]["id"] if len(rows) == 1 else None,
            body=packed,
        )

    def _within(self, seqs: SeqRange) -> list[Record]:
        visits = self._database.visits
        return [visits[seq] for seq in sorted(visits) if seqs.first <= seq <= seqs.last]


class MemoryLedgerStore:
    """LedgerStore in memory."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def ledger(self, destination: str) -> Ledger:
        await asyncio.sleep(0)
        return self._ledger(destination)

    def _ledger(self, destination: str) -> Ledger:
        return Ledger.from_record(self._database.state.get("ledger", {}).get(destination, ()))

    async def acknowledge(
        self,
        destination: str,
        ranges: Sequence[SeqRange],
        rejections: Sequence[Rejection],
        *,
        at_ms: float,
    ) -> None:
        async with self._database.transaction():
            self._acknowledge(destination, ranges, rejections, at_ms)

    def _acknowledge(
        self,
        destination: str,
        ranges: Sequence[SeqRange],
        rejections: Sequence[Rejection],
        at_ms: float,
    ) -> None:
        ledger = self._ledger(destination).acknowledge_all(ranges)
        acknowledged = Ledger.of(ranges)
        by_id = {
            visit["id"]: visit
            for seq, visit in self._database.visits.items()
            if seq in acknowledged
        }
        for rejection in rejections:
            if rejection.record_id not in by_id:
                raise unknown_rejection(rejection)
        self._database.state.setdefault("ledger", {})[destination] = ledger.to_record()
        for rejection in rejections:
            self._database.rejected[rejection.record_id] = {
                "id": rejection.record_id,
                "reason": rejection.reason,
                "when": at_ms,
                "record": deepcopy(by_id[rejection.record_id]),
            }

    async def quarantined(self) -> int:
        await asyncio.sleep(0)
        return len(self._database.rejected)

    async def quarantine(self, limit: int) -> list[Record]:
        await asyncio.sleep(0)
        rejected = self._database.rejected
        return [deepcopy(rejected[key]) for key in sorted(rejected, reverse=True)[:limit]]


class MemoryStateStore:
    """StateStore in memory."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def get(self, key: str) -> Any:
        await asyncio.sleep(0)
        return deepcopy(self._database.state.get(key))

    async def put(self, key: str, value: Any) -> None:
        async with self._database.transaction():
            self._database.state[key] = deepcopy(value)


class MemoryRunStore:
    """RunStore in memory."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def add(self, run: Record, *, keep: int, keep_spans: int) -> None:
        database = self._database
        async with database.transaction():
            database.runs[database.next_run] = deepcopy(run)
            if old := database.runs.get(database.next_run - keep_spans):
                old["spans"] = []
            for key in [key for key in database.runs if key <= database.next_run - keep]:
                del database.runs[key]
            database.next_run += 1

    async def latest(self, limit: int, *, before: int | None = None) -> list[tuple[int, Record]]:
        await asyncio.sleep(0)
        keys = [key for key in self._database.runs if before is None or key < before]
        return [(key, deepcopy(self._database.runs[key])) for key in sorted(keys)[-limit:][::-1]]
