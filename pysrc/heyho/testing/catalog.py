"""Twins of the catalog's ports."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from copy import deepcopy

from heyho.ports import Record
from heyho.ports.catalog import CATALOG_FIELDS, CatalogChange
from heyho.testing.stores import MemoryDatabase


class MemoryCatalogStore:
    """CatalogStore in memory."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def rows(self, keys: Sequence[tuple[int, str]]) -> list[bytes | None]:
        await asyncio.sleep(0)
        return [self._database.words.get(key) for key in keys]

    async def block(self, block: int) -> dict[str, bytes]:
        await asyncio.sleep(0)
        return {name: row for (own, name), row in self._database.words.items() if own == block}

    async def days(self, days: Sequence[str]) -> list[Record | None]:
        await asyncio.sleep(0)
        return [deepcopy(self._database.days.get(day)) for day in days]

    async def days_between(self, first: str, last: str) -> dict[str, Record]:
        await asyncio.sleep(0)
        days = sorted(self._database.days.items())
        return {day: deepcopy(row) for day, row in days if first <= day <= last}

    async def write(self, change: CatalogChange) -> None:
        async with self._database.transaction():
            self._database.change_catalog(change)

    async def visits(self, seqs: Sequence[int]) -> list[Record | None]:
        await asyncio.sleep(0)
        visits = self._database.visits
        return [_picked(visits[seq]) if seq in visits else None for seq in seqs]

    async def after(self, seq: int, *, limit: int) -> list[Record]:
        await asyncio.sleep(0)
        visits = sorted(self._database.visits.items())
        return [_picked(visit) for own, visit in visits if own > seq][:limit]

    async def count_after(self, seq: int, *, most: int) -> int:
        await asyncio.sleep(0)
        return sum(own > seq for own in self._database.visits)

    async def by_id(self, visit_id: str) -> Record | None:
        await asyncio.sleep(0)
        found = (visit for visit in self._database.visits.values() if visit["id"] == visit_id)
        return next(map(_picked, found), None)

    async def begun_between(self, first: float, last: float, *, limit: int) -> list[Record]:
        await asyncio.sleep(0)
        visits = sorted(self._database.visits.values(), key=lambda visit: visit["startedAt"])
        return [_picked(visit) for visit in visits if first <= visit["startedAt"] <= last][:limit]


def _picked(visit: Record) -> Record:
    return {name: deepcopy(visit[name]) for name in CATALOG_FIELDS if name in visit}


class MemoryCalendar:
    """Calendar of a zone without summer time.

    Attributes:
        minutes: how far it is ahead of UTC.
    """

    def __init__(self, minutes: int = 0) -> None:
        self.minutes = minutes

    def zone(self) -> str:
        return f"UTC{self.minutes:+}"

    def offset_min(self, at_ms: float) -> int:
        return self.minutes
