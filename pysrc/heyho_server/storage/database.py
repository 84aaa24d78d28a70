"""The database: opened, migrated, and handed out in transactions."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import partial
from typing import Any, Literal

import asyncpg
from alembic.util import CommandError
from sqlalchemy import Compiled, CompoundSelect
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from heyho_server.errors import StartError
from heyho_server.settings import PARTITIONS
from heyho_server.storage import sqlite
from heyho_server.storage.revisions import complaint, migrate, newer, read_revision

# Of statements that go past SQLAlchemy.
DRIVER_ERRORS = (sqlite3.Error, asyncpg.PostgresError)
CONNECT_TIMEOUT_S = 10.0
POOL_SIZE = 10
# Questions are short, and differ with what they are about: compiling one costs more than it saves,
# and so does a plan that is meant for all values.
SESSION = {"jit": "off", "plan_cache_mode": "force_custom_plan"}
_NAMED = sqlite_dialect(paramstyle="named")
Tables = Literal["migrated", "made", "newest", "any"]


class Database:
    """Transactions on one database.

    What is written inside `write()` is on the disk when the block has ended, or not at all.

    Attributes:
        writes: how often it has been written to by this process.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.writes = 0
        self.is_postgres = engine.dialect.name == "postgresql"
        self._reader: sqlite3.Connection | None = None
        self._compiled: dict[CompoundSelect[Any], Compiled] = {}
        # SQLite has one writer. Waiting for it here is fair and costs nothing; waiting inside
        # SQLite would mean retries with growing pauses.
        self.writer: AbstractAsyncContextManager[Any] = (
            nullcontext() if self.is_postgres else asyncio.Lock()
        )

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that sees one state of the database and changes nothing."""
        async with self.engine.connect() as connection:
            if self.is_postgres:
                await connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            yield connection

    @asynccontextmanager
    async def write(self, *, keep: bool = True) -> AsyncIterator[AsyncConnection]:
        """A transaction that is committed at the end of the block and rolled back on an error.

        Args:
            keep: whether to commit; else all that was done in the block is undone.
        """
        self.writes += 1
        async with self.writer, self.engine.connect() as connection:
            await connection.execution_options(**{sqlite.WRITES: True})
            async with connection.begin() as transaction:
                yield connection
                if not keep:
                    await transaction.rollback()

    async def look_up(
        self, statement: CompoundSelect[Any], values: Mapping[str, Any]
    ) -> tuple[Any, ...] | None:
        """The row, if there is one, of a question that an index answers in one step.

        On SQLite it is asked in this very thread: to hand it over to another takes some thirty
        times as long as the answer, for which nobody ever has to wait there.
        """
        if self.is_postgres:
            async with self.read() as connection:
                row = (await connection.execute(statement, values)).one_or_none()
            return None if row is None else tuple(row)
        if self._reader is None:
            self._reader = sqlite.connect(self.engine.url)
        compiled = self._compiled.get(statement)
        if compiled is None:
            compiled = self._compiled[statement] = statement.compile(dialect=_NAMED)
        bound = compiled.construct_params(dict(values)) or {}
        found = self._reader.execute(compiled.string, bound).fetchall()
        return found[0] if found else None

    async def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
        await self.engine.dispose()


@asynccontextmanager
async def open_database(
    url: URL, *, partitions: int = PARTITIONS, tables: Tables = "migrated"
) -> AsyncIterator[Database]:
    """Open the database, and close it in the end.

    Args:
        partitions: of PostgreSQL's large tables, where they are made just now.
        tables: brought up to date ("migrated"), or left as they are, which have to be this
            Heyho's ("newest"), or are made where there are none ("made"), or may be those of any
            Heyho ("any").

    Raises:
        StartError: it cannot be opened, is no database of Heyho's, or has other tables.
    """
    database = Database(create_engine(url))
    name = describe(url)
    try:
        try:
            if tables == "migrated" or await _must_be_made(database, tables):
                async with database.write() as connection:
                    await connection.run_sync(partial(migrate, partitions=partitions))
        except CommandError as problem:
            raise StartError(newer(name)) from problem
        except DBAPIError as problem:
            raise StartError(
                f"{name} cannot be used as a database ({problem.orig}); "
                "restore it from a backup, or use another."
            ) from problem
        except OSError as problem:
            raise StartError(
                f"{name} does not answer ({problem}); start PostgreSQL there, or correct the URL."
            ) from problem
        yield database
    finally:
        await database.close()


async def _must_be_made(database: Database, tables: Tables) -> bool:
    """Look at the tables, and refuse those that are not as they have to be."""
    async with database.read() as connection:
        revision = await connection.run_sync(read_revision)
    if revision is None and tables == "made":
        return True
    wrong = complaint(describe(database.engine.url), revision)
    if wrong and (revision is None or tables != "any"):
        raise StartError(wrong)
    return False


def create_engine(url: URL) -> AsyncEngine:
    """An engine for SQLite's file, or for PostgreSQL's server, which is not asked yet."""
    if url.get_backend_name() == "sqlite":
        return sqlite.create_engine(url)
    return create_async_engine(
        url,
        hide_parameters=True,
        pool_size=POOL_SIZE,
        pool_pre_ping=True,
        connect_args={"timeout": CONNECT_TIMEOUT_S, "server_settings": SESSION},
    )


def describe(url: URL) -> str:
    """A database in messages: without its password."""
    if url.get_backend_name() == "sqlite":
        return url.database or ""
    return url.set(drivername="postgresql").render_as_string(hide_password=True)
