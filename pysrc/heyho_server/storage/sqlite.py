"""SQLite: its file, and how each connection to it is set up."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from heyho_server.errors import StartError

BUSY_TIMEOUT_S = 30.0
WRITES = "heyho_write"


def create_engine(url: URL) -> AsyncEngine:
    """An engine on the file, which is made if it is not there."""
    path = create_private_file(url.database or "")
    engine = create_async_engine(
        url.set(database=str(path)),
        connect_args={"timeout": BUSY_TIMEOUT_S},
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "connect", _on_connect)
    event.listen(engine.sync_engine, "begin", _on_begin)
    return engine


def connect(url: URL) -> sqlite3.Connection:
    """A connection of Python's own driver, for whichever thread; its user begins transactions."""
    connection = sqlite3.connect(
        url.database or "", timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    _on_connect(connection, None)
    return connection


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
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
