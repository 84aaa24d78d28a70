"""The stores of `heyho.ports` on IndexedDB.

Visits stay JavaScript objects from the database to the request's body: crossing the bridge for
each of them would cost several times as much as all the rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

import js

from heyho.browser.idb import Database, Transaction, between
from heyho.browser.interop import to_object, to_value
from heyho.browser.pressure import MemoryPressure
from heyho.model import Rejection, SeqRange
from heyho.ports import Record
from heyho.ports.stores import FoldStep, Payload
from heyho.sync.ledger import Ledger, unknown_rejection


class IdbEventLog:
    """EventLog on the stores `events`, `visits` and `state`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def fold(self, step: FoldStep, *, limit: int) -> int:
        folded = 0

        def body(transaction: Transaction) -> None:
            events, state = transaction.store("events"), transaction.store("state")
            visits = transaction.store("visits")
            keys = events.getAllKeys(None, limit)
            values = events.getAll(None, limit)

            def write(before: Any) -> None:
                nonlocal folded
                pairs = list(zip(to_value(keys.result), to_value(values.result), strict=True))
                if not pairs:
                    return
                outcome = step(to_value(before), pairs)
                for visit in outcome.visits:
                    # Ids are made from the event: the same id is the same visit, stored before.
                    transaction.tolerate(visits.add(to_object(visit)), "ConstraintError")
                state.put(to_object(outcome.state), "fold")
                events.delete(between(pairs[0][0], pairs[-1][0]))
                folded = len(pairs)

            transaction.then(state.get("fold"), write)

        await self._database.transact(["events", "visits", "state"], "readwrite", body)
        return folded


class IdbVisitStore:
    """VisitStore on the store `visits`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pressure = MemoryPressure()

    async def bounds(self) -> SeqRange | None:
        def key(cursor: Any) -> int | None:
            return cursor.key if cursor else None

        first, last = await asyncio.gather(
            *(
                self._database.ask("visits", partial(_end, direction=direction), key)
                for direction in ("next", "prev")
            )
        )
        return SeqRange(first, last) if first is not None and last is not None else None

    async def count(self, seqs: SeqRange) -> int:
        found = await self._database.ask(
            "visits", lambda visits: visits.count(between(seqs.first, seqs.last))
        )
        return int(found)

    async def count_of(self, domain: str) -> int:
        found = await self._database.ask(
            "visits", lambda visits: visits.index("domain").count(domain)
        )
        return int(found)

    async def payload(self, seqs: SeqRange, *, client_id: str) -> Payload:
        def pack(rows: Any) -> tuple[int, str | None, Any]:
            body = to_object({"anonymousClientId": client_id, "tabAggregates": []})
            body.pageVisits = rows
            gzip = js.CompressionStream.new("gzip")
            stream = js.Response.json(body).body.pipeThrough(gzip)
            only_id = rows[0].id if rows.length == 1 else None
            return rows.length, only_id, js.Response.new(stream).arrayBuffer()

        count, only_id, buffer = await self._database.ask(
            "visits", lambda visits: visits.getAll(between(seqs.first, seqs.last)), pack
        )
        gzipped = await buffer
        # A gzip file ends with the size of what it holds, modulo 2**32 (RFC 1952, ISIZE).
        size = js.DataView.new(gzipped, gzipped.byteLength - 4).getUint32(0, True)
        self._pressure.add(size)
        return Payload(
            visits=count,
            json_bytes=size,
            sent_bytes=gzipped.byteLength,
            only_id=only_id,
            body=gzipped,
        )


def _end(store: Any, *, direction: str) -> Any:
    return store.openKeyCursor(None, direction)


class IdbLedgerStore:
    """LedgerStore on the stores `state` and `rejected`; the state's key is `ledger`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ledger(self, destination: str) -> Ledger:
        ledgers = to_value(await self._database.ask("state", lambda state: state.get("ledger")))
        return Ledger.from_record((ledgers or {}).get(destination, ()))

    async def acknowledge(
        self,
        destination: str,
        ranges: Sequence[SeqRange],
        rejections: Sequence[Rejection],
        *,
        at_ms: float,
    ) -> None:
        def body(transaction: Transaction) -> None:
            state = transaction.store("state")

            def write(stored: Any) -> None:
                ledgers = to_value(stored) or {}
                ledger = Ledger.from_record(ledgers.get(destination, ()))
                ledgers[destination] = ledger.acknowledge_all(ranges).to_record()
                state.put(to_object(ledgers), "ledger")

            transaction.then(state.get("ledger"), write)
            for rejection in rejections:
                self._quarantine(transaction, rejection, Ledger.of(ranges), at_ms)

        stores = ["state", "visits", "rejected"] if rejections else ["state"]
        await self._database.transact(stores, "readwrite", body)

    async def quarantined(self) -> int:
        return int(await self._database.ask("rejected", lambda rejected: rejected.count()))

    async def quarantine(self, limit: int) -> list[Record]:
        # Ids begin with the time of their visit, so that the last keys are the latest visits'.
        return [record for _, record in await _last(self._database, "rejected", limit)]

    def _quarantine(
        self, transaction: Transaction, rejection: Rejection, among: Ledger, at_ms: float
    ) -> None:
        def write(record: Any) -> None:
            if not record or record.seq not in among:
                raise unknown_rejection(rejection)
            row = to_object({"id": rejection.record_id, "reason": rejection.reason, "when": at_ms})
            row.record = record
            transaction.store("rejected").put(row)

        by_id = transaction.store("visits").index("id")
        transaction.then(by_id.get(rejection.record_id), write)


class IdbStateStore:
    """StateStore on the store `state`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, key: str) -> Any:
        return to_value(await self._database.ask("state", lambda state: state.get(key)))

    async def put(self, key: str, value: Any) -> None:
        def body(transaction: Transaction) -> None:
            transaction.store("state").put(to_object(value), key)

        await self._database.transact(["state"], "readwrite", body)


class IdbRunStore:
    """RunStore on the store `runs`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, run: Record, *, keep: int, keep_spans: int) -> None:
        def body(transaction: Transaction) -> None:
            runs = transaction.store("runs")

            def forget(key: int) -> None:
                if key > keep:
                    runs.delete(js.IDBKeyRange.upperBound(key - keep))
                if key > keep_spans:
                    transaction.then(runs.get(key - keep_spans), partial(shorten, key - keep_spans))

            def shorten(key: int, old: Any) -> None:
                if old:
                    old.spans = js.Array.new()
                    runs.put(old, key)

            transaction.then(runs.add(to_object(run)), forget)

        await self._database.transact(["runs"], "readwrite", body)

    async def latest(self, limit: int, *, before: int | None = None) -> list[tuple[int, Record]]:
        within = None if before is None else js.IDBKeyRange.upperBound(before, True)
        return await _last(self._database, "runs", limit, within)


async def _last(
    database: Database, store: str, limit: int, within: Any = None
) -> list[tuple[Any, Record]]:
    """The last `limit` rows of a store in a range of keys, the last one first, with their keys."""
    found: list[tuple[Any, Record]] = []

    def body(transaction: Transaction) -> None:
        rows = transaction.store(store)

        def read(keys: Any) -> None:
            wanted = to_value(keys)[-limit:]
            if wanted:
                values = rows.getAll(between(wanted[0], wanted[-1]))
                transaction.then(values, partial(take, wanted))

        def take(keys: list[Any], values: Any) -> None:
            found.extend(zip(reversed(keys), reversed(to_value(values)), strict=True))

        transaction.then(rows.getAllKeys(within), read)

    await database.transact([store], "readonly", body)
    return found
