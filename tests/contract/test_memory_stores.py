"""The contract of the stores, on the in-memory twins."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from typing import Any

import pytest

from contract.store_contract import CONTRACTS, Contract, Stores
from heyho.ports import Record
from heyho.testing.catalog import MemoryCalendar, MemoryCatalogStore
from heyho.testing.loop import run_jumping
from heyho.testing.stores import (
    MemoryDatabase,
    MemoryEventLog,
    MemoryLedgerStore,
    MemoryRunStore,
    MemoryStateStore,
    MemoryVisitStore,
)


def stores_of(database: MemoryDatabase) -> Stores:
    """The in-memory twins on a database."""

    async def append(events: Sequence[Record]) -> None:
        database.append_events(events)

    async def runs() -> list[Record]:
        return list(database.runs.values())

    async def rejected() -> list[Record]:
        return list(database.rejected.values())

    async def decode(body: Any) -> Record:
        decoded: Record = json.loads(gzip.decompress(body))
        return decoded

    return Stores(
        events=MemoryEventLog(database),
        visits=MemoryVisitStore(database),
        ledger=MemoryLedgerStore(database),
        state=MemoryStateStore(database),
        catalog=MemoryCatalogStore(database),
        calendar=MemoryCalendar(-90),
        runs=MemoryRunStore(database),
        append_events=append,
        runs_kept=runs,
        rejected=rejected,
        decode=decode,
    )


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.__name__)
def test_in_memory(contract: Contract) -> None:
    run_jumping(contract(stores_of(MemoryDatabase())))  # type: ignore[arg-type]
