"""Twins of the archive's ports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from copy import deepcopy
from types import SimpleNamespace

from heyho.archive.selection import Selection, drop_open
from heyho.errors import HeyhoError
from heyho.ports import Record
from heyho.ports.archive import Added, Found, Old, Thrown
from heyho.ports.catalog import CatalogChange
from heyho.sync.ledger import Ledger
from heyho.testing.stores import MemoryDatabase


class MemoryArchiveStore:
    """ArchiveStore in memory."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def add(self, visits: Sequence[Record], *, near_ms: int) -> Added:
        database = self._database
        async with database.transaction():
            known = doubled = 0
            stored = list(database.visits.values())
            ids = {visit["id"] for visit in stored}
            tabs = (database.state.get("fold") or {}).get("tabs", ())
            seen = [visit for visit in stored if visit.get("tabId") is not None]
            seen += [tab["visit"] for tab in tabs if tab.get("visit")]
            for visit in visits:
                if visit["id"] in ids:
                    known += 1
                elif visit.get("tabId") is None and _is_near(visit, seen, near_ms):
                    doubled += 1
                else:
                    ids.add(visit["id"])
                    database.append_visits([visit])
        return Added(len(visits) - known - doubled, known, doubled)

    async def read(
        self, selection: Selection, *, after: int, limit: int
    ) -> tuple[list[Record], int | None]:
        await asyncio.sleep(0)
        rows, following = self._rows(after, limit)
        return deepcopy(_meant(selection, rows)), following

    async def find(self, selection: Selection, *, after: int, limit: int) -> Found:
        await asyncio.sleep(0)
        rows, following = self._rows(after, limit)
        meant = _meant(selection, rows)
        times = [row["startedAt"] for row in meant]
        return Found(
            len(meant),
            min(times, default=None),
            max(times, default=None),
            frozenset(row["domain"] for row in meant),
            following,
        )

    def _rows(self, after: int, limit: int) -> tuple[list[Record], int | None]:
        visits = self._database.visits
        seqs = sorted(seq for seq in visits if seq > after)[:limit]
        following = seqs[-1] if len(seqs) == limit else None
        return [visits[seq] for seq in seqs], following

    async def delete(self, deletion: Record, *, meant: Selection) -> None:
        state = self._database.state
        async with self._database.transaction():
            last = max(self._database.visits, default=0)
            state["deletion"] = {**deepcopy(deletion), "last": last}
            if fold := state.get("fold"):
                drop_open(fold, meant)

    async def move(
        self, seqs: Sequence[int], *, after: int | None, change: CatalogChange | None = None
    ) -> None:
        database = self._database
        async with database.transaction():
            deletion = database.state.get("deletion")
            if not deletion or deletion["phase"] != "moving":
                return
            if change is not None:
                database.change_catalog(change)
            for seq in seqs:
                self._throw(database.visits[seq])
            deletion["visits"] += len(seqs)
            if after is None:
                deletion["phase"] = "kept"
            else:
                deletion["after"] = after

    def _throw(self, row: Record) -> None:
        database = self._database
        ledgers = database.state.get("ledger", {})
        database.trash[row["seq"]] = {
            "visit": database.visits.pop(row["seq"]),
            "refused": database.rejected.pop(row["id"], None),
            "sentTo": [
                name for name, told in ledgers.items() if row["seq"] in Ledger.from_record(told)
            ],
        }

    async def turn(self, phase: str, orders: Sequence[Record] = ()) -> Record | None:
        state = self._database.state
        async with self._database.transaction():
            if state.get("deletion"):
                state["deletion"]["phase"] = phase
            if orders:
                state["orders"] = [*(state.get("orders") or ()), *deepcopy(list(orders))]
        result: Record | None = deepcopy(state.get("deletion"))
        return result

    async def thrown(self, *, limit: int) -> list[Thrown]:
        await asyncio.sleep(0)
        ids = {visit["id"] for visit in self._database.visits.values()}
        bags = [self._database.trash[seq] for seq in sorted(self._database.trash)[:limit]]
        return [Thrown(deepcopy(bag["visit"]), bag["visit"]["id"] in ids) for bag in bags]

    async def copies(self, recorded: Sequence[Record], *, since: int, near_ms: int) -> list[Record]:
        await asyncio.sleep(0)
        seen = [visit for visit in recorded if visit.get("tabId") is not None]
        rows = [row for seq, row in self._database.visits.items() if seq > since]
        return [
            deepcopy(row)
            for row in rows
            if row.get("tabId") is None and _is_near(row, seen, near_ms)
        ]

    async def restore(self, seqs: Sequence[int], *, change: CatalogChange | None = None) -> None:
        database = self._database
        async with database.transaction():
            if change is not None:
                database.change_catalog(change)
            if not seqs:
                database.state["deletion"] = None
            ids = {visit["id"] for visit in database.visits.values()}
            bags = {seq: database.trash.pop(seq) for seq in seqs}
            for seq, bag in bags.items():
                if bag["visit"]["id"] not in ids:
                    database.visits[seq] = bag["visit"]
                if bag["refused"]:
                    database.rejected[bag["visit"]["id"]] = bag["refused"]
            ledgers = database.state.get("ledger", {})
            for name, told in ledgers.items():
                unsent = [seq for seq, bag in bags.items() if name not in bag["sentTo"]]
                ledgers[name] = Ledger.from_record(told).withdraw(unsent).to_record()

    async def forget(self, *, limit: int) -> int:
        database = self._database
        async with database.transaction():
            seqs = sorted(database.trash)[:limit]
            for seq in seqs:
                del database.trash[seq]
            if not seqs:
                database.state["deletion"] = None
        return len(seqs)

    async def old(self, *, after_ms: int, before_ms: int, limit: int) -> list[Old]:
        await asyncio.sleep(0)
        rows = sorted(self._database.visits.values(), key=lambda row: row["startedAt"])
        found = [row for row in rows if after_ms <= row["startedAt"] < before_ms]
        refused = self._database.rejected
        return [Old(deepcopy(row), row["id"] in refused) for row in found[:limit]]

    async def latest(self, *, before_ms: float | None = None) -> int | None:
        await asyncio.sleep(0)
        times = [row["startedAt"] for row in self._database.visits.values()]
        return max((at for at in times if before_ms is None or at < before_ms), default=None)

    async def drop(self, seqs: Sequence[int], *, change: CatalogChange | None = None) -> None:
        async with self._database.transaction():
            if change is not None:
                self._database.change_catalog(change)
            for seq in seqs:
                visit = self._database.visits.pop(seq, None)
                if visit:
                    self._database.rejected.pop(visit["id"], None)

    async def figures(self) -> Record:
        await asyncio.sleep(0)
        database = self._database
        counts = {
            "visits": len(database.visits),
            "events": len(database.events),
            "rejected": len(database.rejected),
            "runs": len(database.runs),
            "trash": len(database.trash),
            "words": len(database.words),
            "days": len(database.days),
        }
        return {**counts, "usage": None, "quota": None}


