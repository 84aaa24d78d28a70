"""Reading visits back, a page at a time, in the order of time and of their ids."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heyho_server.storage import search_postgres, search_sqlite
from heyho_server.storage.devices import Caller
from heyho_server.storage.domains import hosts_of
from heyho_server.storage.filters import Filter, Place, beyond
from heyho_server.storage.search_sqlite import IS_WAITING, SLOT_BITS, SPILL_MS, rowid
from heyho_server.storage.tables import visits
from heyho_server.words import matches

WAITING_CHUNK = 500
LOOK_AHEAD = 20

AnyRow = Row[Any]


async def read_page(
    connection: AsyncConnection,
    caller: Caller,
    wanted: Filter,
    *,
    after: Place | None = None,
    limit: int,
    ascending: bool = False,
) -> list[AnyRow]:
    """The first visits of the caller that a filter means.

    Args:
        after: only those beyond this place.
    """
    page = _Page(connection, caller.user_id, wanted, after, limit, ascending)
    if connection.dialect.name == "postgresql":
        return await page.from_postgres()
    is_indexed = wanted.query or not wanted.domain is wanted.device is wanted.category is None
    return await (page.from_sqlite_index() if is_indexed else page.from_table())


async def find_visit(connection: AsyncConnection, caller: Caller, visit_id: str) -> AnyRow | None:
    """One of the caller's visits."""
    mine = (visits.c.user_id == caller.user_id) & (visits.c.id == visit_id)
    return (await connection.execute(select(visits).where(mine))).one_or_none()


@dataclass(frozen=True, slots=True)
class _Page:
    """One page, and the ways to come by it."""

    connection: AsyncConnection
    user_id: int
    wanted: Filter
    after: Place | None
    limit: int
    ascending: bool

    async def from_table(self) -> list[AnyRow]:
        """By the index of the time, whatever else is asked being looked at row by row."""
        found = select(visits).where(*self.wanted.conditions(self.user_id))
        return await self._rows(self._in_order(self._past(found)).limit(self.limit))

    async def from_postgres(self) -> list[AnyRow]:
        """In two steps, see `search_postgres`."""
        matching = self.wanted.of_origin()
        if self.wanted.query:
            matching.append(search_postgres.has_words(self.wanted.query))
        if self.wanted.domain is not None:
            hosts = await hosts_of(self.connection, self.user_id, self.wanted.domain)
            matching.append(visits.c.domain.in_(hosts))
        within = self.wanted.of_time(self.user_id)
        if self.after is not None:
            within.append(beyond(self.after, ascending=self.ascending))
        return await search_postgres.first_matches(
            self.connection, within, matching, limit=self.limit, ascending=self.ascending
        )

    async def from_sqlite_index(self) -> list[AnyRow]:
        """From the search index, and from the visits that are not in it yet."""
        found = await self._searched()
        rows = {row.id: row for row in (*found, *await self._waiting())}
        return self._sorted(rows.values())[: self.limit]

    async def _searched(self) -> list[AnyRow]:
        """The first matches in the index.

        Their keys are in the order of time but for visits of about the same millisecond. Unless
        the rows that were read go beyond those, all around the last one are read again.
        """
        alone = await search_sqlite.is_alone(self.connection, self.user_id)
        found = self._past(
            search_sqlite.select_searched(
                self.wanted, self.user_id, alone=alone, ascending=self.ascending
            )
        )
        if self.after is not None:
            at = self.after.started_at
            found = found.where(
                at << SLOT_BITS <= rowid if self.ascending else (at + SPILL_MS) << SLOT_BITS > rowid
            )
        rows = await self._rows(found.limit(self.limit + LOOK_AHEAD))
        ended = len(rows) < self.limit + LOOK_AHEAD
        if ended or _apart(rows[self.limit - 1], rows[-1]) > 2 * SPILL_MS:
            return rows
        last = rows[-1].started_at
        around = found.where(
            visits.c.started_at.between(last - SPILL_MS, last + SPILL_MS),
            rowid >= (last - SPILL_MS) << SLOT_BITS,
            rowid < (last + 2 * SPILL_MS) << SLOT_BITS,
        )
        return rows + await self._rows(self._in_order(around.order_by(None)).limit(self.limit))

    async def _waiting(self) -> list[AnyRow]:
        """The first matches among the visits that are not in the index yet."""
        found = select(visits).where(IS_WAITING, *self.wanted.conditions(self.user_id))
        rows: list[AnyRow] = []
        place = self.after
        while len(rows) < self.limit:
            step = self._in_order(self._past(found, place)).limit(WAITING_CHUNK)
            chunk = await self._rows(step)
            rows += [row for row in chunk if matches(self.wanted.query, row.title, row.url)]
            if len(chunk) < WAITING_CHUNK:
                break
            place = Place(chunk[-1].started_at, chunk[-1].id)
        return rows

    def _past(self, found: Select[Any], place: Place | None = None) -> Select[Any]:
        place = place or self.after
        return found.where(beyond(place, ascending=self.ascending)) if place else found

    def _in_order(self, found: Select[Any]) -> Select[Any]:
        columns = (visits.c.started_at, visits.c.id)
        return found.order_by(*(columns if self.ascending else (it.desc() for it in columns)))

    def _sorted(self, rows: Iterable[AnyRow]) -> list[AnyRow]:
        return sorted(rows, key=lambda row: (row.started_at, row.id), reverse=not self.ascending)

    async def _rows(self, found: Select[Any]) -> list[AnyRow]:
        return list((await self.connection.execute(found)).all())


def _apart(one: AnyRow, other: AnyRow) -> int:
    return abs(int(one.started_at) - int(other.started_at))
