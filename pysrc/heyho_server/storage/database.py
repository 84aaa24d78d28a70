"""The database: opened, migrated, and handed out in transactions."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from heyho_server.errors import StartError

BUSY_TIMEOUT_S = 30.0


class Database:
    """Transactions on one database.

    What is written inside `write()` is on the disk when the block has ended, or not at all.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        # SQLite has one writer. Waiting for it here is fair and costs nothing; waiting inside
        # SQLite would mean retries with growing pauses.
        self._writer = asyncio.Lock()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that sees one state of the database and changes nothing."""
        async with self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that is committed at the end of the block and rolled back on an error."""
        async with self._writer, self.engine.connect() as connection:
            await connection.execution_options(heyho_write=True)
            async with connection.begin():
                yield connection

    async def close(self) -> None:
        await self.engine.dispose()


@asynccontextmanager
async def open_database(url: URL) -> AsyncIterator[Database]:
    """Open the database, bring its tables up to date, and close it in the end.

    Raises:
        StartError: it cannot be opened, is no database of Heyho's, or is newer than this server.
    """
    path = create_private_file(url.database or "")
    engine = create_async_engine(
        url.set(database=str(path)),
        connect_args={"timeout": BUSY_TIMEOUT_S},
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "connect", _on_connect)
    event.listen(engine.sync_engine, "begin", _on_begin)
    database = Database(engine)
    try:
        try:
            async with database.write() as connection:
                await connection.run_sync(migrate)
        except CommandError as problem:
            raise StartError(
                f"{path} was written by a newer Heyho; start that one, or use another directory."
            ) from problem
        except DatabaseError as problem:
            raise StartError(
                f"{path} cannot be used as a database ({problem.orig}); "
                "restore it from a backup, or use another directory."
            ) from problem
        yield database
    finally:
        await database.close()


def create_private_file(database: str) -> Path:
    """Make sure the file can be written, and that a new one is only its owner's to read.

    SQLite gives the files it keeps beside it the same mode.

    Returns:
        Its path, absolute.
    """
    path = Path(database).absolute()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as problem:
        raise StartError(
            f"{path} cannot be written ({problem.strerror}); "
            "choose a directory of your own with --data."
        ) from problem
    if not os.access(path.parent, os.W_OK):
        raise StartError(
            f"{path.parent} cannot be written; choose a directory of your own with --data."
        )
    return path


def migrate(connection: Connection) -> None:
    """Run the migrations that the database has not seen, all or none of them."""
    config = Config()
    config.set_main_option("script_location", "heyho_server:storage/migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _on_connect(dbapi_connection: Any, _record: Any) -> None:
    # Transactions are begun by _on_begin; the driver must not begin its own.
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    # An acknowledged visit must outlive a power cut. In WAL mode, NORMAL syncs only at
    # checkpoints and may lose the last transactions; FULL syncs at each commit.
    cursor.execute("PRAGMA synchronous = FULL")
    # macOS: its fsync leaves data in the drive's cache. No other system minds.
    cursor.execute("PRAGMA fullfsync = ON")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    # A writer takes its lock at once: taking it later, at the first write, can fail with
    # SQLITE_BUSY without any wait when another process has written in between.
    writes = connection.get_execution_options().get("heyho_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
