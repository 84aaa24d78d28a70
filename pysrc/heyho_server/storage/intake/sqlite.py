"""Taking in on SQLite: one writer, and one commit for all that waits for it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import lru_cache
from itertools import chain

from heyho_server.errors import NotSignedIn
from heyho_server.incoming.rows import to_json
from heyho_server.storage.database import Database
from heyho_server.storage.intake.delivery import (
    AGGREGATE_COLUMNS,
    SEEN_EVERY_MS,
    UPSERT_AGGREGATES,
    UPSERT_VISITS,
    VISIT_COLUMNS,
    Deletions,
    Delivery,
    Receipt,
    aggregate_rows,
    extent_of,
    ids_of,
    log_values,
    names,
    sift,
)
from heyho_server.storage.sqlite import connect
from heyho_server.storage.tables import sync_log

AT_ONCE = 16
CHUNK = 100
LOG = (
    f"INSERT INTO {sync_log.name} ({', '.join(names(sync_log))}) "
    f"VALUES ({', '.join('?' * len(sync_log.columns))})"
)
MARK_SEEN = (
    "UPDATE devices SET last_seen_at = ? WHERE id = ? "
    "AND (last_seen_at IS NULL OR last_seen_at < ?)"
)
SPANS = (
    "SELECT domain, from_at, to_at, deleted_at FROM deletions "
    "WHERE user_id = ? AND from_at <= ? AND to_at > ? "
    "AND (domain IS NULL OR domain IN (SELECT value FROM json_each(?)))"
)

_Waiting = tuple[Delivery, "asyncio.Future[Receipt]"]


class SqliteIntake:
    """Writes deliveries in a thread of its own, straight through Python's driver.

    While one transaction is on its way to the disk others queue up, and share the next one: each
    in a savepoint, so that a fault of one is no fault of the rest, and a trial can be undone.

    A statement stores `CHUNK` visits. Python's lock has to change hands twice for each statement;
    with one statement for each visit, a busy event loop makes them wait three times as long.
    """

    def __init__(self, database: Database, connection: sqlite3.Connection) -> None:
        self._database = database
        self._connection = connection
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="intake")
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    async def store(self, delivery: Delivery) -> Receipt:
        """Store a delivery whole, or not at all; it is on the disk when this returns.

        Raises:
            NotSignedIn: the user has been removed meanwhile.
        """
        receipt: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._waiting.append((delivery, receipt))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        return await receipt

    async def close(self) -> None:
        if self._writing is not None:
            await self._writing
        self._thread.shutdown()
        self._connection.close()

    async def _write_all(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                async with self._database.writer:
                    self._database.writes += 1
                    taken, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
                    deliveries = [delivery for delivery, _ in taken]
                    outcomes = await loop.run_in_executor(self._thread, self._write, deliveries)
                for (_, receipt), outcome in zip(taken, outcomes, strict=True):
                    if receipt.done():  # whoever waited is gone
                        continue
                    if isinstance(outcome, Receipt):
                        receipt.set_result(outcome)
                    else:
                        receipt.set_exception(outcome)
        finally:
            self._writing = None

    def _write(self, deliveries: Sequence[Delivery]) -> Sequence[Receipt | Exception]:
        execute = self._connection.execute
        outcomes: list[Receipt | Exception] = []
        try:
            execute("BEGIN IMMEDIATE")
            for delivery in deliveries:
                execute("SAVEPOINT delivery")
                try:
                    receipt = self._store(delivery)
                    if delivery.trial:
                        execute("ROLLBACK TO delivery")
                    outcomes.append(receipt)
                except (sqlite3.Error, NotSignedIn) as problem:
                    if not self._connection.in_transaction:
                        raise
                    execute("ROLLBACK TO delivery")
                    outcomes.append(problem)
                execute("RELEASE delivery")
            execute("COMMIT")
        except sqlite3.Error as problem:
            if self._connection.in_transaction:
                execute("ROLLBACK")
            return [problem] * len(deliveries)
        return outcomes

    def _store(self, delivery: Delivery) -> Receipt:
        owner = "SELECT 1 FROM users WHERE id = ?"
        if not self._connection.execute(owner, (delivery.caller.user_id,)).fetchone():
            raise NotSignedIn
        gone = self._deletions(delivery)
        kept, receipt = sift(delivery.batch, gone)
        tabs = aggregate_rows(delivery.batch, gone)
        self._upsert(delivery, "visits", VISIT_COLUMNS, UPSERT_VISITS, kept)
        self._upsert(delivery, "tab_aggregates", AGGREGATE_COLUMNS, UPSERT_AGGREGATES, tabs)
        if delivery.request_id is not None:
            self._connection.execute(LOG, log_values(delivery, receipt))
        seen = (delivery.at, delivery.caller.device_id, delivery.at - SEEN_EVERY_MS)
        self._connection.execute(MARK_SEEN, seen)
        return receipt

    def _deletions(self, delivery: Delivery) -> Deletions:
        user_id = delivery.caller.user_id
        spans = []
        if extent := extent_of(delivery.batch):
            asked = (user_id, extent.last, extent.first, to_json(extent.domains))
            spans = self._connection.execute(SPANS, asked).fetchall()
        ids = self._connection.execute(
            "SELECT id FROM deleted_visits WHERE user_id = ? LIMIT 1", (user_id,)
        ).fetchall()
        if ids:
            wanted = ids_of(delivery.batch)
            ids = self._connection.execute(
                "SELECT id FROM deleted_visits WHERE user_id = ? "
                f"AND id IN ({', '.join('?' * len(wanted))})",
                (user_id, *wanted),
            ).fetchall()
        return Deletions.of(spans, (visit_id for (visit_id,) in ids))

    def _upsert(
        self,
        delivery: Delivery,
        table: str,
        columns: Sequence[str],
        tail: str,
        rows: Sequence[tuple[object, ...]],
    ) -> None:
        around = (delivery.caller.user_id, delivery.at)
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start : start + CHUNK]
            statement = insert_of(table, tuple(columns), len(chunk))
            values = tuple(chain(around, chain.from_iterable(chunk)))
            self._connection.execute(f"{statement} {tail}", values)


@lru_cache(maxsize=2 * CHUNK)
def insert_of(table: str, columns: tuple[str, ...], rows: int) -> str:
    """An INSERT of so many rows.

    The first column, the user, and the last, the time, are the same in all of them: they are the
    first two values. Those of the columns between follow, row by row.
    """
    inner = len(columns) - 2
    marks = (
        f"(?1, {', '.join(f'?{3 + row * inner + n}' for n in range(inner))}, ?2)"
        for row in range(rows)
    )
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join(marks)}"


@asynccontextmanager
async def open_sqlite_intake(database: Database) -> AsyncIterator[SqliteIntake]:
    """An intake with a connection of its own; what it has taken is stored before it closes."""
    intake = SqliteIntake(database, connect(database.engine.url))
    try:
        yield intake
    finally:
        await intake.close()
