"""The stores on IndexedDB, for the contract suite. Runs in Pyodide, in a page."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from typing import Any

import js

from contract import store_contract
from heyho.browser.idb import Database, Transaction
from heyho.browser.interop import to_object, to_value
from heyho.browser.stores import (
    IdbEventLog,
    IdbLedgerStore,
    IdbRunStore,
    IdbStateStore,
    IdbVisitStore,
)
from heyho.ports import Record


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
