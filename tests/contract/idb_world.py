"""The stores on IndexedDB, for the contract suite. Runs in Pyodide, in a page."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from typing import Any

import js

from contract import store_contract
from heyho.browser.catalog import IdbCatalogStore, SystemCalendar
from heyho.browser.idb import Database, Transaction
from heyho.browser.interop import to_object, to_value
from heyho.browser.stores import (
    IdbEventLog,
    IdbLedgerStore,
    IdbRunStore,
    IdbStateStore,
    IdbVisitStore,
)
from heyho.errors import StorageError
from heyho.ports import Record
from heyho.ports.stores import Folded


def stores_on(raw: Any) -> store_contract.Stores:
    """The stores of an open IDBDatabase."""
    database = Database(raw)

    async def append(events: Sequence[Record]) -> None:
        def body(transaction: Transaction) -> None:
            for event in events:
                transaction.store("events").add(to_object(event))

        await database.transact(["events"], "readwrite", body)

    async def everything(store: str) -> list[Record]:
        found: list[Record] = to_value(await database.ask(store, lambda rows: rows.getAll()))
        return found

    async def decode(body: Any) -> Record:
        stream = js.Blob.new([body]).stream().pipeThrough(js.DecompressionStream.new("gzip"))
        decoded: Record = to_value(await js.Response.new(stream).json())
        return decoded

    return store_contract.Stores(
        events=IdbEventLog(database),
        visits=IdbVisitStore(database),
        ledger=IdbLedgerStore(database),
        state=IdbStateStore(database),
        catalog=IdbCatalogStore(database),
        calendar=SystemCalendar(),
        runs=IdbRunStore(database),
        append_events=append,
        runs_kept=lambda: everything("runs"),
        rejected=lambda: everything("rejected"),
        decode=decode,
    )


async def check(name: str, raw: Any) -> str:
    """Run one contract; returns the traceback of its failure, or nothing."""
    try:
        await getattr(store_contract, name)(stores_on(raw))
    except Exception:
        return traceback.format_exc()
    return ""


async def add_and_fold(raw: Any) -> Any:
    """Add an event, and fold each into a visit; the failure's name, and how many visits there are.

    An event stays where its fold fails, and is folded with the next.
    """
    stores = stores_on(raw)
    await stores.append_events([{"kind": "heartbeat", "at": 1}])

    def step(state: Record | None, events: Sequence[tuple[int, Record]]) -> Folded:
        return Folded({}, [{"id": f"visit-{key}"} for key, _ in events])

    failure = ""
    try:
        await stores.events.fold(step, limit=10)
    except StorageError as error:
        failure = type(error).__name__
    bounds = await stores.visits.bounds()
    return to_object([failure, await stores.visits.count(bounds) if bounds else 0])