def _meant(selection: Selection, rows: Iterable[Record]) -> list[Record]:
    matches = selection.matcher()
    return [row for row in rows if matches(SimpleNamespace(**row))]


def _is_near(visit: Record, seen: Iterable[Record], near_ms: int) -> bool:
    return any(
        other["url"] == visit["url"] and abs(other["startedAt"] - visit["startedAt"]) <= near_ms
        for other in seen
    )


class MemoryHistory:
    """BrowserHistory of pages: `url`, `title` and `visits`."""

    def __init__(self, pages: Iterable[Record] = (), *, allowed: bool = True) -> None:
        self.pages = list(pages)
        self.allowed = allowed
        self.asked: list[tuple[int, int]] = []

    async def read(self, from_ms: int, to_ms: int, *, limit: int) -> list[Record] | None:
        await asyncio.sleep(0)
        self.asked.append((from_ms, to_ms))
        if not self.allowed:
            raise HeyhoError("Heyho may not read the browser's history.")
        found = []
        for page in self.pages:
            visits = [v for v in page["visits"] if from_ms <= v["visitTime"] < to_ms]
            if visits:
                found.append({**page, "visits": visits})
        return None if limit and len(found) >= limit else deepcopy(found)


class MemoryFiles:
    """Files by URL, read in pieces of some bytes."""

    def __init__(self, files: dict[str, bytes], *, piece: int = 65_536) -> None:
        self.files = files
        self._piece = piece

    async def read(self, url: str) -> AsyncIterator[bytes]:
        if url not in self.files:
            raise HeyhoError("The file cannot be read any more. Choose it once more.")
        content = self.files[url]
        for start in range(0, len(content), self._piece):
            await asyncio.sleep(0)
            yield content[start : start + self._piece]
