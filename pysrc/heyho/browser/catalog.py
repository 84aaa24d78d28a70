"""CatalogStore on the stores `words`, `days`, `visits`; and the device's local time.

Rows of blocks are bytes, and days are JSON as text: what is made and read in Python alone crosses
the bridge fastest as one piece.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import js
from pyodide.ffi import to_js

from heyho.browser.idb import Database, Transaction, between
from heyho.browser.interop import to_object, to_value
from heyho.browser.pressure import MemoryPressure
from heyho.ports import Record
from heyho.ports.catalog import CATALOG_FIELDS, CatalogChange, Outdated

CHANGED_STORES = ("state", "words", "days")
"""What a transaction in which `apply` is called must have."""
_STRETCH = 4
"""Up to so many rows for each one that is wanted are read at once rather than one by one."""


def apply(transaction: Transaction, change: CatalogChange) -> None:
    """Write a change of the catalog as a part of a transaction, which Outdated undoes."""

    def write(stored: Any) -> None:
        if (stored.revision if stored else 0) != change.expects:
            raise Outdated
        state.put(to_object(change.catalog), "catalog")
        for key, value in change.state.items():
            state.put(to_object(value), key)
        for block in change.drop:
            words.delete(_rows_of(block))
        for (block, name), row in change.rows.items():
            words.put(to_js(row), js.Array.of(block, name))
        if change.clear_days:
            days.clear()
        for day, record in change.days.items():
            if record is None:
                days.delete(day)
            else:
                days.put(json.dumps(record, separators=(",", ":")), day)

    state, words, days = (transaction.store(name) for name in CHANGED_STORES)
    transaction.then(state.get("catalog"), write)


class IdbCatalogStore:
    """CatalogStore on IndexedDB."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pressure = MemoryPressure()
        self._fields = to_object(list(CATALOG_FIELDS))

    async def rows(self, keys: Sequence[tuple[int, str]]) -> list[bytes | None]:
        arrays = [js.Array.of(block, name) for block, name in keys]
        return [_bytes(row) for row in await self._get_all("words", arrays)]

    async def block(self, block: int) -> dict[str, bytes]:
        names: list[str] = []
        rows: list[bytes] = []

        def body(transaction: Transaction) -> None:
            words = transaction.store("words")

            def take(result: Any) -> None:
                names.extend(key[1] for key in keys.result)
                rows.extend(row.to_bytes() for row in result)

            keys = words.getAllKeys(_rows_of(block))
            transaction.then(words.getAll(_rows_of(block)), take)

        await self._database.transact(["words"], "readonly", body)
        return dict(zip(names, rows, strict=True))

    async def days(self, days: Sequence[str]) -> list[Record | None]:
        return [json.loads(row) if row else None for row in await self._get_all("days", days)]

    async def days_between(self, first: str, last: str) -> dict[str, Record]:
        names: list[str] = []
        text = ""

        def body(transaction: Transaction) -> None:
            days = transaction.store("days")

            def take(result: Any) -> None:
                nonlocal text
                names.extend(to_value(keys.result))
                text = result.join(",")

            keys = days.getAllKeys(_range(first, last))
            transaction.then(days.getAll(_range(first, last)), take)

        await self._database.transact(["days"], "readonly", body)
        return dict(zip(names, json.loads(f"[{text}]"), strict=True))

    async def write(self, change: CatalogChange) -> None:
        await self._database.transact(
            CHANGED_STORES, "readwrite", lambda transaction: apply(transaction, change)
        )

    async def visits(self, seqs: Sequence[int]) -> list[Record | None]:
        if not seqs:
            return []
        first, last = min(seqs), max(seqs)
        if last - first < _STRETCH * len(seqs):
            stretch = await self._pick(lambda visits: visits.getAll(between(first, last)))
            by_seq = {visit["seq"]: visit for visit in stretch}
            return [by_seq.get(seq) for seq in seqs]
        found = js.Array.new()
        for row in await self._get_all("visits", seqs):
            found.push(row)
        picked: list[Record | None] = json.loads(js.JSON.stringify(found, self._fields))
        return picked

    async def after(self, seq: int, *, limit: int) -> list[Record]:
        later = js.IDBKeyRange.lowerBound(seq, True)
        return await self._pick(lambda visits: visits.getAll(later, limit))

    async def count_after(self, seq: int, *, most: int) -> int:
        # `count` would go through all of them.
        later = js.IDBKeyRange.lowerBound(seq, True)
        count = await self._database.ask(
            "visits", lambda visits: visits.getAllKeys(later, most), lambda keys: keys.length
        )
        if count < most:
            return int(count)
        last = await self._database.ask(
            "visits", lambda visits: visits.openKeyCursor(None, "prev"), lambda cursor: cursor.key
        )
        return int(max(last - seq, count))

    async def by_id(self, visit_id: str) -> Record | None:
        found = await self._pick(lambda visits: visits.index("id").getAll(visit_id, 1))
        return found[0] if found else None

    async def begun_between(self, first: float, last: float, *, limit: int) -> list[Record]:
        def request(visits: Any) -> Any:
            return visits.index("startedAt").getAll(_range(first, last), limit)

        return await self._pick(request) if first <= last else []

    async def _get_all(self, store: str, keys: Sequence[Any]) -> list[Any]:
        """What is under each of some keys."""
        requests: list[Any] = []

        def ask(rows: Any) -> Any:
            requests.extend(map(rows.get, keys))
            return requests[-1]

        if keys:  # requests of a transaction are answered in their order
            await self._database.ask(store, ask)
        return [request.result for request in requests]

    async def _pick(self, request: Callable[[Any], Any]) -> list[Record]:
        """The fields that the catalog wants of what a request finds."""

        def read(rows: Any) -> list[Record]:
            text = js.JSON.stringify(rows, self._fields)
            self._pressure.add(len(text))
            picked: list[Record] = json.loads(text)
            return picked

        found: list[Record] = await self._database.ask("visits", request, read)
        return found


class SystemCalendar:
    """The device's local time."""

    def zone(self) -> str:
        return str(js.Intl.DateTimeFormat.new().resolvedOptions().timeZone)

    def offset_min(self, at_ms: float) -> int:
        return -int(js.Date.new(at_ms).getTimezoneOffset())


def _bytes(row: Any) -> bytes | None:
    return row.to_bytes() if row is not None else None


def _rows_of(block: int) -> Any:
    return _range(js.Array.of(block), js.Array.of(block + 1))


def _range(first: Any, last: Any) -> Any:
    return js.IDBKeyRange.bound(first, last)
