"""The keeper: work in the background, while nobody else wants the database.

It makes visits searchable on SQLite, forgets the oldest rows of the log of syncs and the sessions
that are long over, and at the start carries out deletions that a killed server has left. All of it
is short transactions, each of which leaves the database as it has to be: it may be killed at any
time, and may run in several processes at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from heyho_server.storage.database import DRIVER_ERRORS, Database
from heyho_server.storage.deletions import finish_all
from heyho_server.storage.search_sqlite import CHUNK, index_some, longest_wait
from heyho_server.storage.sessions import prune_sessions
from heyho_server.storage.sync_log import PRUNED_AT_ONCE, prune

LOOK_S = 0.2
PATIENCE_MS = 30_000
REST_MS = 5_000
PRUNE_MS = 3_600_000

T = TypeVar("T")

log = structlog.get_logger()


class Keeper:
    """Looks every LOOK_S, and works where nothing was written since it looked last."""

    def __init__(self, database: Database, now_ms: Callable[[], int]) -> None:
        self._database = database
        self._now_ms = now_ms
        self._seen = database.writes
        self._pruned_at = 0
        self._rests_until = 0

    async def run(self) -> None:
        has_finished = False
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                if not has_finished:
                    await finish_all(self._database)
                    has_finished = True
                await self.look()
            except (SQLAlchemyError, OSError, *DRIVER_ERRORS) as problem:
                # A full disk, or a PostgreSQL that restarts: the next look may find it mended.
                log.warning("the keeper could not work", exc_info=problem)
                await asyncio.sleep(PATIENCE_MS / 1000)

    async def look(self) -> int:
        """Work for as long as nobody else does; PostgreSQL lets others work meanwhile.

        Returns:
            How many visits became searchable.
        """
        await self._prune()
        done = 0
        while not self._database.is_postgres and await self._may_index():
            count = await self._write(index_some)
            done += count
            if count < CHUNK:
                break
        return done

    async def _may_index(self) -> bool:
        idle = self._database.writes == self._seen
        self._seen = self._database.writes
        if idle and self._now_ms() < self._rests_until:
            return False
        async with self._database.read() as connection:
            since = await longest_wait(connection)
        # Where nothing waits, only another process could change that unseen.
        self._rests_until = self._now_ms() + REST_MS if since is None else 0
        return since is not None and (idle or self._now_ms() - since > PATIENCE_MS)

    async def _prune(self) -> None:
        now_ms = self._now_ms()
        late_ms = now_ms - self._pruned_at - PRUNE_MS
        # One writer at a time has SQLite, but old rows do not wait for a quiet moment for ever.
        idle = self._database.is_postgres or self._database.writes == self._seen
        if late_ms < 0 or not (idle or late_ms > PATIENCE_MS):
            return
        self._pruned_at = now_ms
        await self._write(partial(prune_sessions, now_ms=now_ms))
        while await self._write(partial(prune, now_ms=now_ms)) == PRUNED_AT_ONCE:
            pass

    async def _write(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        async with self._database.write() as connection:
            done = await work(connection)
        self._seen += 1
        return done


@asynccontextmanager
async def keeping(database: Database, now_ms: Callable[[], int]) -> AsyncIterator[None]:
    """Have a keeper at work within the block."""
    work = asyncio.create_task(Keeper(database, now_ms).run())
    try:
        yield
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
