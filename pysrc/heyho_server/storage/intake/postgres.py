"""Taking in on PostgreSQL: each delivery one transaction, each table one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import ARRAY, Table, Text, bindparam, func, select
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from heyho_server.errors import NotSignedIn
from heyho_server.incoming.batches import Batch
from heyho_server.storage.database import Database
from heyho_server.storage.intake.delivery import (
    SEEN_EVERY_MS,
    UPSERT_AGGREGATES,
    UPSERT_VISITS,
    Deletions,
    Delivery,
    Receipt,
    aggregate_rows,
    extent_of,
    ids_of,
    log_values,
    sift,
)
from heyho_server.storage.tables import (
    deleted_visits,
    deletions,
    devices,
    sync_log,
    tab_aggregates,
    users,
    visits,
)

Row = tuple[Any, ...]


class PostgresIntake:
    """Writes deliveries as they come; PostgreSQL itself commits many of them together.

    A statement takes a whole column as one array. Going row by row takes ten times as long.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def store(self, delivery: Delivery) -> Receipt:
        """Store a delivery whole, or not at all; it is on the disk when this returns.

        Raises:
            NotSignedIn: the user has been removed meanwhile.
        """
        async with self._database.write(keep=not delivery.trial) as connection:
            # Nobody removes the user, or deletes visits of theirs, until this is committed.
            held = select(users.c.id).where(users.c.id == delivery.caller.user_id)
            if await connection.scalar(held.with_for_update(read=True, key_share=True)) is None:
                raise NotSignedIn
            gone = await _deletions(connection, delivery)
            kept, receipt = sift(delivery.batch, gone)
            tabs = aggregate_rows(delivery.batch, gone)
            await _upsert(connection, delivery, _VISITS, kept)
            await _upsert(connection, delivery, _AGGREGATES, tabs)
            if delivery.request_id is not None:
                await _insert(connection, _LOG, [log_values(delivery, receipt)])
            # Senders of one device would wait for each other, each for the whole rest of this.
            mark = devices.update().where(
                devices.c.id == delivery.caller.device_id,
                devices.c.last_seen_at.is_(None)
                | (devices.c.last_seen_at < delivery.at - SEEN_EVERY_MS),
            )
            await connection.execute(mark.values(last_seen_at=delivery.at))
        return receipt


async def _deletions(connection: AsyncConnection, delivery: Delivery) -> Deletions:
    user_id = delivery.caller.user_id
    spans = await _spans(connection, user_id, delivery.batch)
    ids = await connection.execute(
        select(deleted_visits.c.id).where(
            deleted_visits.c.user_id == user_id,
            deleted_visits.c.id == func.any(bindparam("ids", type_=ARRAY(Text))),
        ),
        {"ids": ids_of(delivery.batch)},
    )
    return Deletions.of(spans, ids.scalars())


async def _spans(
    connection: AsyncConnection, user_id: int, batch: Batch
) -> list[tuple[str | None, int, int, int]]:
    extent = extent_of(batch)
    if extent is None:
        return []
    domain = deletions.c.domain
    found = await connection.execute(
        select(domain, deletions.c.from_at, deletions.c.to_at, deletions.c.deleted_at).where(
            deletions.c.user_id == user_id,
            deletions.c.from_at <= extent.last,
            deletions.c.to_at > extent.first,
            domain.is_(None) | (domain == func.any(bindparam("domains", type_=ARRAY(Text)))),
        ),
        {"domains": extent.domains},
    )
    return [(row.domain, row.from_at, row.to_at, row.deleted_at) for row in found]


async def _upsert(
    connection: AsyncConnection, delivery: Delivery, statement: str, rows: Sequence[Row]
) -> None:
    """In the order of ids: two transactions with the same rows do not wait for each other."""
    user_id, at = delivery.caller.user_id, delivery.at
    values = [(user_id, *row, at) for row in sorted(rows, key=itemgetter(0))]
    await _insert(connection, statement, values)


async def _insert(connection: AsyncConnection, statement: str, rows: Sequence[Row]) -> None:
    columns = list(zip(*rows, strict=True))
    if columns:
        raw = await connection.get_raw_connection()
        driver: Any = raw.driver_connection
        await driver.execute(statement, *columns)


def _from_arrays(table: Table, tail: str, casts: Mapping[str, str]) -> str:
    """An INSERT of any number of rows, given as an array for each column."""
    dialect = asyncpg.dialect()  # type: ignore[no-untyped-call]
    kinds = {c.name: c.type.compile(dialect=dialect).lower() for c in table.columns}
    arrays = ", ".join(
        f"${n}::{casts.get(name, kind)}[]" for n, (name, kind) in enumerate(kinds.items(), start=1)
    )
    taken = ", ".join(f"{name}::{kind}" for name, kind in kinds.items())
    return (
        f"INSERT INTO {table.name} ({', '.join(kinds)}) "
        f"SELECT {taken} FROM unnest({arrays}) AS t ({', '.join(kinds)}) {tail}"
    )


_JSON_AS_TEXT = dict.fromkeys(("idle_periods", "details", "record", "rejected_records"), "text")
_VISITS = _from_arrays(visits, UPSERT_VISITS, _JSON_AS_TEXT)
_AGGREGATES = _from_arrays(tab_aggregates, UPSERT_AGGREGATES, _JSON_AS_TEXT)
_LOG = _from_arrays(sync_log, "", _JSON_AS_TEXT)
