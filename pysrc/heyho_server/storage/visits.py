"""Visits and tab aggregates: stored once for each user and id, the latest version winning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, ColumnElement, Dialect, Table, func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import Insert

from heyho_server.aggregates import TabAggregate
from heyho_server.rows import VisitRow, to_json
from heyho_server.storage.devices import Caller
from heyho_server.storage.tables import devices, tab_aggregates, visits


@dataclass(frozen=True, slots=True)
class Summary:
    """What is stored for one user; the times are starts of visits, None where there are none."""

    visits: int
    tab_aggregates: int
    devices: int
    first_visit_at: int | None
    last_visit_at: int | None


async def store_visits(
    connection: AsyncConnection, caller: Caller, batch: Iterable[VisitRow], *, now_ms: int
) -> None:
    """Store visits. One that is stored already is replaced only by a version that ends later."""
    rows = [(caller.user_id, *row, now_ms) for row in batch]
    await _execute_many(connection, _UPSERT_VISIT, rows)


async def store_aggregates(
    connection: AsyncConnection, caller: Caller, batch: Iterable[TabAggregate], *, now_ms: int
) -> None:
    """Store tab aggregates, replaced only by one that was active later."""
    rows = [
        (
            caller.user_id,
            aggregate.id,
            aggregate.started_at,
            aggregate.last_active_at,
            to_json(aggregate.record),
            now_ms,
        )
        for aggregate in batch
    ]
    await _execute_many(connection, _UPSERT_AGGREGATE, rows)


async def summarize(connection: AsyncConnection, caller: Caller) -> Summary:
    """Count what is stored for the caller."""

    async def ask(what: ColumnElement[Any], table: Table, *where: ColumnElement[bool]) -> Any:
        mine = table.c.user_id == caller.user_id
        return await connection.scalar(select(what).select_from(table).where(mine, *where))

    # Asked one by one, each of the two ends is one step into the index.
    return Summary(
        visits=await ask(func.count(), visits),
        tab_aggregates=await ask(func.count(), tab_aggregates),
        devices=await ask(func.count(), devices, devices.c.revoked_at.is_(None)),
        first_visit_at=await ask(func.min(visits.c.started_at), visits),
        last_visit_at=await ask(func.max(visits.c.started_at), visits),
    )


async def _execute_many(
    connection: AsyncConnection, statement: Insert, rows: Sequence[tuple[object, ...]]
) -> None:
    """Insert rows that are in the order of the table's columns.

    Handed to the driver as they are: SQLAlchemy's own way, over a dictionary for each row, takes
    twice as long.
    """
    if rows:
        compiled = _compile(statement, connection.dialect)
        await connection.exec_driver_sql(compiled, list(rows))


@lru_cache(maxsize=8)
def _compile(statement: Insert, dialect: Dialect) -> str:
    return str(statement.compile(dialect=dialect))


def _upsert(table: Table, version: Column[Any]) -> Insert:
    """Insert; on a conflict replace the whole row, if the new one's version is larger.

    Rows of one call are taken in order, so that two versions in one batch meet as well.
    """
    keys: Sequence[Column[Any]] = list(table.primary_key)
    statement = sqlite.insert(table)
    return statement.on_conflict_do_update(
        index_elements=keys,
        set_={c.name: statement.excluded[c.name] for c in table.columns if c not in keys},
        where=statement.excluded[version.name] > version,
    )


_UPSERT_VISIT = _upsert(visits, visits.c.ended_at)
_UPSERT_AGGREGATE = _upsert(tab_aggregates, tab_aggregates.c.last_active_at)
