"""Measures how fast the server takes visits in, beside what its database alone can do."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
from playwright.sync_api import Playwright
from sqlalchemy.engine import URL

from bench.figures import Figure
from bench.plan import Plan
from bench.senders import BATCH, ROOMY, batches, send_all
from harness.postgres import postgres
from harness.server import ServerProcess
from heyho_server.settings import DATABASE_FILE

BATCHES = 100
SENDERS = 4
GOAL = 2.0

_SCHEMA = (
    "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL "
    "AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'visit_search_%'"
)


def ingest_sqlite(plan: Plan, _: Playwright) -> list[Figure]:
    """Against one thread of Python's `sqlite3`: the same rows and indexes, 1,000 a commit."""
    bodies = list(batches(BATCHES))
    took, plain = [], []
    for _run in range(plan.runs):
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder) / "data"
            with ServerProcess(data, env=ROOMY) as server:
                took.append(_per_batch_ms(send_all(server, bodies, SENDERS).seconds))
            with closing(sqlite3.connect(data / DATABASE_FILE)) as stored:
                schema = [statement for (statement,) in stored.execute(_SCHEMA)]
                rows = stored.execute("SELECT * FROM visits ORDER BY rowid").fetchall()
            # Nothing waits for its place in the index for search when it comes.
            rows = [(*row[:-1], None) for row in rows]
            assert len(rows) == BATCHES * BATCH
            plain.append(_per_batch_ms(_insert(Path(folder) / "plain", schema, rows)))
    return [_figure("SQLite", took, "sqlite3, one thread", plain)]


def _insert(path: Path, schema: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> float:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = OFF")
        for statement in schema:
            connection.execute(statement)
        insert = f"INSERT INTO visits VALUES ({', '.join('?' * len(rows[0]))})"
        start = time.perf_counter()
        for first in range(0, len(rows), BATCH):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(insert, rows[first : first + BATCH])
            connection.execute("COMMIT")
        return time.perf_counter() - start


def ingest_postgres(plan: Plan, _: Playwright) -> list[Figure]:
    """Against COPY of the same rows into the same table, over one connection, 1,000 a commit."""
    bodies = list(batches(BATCHES))
    took, copied = [], []
    with postgres() as cluster, tempfile.TemporaryDirectory() as folder:
        for _run in range(plan.runs):
            url = cluster.create_database()
            options = ("--database-url", url.render_as_string(hide_password=False))
            with ServerProcess(Path(folder), extra_args=options, env=ROOMY) as server:
                took.append(_per_batch_ms(send_all(server, bodies, SENDERS).seconds))
            with ThreadPoolExecutor(1) as thread:  # Playwright's loop is in this one
                copied.append(_per_batch_ms(thread.submit(asyncio.run, _copy(url)).result()))
    return [_figure("PostgreSQL", took, "COPY, one connection", copied)]


async def _copy(url: URL) -> float:
    connection = await asyncpg.connect(
        host=str(url.query["host"]), user=url.username, database=url.database
    )
    try:
        columns = await connection.fetch(
            "SELECT column_name FROM information_schema.columns "
            "WHERE table_name = 'visits' AND is_generated = 'NEVER' ORDER BY ordinal_position"
        )
        names = [name for (name,) in columns]
        rows = await connection.fetch(f"SELECT {', '.join(names)} FROM visits ORDER BY seq")
        records = [tuple(row) for row in rows]
        assert len(records) == BATCHES * BATCH
        await connection.execute("TRUNCATE visits")
        start = time.perf_counter()
        for first in range(0, len(records), BATCH):
            await connection.copy_records_to_table(
                "visits", records=records[first : first + BATCH], columns=names
            )
        return time.perf_counter() - start
    finally:
        await connection.close()


def _per_batch_ms(seconds: float) -> float:
    return seconds / BATCHES * 1000


def _figure(kind: str, took: list[float], peer: str, peers: list[float]) -> Figure:
    return Figure(
        name=f"taking 1,000 visits into {kind}, {SENDERS} senders",
        unit="ms",
        measured=took,
        against=peer,
        reference=peers,
        goal=GOAL,
    )
