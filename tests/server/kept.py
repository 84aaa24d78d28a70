"""Databases of both kinds in this process, and visits in them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from heyho_server.incoming.rows import VisitRow
from heyho_server.settings import read_database_url
from heyho_server.storage.database import Database, open_database
from heyho_server.storage.devices import Caller, create_device, create_user
from heyho_server.storage.search_sqlite import index_some
from heyho_server.storage.tables import visits

START_MS = 1_700_000_000_000


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    async with open_database(read_database_url(url, Path())) as database:
        yield database


async def add_person(database: Database, token: str) -> Caller:
    async with database.write() as connection:
        user_id = await create_user(connection, now_ms=1)
        return await create_device(connection, user_id=user_id, name=token, token=token, now_ms=1)


def row(visit_id: str, started_at: int = START_MS, **changes: object) -> VisitRow:
    """A visit, with whatever shall be different about it."""
    usual = VisitRow(
        id=visit_id,
        url="https://www.example.org/read",
        title="An example",
        domain="example.org",
        started_at=started_at,
        ended_at=started_at + 60_000,
        active_duration_ms=45_000,
        idle_periods=[],  # type: ignore[arg-type]
        tab_id=7,
        window_id=1,
        transition="link",
        source_page_visit_id=None,
        anonymous_client_id="device-1",
        seq=1,
    )
    return usual._replace(**changes)  # type: ignore[arg-type]


async def store(
    database: Database, caller: Caller, rows: Sequence[VisitRow], now_ms: int = START_MS
) -> None:
    values = [{"user_id": caller.user_id, **it._asdict(), "stored_at": now_ms} for it in rows]
    async with database.write() as connection:
        await connection.execute(visits.insert(), values)


async def index(database: Database, limit: int = 500) -> int:
    """Make waiting visits searchable; PostgreSQL's are always."""
    if database.is_postgres:
        return 0
    async with database.write() as connection:
        return await index_some(connection, limit)
