"""What is stored for a user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heyho_server.storage.devices import PAGE, Caller, is_current
from heyho_server.storage.tables import devices, tab_aggregates, visits


@dataclass(frozen=True, slots=True)
class Summary:
    """What is stored for one user; the times are starts of visits, None where there are none."""

    visits: int
    tab_aggregates: int
    devices: int
    first_visit_at: int | None
    last_visit_at: int | None


async def summarize(connection: AsyncConnection, caller: Caller, *, now_ms: int) -> Summary:
    """Count what is stored for the caller, and the devices that may sync."""
    may_sync = devices.c.revoked_at.is_(None) & is_current(now_ms) & (devices.c.kind != PAGE)

    async def ask(what: ColumnElement[Any], table: Table, *where: ColumnElement[bool]) -> Any:
        mine = table.c.user_id == caller.user_id
        return await connection.scalar(select(what).select_from(table).where(mine, *where))

    # Asked one by one, each of the two ends is one step into the index.
    return Summary(
        visits=await ask(func.count(), visits),
        tab_aggregates=await ask(func.count(), tab_aggregates),
        devices=await ask(func.count(), devices, may_sync),
        first_visit_at=await ask(func.min(visits.c.started_at), visits),
        last_visit_at=await ask(func.max(visits.c.started_at), visits),
    )
