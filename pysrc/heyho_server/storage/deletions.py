"""Deletions: taken out, and remembered, so that no late upload brings anything back.

A deletion is remembered before anything is deleted, and from then on no upload stores what it
covers: on SQLite there is one writer, and on PostgreSQL the user's row is locked first, which who
stores visits holds as well. Many visits are then deleted in pieces.

What starts after a deletion is a new history. So of what is dated ahead of it, that which is there
goes at once, and its ids are remembered.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, and_, delete, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from heyho.wire import MAX_AT_MS
from heyho_server.storage.database import Database
from heyho_server.storage.devices import Caller
from heyho_server.storage.domains import hosts_of
from heyho_server.storage.filters import Place
from heyho_server.storage.tables import (
    deleted_visits,
    deletions,
    sync_log,
    tab_aggregates,
    users,
    visits,
)

CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """Visits that started in `[from_at, to_at)`, of a domain and its subdomains, or of all.

    Attributes:
        to_at: None for up to now, with those that are dated ahead of it.
        everything: tab aggregates and the rejected records of the log as well.
    """

    domain: str | None = None
    from_at: int = 0
    to_at: int | None = None
    everything: bool = False


async def count_visits(connection: AsyncConnection, caller: Caller, meant: Deletion) -> int:
    """How many visits a deletion would take out now."""
    covered = await _covered(connection, caller.user_id, meant)
    return await connection.scalar(select(func.count()).select_from(visits).where(covered)) or 0


async def delete_visits(
    database: Database, caller: Caller, meant: Deletion, *, now_ms: int
) -> Row[Any]:
    """Remember a deletion, and carry it out.

    Returns:
        Its row of `deletions`.
    """
    async with database.write() as connection:
        deletion_id = await remember(connection, caller, meant, now_ms=now_ms)
    await finish(database, caller.user_id, deletion_id)
    this = and_(deletions.c.user_id == caller.user_id, deletions.c.id == deletion_id)
    async with database.read() as connection:
        return (await connection.execute(select(deletions).where(this))).one()


async def remember(
    connection: AsyncConnection, caller: Caller, meant: Deletion, *, now_ms: int
) -> str:
    """Note a deletion, from when on no upload stores what it covers.

    Its `visits` is the number of those to delete, and negative until that is done.
    """
    await _lock(connection, caller)
    deletion_id = secrets.token_hex(8)
    await connection.execute(
        deletions.insert().values(
            user_id=caller.user_id,
            id=deletion_id,
            domain=meant.domain,
            from_at=meant.from_at,
            to_at=min(now_ms + 1, MAX_AT_MS) if meant.to_at is None else meant.to_at,
            deleted_at=now_ms,
            visits=-await count_visits(connection, caller, meant),
        )
    )
    covered = await _covered(connection, caller.user_id, meant)
    ahead = and_(covered, visits.c.started_at > now_ms)
    await _take_out(connection, caller, visits, ahead, now_ms=now_ms)
    if meant.everything:
        await _delete_the_rest(connection, caller, now_ms)
    return deletion_id


async def finish_all(database: Database) -> None:
    """Carry out what was remembered by a server that was killed before it was done."""
    async with database.read() as connection:
        open_ones = select(deletions.c.user_id, deletions.c.id).where(deletions.c.visits < 0)
        found = (await connection.execute(open_ones)).all()
    for user_id, deletion_id in found:
        await finish(database, user_id, deletion_id)


async def finish(database: Database, user_id: int, deletion_id: str) -> None:
    """Delete what a deletion covers, CHUNK visits at a time, so that syncs hardly wait."""
    this = and_(deletions.c.user_id == user_id, deletions.c.id == deletion_id)
    async with database.read() as connection:
        row = (await connection.execute(select(deletions).where(this))).one()
        until = min(row.to_at, row.deleted_at + 1)
        meant = Deletion(domain=row.domain, from_at=row.from_at, to_at=until)
        covered = await _covered(connection, user_id, meant)
    some = select(visits.c.id).where(covered).limit(CHUNK)
    while True:
        async with database.write() as connection:
            ids = (await connection.scalars(some)).all()
            mine = and_(visits.c.user_id == user_id, visits.c.id.in_(ids))
            await connection.execute(delete(visits).where(mine))
            if len(ids) < CHUNK:
                under_way = and_(this, deletions.c.visits < 0)
                done = update(deletions).where(under_way).values(visits=-deletions.c.visits)
                await connection.execute(done)
                return


async def delete_visit(
    connection: AsyncConnection, caller: Caller, visit_id: str, *, now_ms: int
) -> bool:
    """Take out one visit and remember that; False where the caller has no such visit."""
    await _lock(connection, caller)
    mine = and_(visits.c.user_id == caller.user_id, visits.c.id == visit_id)
    if not (await connection.execute(delete(visits).where(mine))).rowcount:
        return False
    await _remember(connection, caller.user_id, [visit_id], now_ms=now_ms)
    return True


async def _take_out(
    connection: AsyncConnection,
    caller: Caller,
    table: Table,
    covered: ColumnElement[bool],
    *,
    now_ms: int,
) -> None:
    """Delete visits, or tab aggregates, and remember each of them."""
    some = select(table.c.id).where(covered).limit(CHUNK)
    while ids := (await connection.scalars(some)).all():
        await _remember(connection, caller.user_id, ids, now_ms=now_ms)
        these = and_(table.c.user_id == caller.user_id, table.c.id.in_(ids))
        await connection.execute(delete(table).where(these))


async def _remember(
    connection: AsyncConnection, user_id: int, ids: Sequence[str], *, now_ms: int
) -> None:
    """Keep from coming back what no span of time tells of."""
    mine = and_(deleted_visits.c.user_id == user_id, deleted_visits.c.id.in_(ids))
    await connection.execute(delete(deleted_visits).where(mine))
    rows = [{"user_id": user_id, "id": visit_id, "deleted_at": now_ms} for visit_id in ids]
    await connection.execute(deleted_visits.insert(), rows)


async def list_deletions(
    connection: AsyncConnection, caller: Caller, *, after: Place | None = None, limit: int
) -> Sequence[Row[Any]]:
    """What the caller deleted, the latest first; single visits are not among it.

    Args:
        after: only those before this time and id.
    """
    found = (
        select(deletions)
        .where(deletions.c.user_id == caller.user_id)
        .order_by(deletions.c.deleted_at.desc(), deletions.c.id.desc())
        .limit(limit)
    )
    if after is not None:
        place = tuple_(deletions.c.deleted_at, deletions.c.id)
        found = found.where(place < tuple_(after.started_at, after.id))
    return (await connection.execute(found)).all()


async def _lock(connection: AsyncConnection, caller: Caller) -> None:
    if connection.dialect.name == "postgresql":
        await connection.execute(
            select(users.c.id).where(users.c.id == caller.user_id).with_for_update()
        )


async def _covered(
    connection: AsyncConnection, user_id: int, meant: Deletion
) -> ColumnElement[bool]:
    """The visits that a deletion means."""
    found = [visits.c.user_id == user_id, visits.c.started_at >= meant.from_at]
    if meant.to_at is not None:
        found.append(visits.c.started_at < meant.to_at)
    if meant.domain is not None:
        hosts = await hosts_of(connection, user_id, meant.domain)
        found.append(visits.c.domain.in_(hosts))
    return and_(*found)


async def _delete_the_rest(connection: AsyncConnection, caller: Caller, now_ms: int) -> None:
    """Take out what tells of visits beside the visits themselves."""
    mine = tab_aggregates.c.user_id == caller.user_id
    ahead = and_(mine, tab_aggregates.c.started_at > now_ms)
    await _take_out(connection, caller, tab_aggregates, ahead, now_ms=now_ms)
    await connection.execute(delete(tab_aggregates).where(mine))
    await connection.execute(
        update(sync_log)
        .where(sync_log.c.user_id == caller.user_id, sync_log.c.rejected > 0)
        .values(rejected_records=[])
    )
