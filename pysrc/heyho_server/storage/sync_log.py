"""The log of syncs: a row for each request, kept for RETENTION_MS."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from heyho_server.storage.devices import Caller
from heyho_server.storage.filters import Place
from heyho_server.storage.tables import devices, sync_log

RETENTION_MS = 90 * 86_400_000
PRUNED_AT_ONCE = 1000


async def recent(
    connection: AsyncConnection,
    caller: Caller,
    *,
    now_ms: int,
    device_id: int | None = None,
    after: Place | None = None,
    limit: int,
) -> list[Row[Any]]:
    """The caller's latest requests of the last RETENTION_MS, with the names of their devices.

    Args:
        after: only those before this time and request id.
    """
    found = (
        select(sync_log, devices.c.name)
        .join(
            devices,
            (devices.c.id == sync_log.c.device_id) & (devices.c.user_id == sync_log.c.user_id),
            isouter=True,
        )
        .where(sync_log.c.user_id == caller.user_id, sync_log.c.at >= now_ms - RETENTION_MS)
        .order_by(sync_log.c.at.desc(), sync_log.c.request_id.desc())
        .limit(limit)
    )
    if device_id is not None:
        found = found.where(sync_log.c.device_id == device_id)
    if after is not None:
        place = tuple_(sync_log.c.at, sync_log.c.request_id)
        found = found.where(place < tuple_(after.started_at, after.id))
    return list((await connection.execute(found)).all())


async def prune(connection: AsyncConnection, *, now_ms: int) -> int:
    """Forget some of what is older than RETENTION_MS.

    Returns:
        How many; fewer than PRUNED_AT_ONCE where no more are older.
    """
    old = (
        select(sync_log.c.user_id, sync_log.c.at, sync_log.c.request_id)
        .where(sync_log.c.at < now_ms - RETENTION_MS)
        .limit(PRUNED_AT_ONCE)
    )
    key = tuple_(sync_log.c.user_id, sync_log.c.at, sync_log.c.request_id)
    return (await connection.execute(delete(sync_log).where(key.in_(old)))).rowcount
