"""ArchiveStore on IndexedDB."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

import js
from pyodide.ffi import JsException

from heyho.archive.selection import Selection, drop_open
from heyho.browser.catalog import CHANGED_STORES, apply
from heyho.browser.idb import Database, Transaction, between, beyond
from heyho.browser.interop import to_object, to_value
from heyho.browser.trash import Moving, Restoring, following
from heyho.ports import Record
from heyho.ports.archive import Added, Found, Old, Thrown
from heyho.ports.catalog import CatalogChange

STORES = ("visits", "events", "rejected", "runs", "trash", "words", "days")


class IdbArchiveStore:
    """ArchiveStore on the stores `visits`, `trash`, `rejected` and `state`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, visits: Sequence[Record], *, near_ms: int) -> Added:
        known = doubled = 0

        def body(transaction: Transaction) -> None:
            store = transaction.store("visits")
            rows = to_object(list(visits))
            near = _Neighbours(near_ms)
            refuse = transaction.tolerating("ConstraintError", count)

            def write(fold: Any) -> None:
                nonlocal known, doubled
                for tab in (to_value(fold) or {}).get("tabs", ()):
                    if tab.get("visit"):
                        near.meet(tab["visit"]["url"], tab["visit"]["startedAt"])
                for visit, row in zip(visits, rows, strict=True):
                    if visit["id"] in near.ids:
                        known += 1
                    elif visit.get("tabId") is None and near.has(visit["url"], visit["startedAt"]):
                        doubled += 1
                    else:
                        store.add(row).onerror = refuse

            index = store.index("startedAt")
            for first, last in near.spans([visit["startedAt"] for visit in visits]):
                transaction.then(index.getAll(between(first, last)), near.meet_all)
            # The last request: by its answer those before it are answered.
            transaction.then(transaction.store("state").get("fold"), write)

        def count() -> None:
            nonlocal known
            known += 1

        await self._database.transact(["visits", "state"], "readwrite", body)
        return Added(len(visits) - known - doubled, known, doubled)

    async def read(
        self, selection: Selection, *, after: int, limit: int
    ) -> tuple[list[Record], int | None]:
        matches = selection.matcher()

        def pick(rows: Any) -> tuple[list[Record], int | None]:
            found = rows
            if not selection.is_everything:
                found = js.Array.new()
                for row in rows:
                    if matches(row):
                        found.push(row)
            return to_value(found), following(rows, limit)

        result: tuple[list[Record], int | None] = await self._database.ask(
            "visits", lambda visits: visits.getAll(beyond(after), limit), pick
        )
        return result

    async def find(self, selection: Selection, *, after: int, limit: int) -> Found:
        matches = selection.matcher()

        def tally(rows: Any) -> Found:
            visits, times, sites = 0, [], set()
            for row in rows:
                if matches(row):
                    visits += 1
                    times.append(row.startedAt)
                    sites.add(row.domain)
            return Found(
                visits,
                min(times, default=None),
                max(times, default=None),
                frozenset(sites),
                following(rows, limit),
            )

        found: Found = await self._database.ask(
            "visits", lambda visits: visits.getAll(beyond(after), limit), tally
        )
        return found

    async def delete(self, deletion: Record, *, meant: Selection) -> None:
        def body(transaction: Transaction) -> None:
            state = transaction.store("state")

            def begin(cursor: Any) -> None:
                last = cursor.key if cursor else 0
                state.put(to_object({**deletion, "last": last}), "deletion")

            def drop(stored: Any) -> None:
                if fold := to_value(stored):
                    drop_open(fold, meant)
                    state.put(to_object(fold), "fold")

            transaction.then(transaction.store("visits").openKeyCursor(None, "prev"), begin)
            transaction.then(state.get("fold"), drop)

        await self._database.transact(["visits", "state"], "readwrite", body)

    async def move(
        self, seqs: Sequence[int], *, after: int | None, change: CatalogChange | None = None
    ) -> None:
        moving = Moving(seqs, after, change)
        await self._database.transact(moving.STORES, "readwrite", moving.body)

    async def turn(self, phase: str, orders: Sequence[Record] = ()) -> Record | None:
        result: Record | None = None

        def body(transaction: Transaction) -> None:
            state = transaction.store("state")

            def write(stored: Any) -> None:
                nonlocal result
                result = to_value(stored)
                if result:
                    result["phase"] = phase
                    state.put(to_object(result), "deletion")

            def append(stored: Any) -> None:
                state.put(to_object([*(to_value(stored) or ()), *orders]), "orders")

            transaction.then(state.get("deletion"), write)
            if orders:
                transaction.then(state.get("orders"), append)

        await self._database.transact(["state"], "readwrite", body)
        return result

    async def thrown(self, *, limit: int) -> list[Thrown]:
        found: list[Thrown] = []

        def body(transaction: Transaction) -> None:
            ids = transaction.store("visits").index("id")

            def tell(visit: Record, count: int) -> None:
                found.append(Thrown(visit, count > 0))

            def take(bags: Any) -> None:
                for bag in to_value(bags):
                    visit = bag["visit"]
                    transaction.then(ids.count(visit["id"]), partial(tell, visit))

            transaction.then(transaction.store("trash").getAll(None, limit), take)

        await self._database.transact(["visits", "trash"], "readonly", body)
        return found

    async def copies(self, recorded: Sequence[Record], *, since: int, near_ms: int) -> list[Record]:
        near = _Neighbours(near_ms)
        seen = [visit for visit in recorded if visit.get("tabId") is not None]
        for visit in seen:
            near.meet(visit["url"], visit["startedAt"])
        found: list[Record] = []

        def pick(rows: Any) -> None:
            for row in rows:
                apart = row.seq <= since or isinstance(row.tabId, int)
                if not apart and near.has(row.url, row.startedAt):
                    found.append(to_value(row))

        def body(transaction: Transaction) -> None:
            index = transaction.store("visits").index("startedAt")
            for first, last in near.spans([visit["startedAt"] for visit in seen]):
                transaction.then(index.getAll(between(first, last)), pick)

        if seen:
            await self._database.transact(["visits"], "readonly", body)
        return found

    async def restore(self, seqs: Sequence[int], *, change: CatalogChange | None = None) -> None:
        restoring = Restoring(seqs, change)
        await self._database.transact(restoring.STORES, "readwrite", restoring.body)

    async def forget(self, *, limit: int) -> int:
        forgotten = 0

        def body(transaction: Transaction) -> None:
            trash = transaction.store("trash")

            def take(keys: Any) -> None:
                nonlocal forgotten
                forgotten = keys.length
                if forgotten:
                    trash.delete(between(keys[0], keys[forgotten - 1]))
                else:
                    transaction.store("state").put(None, "deletion")

            transaction.then(trash.getAllKeys(None, limit), take)

        await self._database.transact(["state", "trash"], "readwrite", body)
        return forgotten

    async def old(self, *, after_ms: int, before_ms: int, limit: int) -> list[Old]:
        found: list[Old] = []

        def body(transaction: Transaction) -> None:
            refused: set[str] = set()
            keys = transaction.store("rejected").getAllKeys()
            transaction.then(keys, refused.update)
            span = js.IDBKeyRange.bound(after_ms, before_ms, False, True)
            rows = transaction.store("visits").index("startedAt").getAll(span, limit)

            def take(rows: Any) -> None:
                found.extend(Old(row, row["id"] in refused) for row in to_value(rows))

            transaction.then(rows, take)

        if after_ms < before_ms:
            await self._database.transact(["visits", "rejected"], "readonly", body)
        return found

    async def latest(self, *, before_ms: float | None = None) -> int | None:
        span = None if before_ms is None else js.IDBKeyRange.upperBound(before_ms, True)
        found: int | None = await self._database.ask(
            "visits",
            lambda visits: visits.index("startedAt").openKeyCursor(span, "prev"),
            lambda cursor: int(cursor.key) if cursor else None,
        )
        return found

    async def drop(self, seqs: Sequence[int], *, change: CatalogChange | None = None) -> None:
        def body(transaction: Transaction) -> None:
            visits, rejected = transaction.store("visits"), transaction.store("rejected")
            if change is not None:
                apply(transaction, change)

            def gone(row: Any) -> None:
                if row:
                    rejected.delete(row.id)
                    visits.delete(row.seq)

            for seq in seqs:
                transaction.then(visits.get(seq), gone)

        await self._database.transact(["visits", "rejected", *CHANGED_STORES], "readwrite", body)

    async def figures(self) -> Record:
        counts = await asyncio.gather(
            *(self._database.ask(name, lambda store: store.count()) for name in STORES)
        )
        try:
            room = to_value(await js.navigator.storage.estimate())
        except JsException:
            room = {}
        return {
            **dict(zip(STORES, map(int, counts), strict=True)),
            "usage": room.get("usage"),
            "quota": room.get("quota"),
        }


class _Neighbours:
    """What there is near some times: ids, and what the recorder has, by address."""

    def __init__(self, near_ms: int) -> None:
        self.ids: set[str] = set()
        self._near_ms = near_ms
        self._starts: dict[str, list[int]] = {}

    def spans(self, times: Sequence[int]) -> list[tuple[int, int]]:
        """The times in which to look, as few of them as can be without looking far away."""
        spans: list[tuple[int, int]] = []
        for at in sorted(times):
            first, last = at - self._near_ms, at + self._near_ms
            if spans and first <= spans[-1][1] + 60_000:
                spans[-1] = (spans[-1][0], last)
            else:
                spans.append((first, last))
        return spans

    def meet_all(self, rows: Any) -> None:
        """Take in visits of the store."""
        for row in rows:
            self.ids.add(row.id)
            if isinstance(row.tabId, int):
                self.meet(row.url, row.startedAt)

    def meet(self, url: str, started_at: int) -> None:
        """Take in what the recorder has seen."""
        self._starts.setdefault(url, []).append(started_at)

    def has(self, url: str, started_at: int) -> bool:
        """Whether the recorder has this visit, as far as anyone can tell."""
        return any(abs(at - started_at) <= self._near_ms for at in self._starts.get(url, ()))
