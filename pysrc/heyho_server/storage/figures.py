"""Figures: how many visits there were, and how long they were looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heyho_server.storage.devices import Caller
from heyho_server.storage.filters import Filter
from heyho_server.storage.tables import visits

QUARTER_MS = 900_000
MAX_DOMAINS = 100


@dataclass(slots=True)
class Amount:
    """So many visits, looked at for so many milliseconds."""

    visits: int = 0
    active_ms: int = 0

    def add(self, count: int, active_ms: int) -> None:
        self.visits += count
        self.active_ms += active_ms


@dataclass(slots=True)
class Figures:
    """Amounts by what they are of.

    Attributes:
        days: by local date, such as "2026-01-31", in order.
        hours: by day of the week, 0 being Monday, and local hour.
        domains: the MAX_DOMAINS most visited, in order.
        categories: by category, None for those without.
    """

    total: Amount = field(default_factory=Amount)
    days: dict[str, Amount] = field(default_factory=dict)
    hours: dict[tuple[int, int], Amount] = field(default_factory=dict)
    domains: dict[str, Amount] = field(default_factory=dict)
    categories: dict[str | None, Amount] = field(default_factory=dict)


async def reckon(
    connection: AsyncConnection, caller: Caller, wanted: Filter, zone: tzinfo
) -> Figures:
    """The figures of the visits that a filter means, a visit counting where it started.

    The database adds up quarters of an hour, of which every zone's hours and days are made.
    """
    mine = wanted.conditions(caller.user_id)
    count, active = func.count(), func.sum(visits.c.active_duration_ms)

    async def by(what: ColumnElement[Any], *conditions: ColumnElement[bool]) -> list[Any]:
        found = select(what.label("what"), count, active).where(*mine, *conditions)
        found = found.group_by("what")
        return list((await connection.execute(found)).all())

    quarters = await by(visits.c.started_at - visits.c.started_at % QUARTER_MS)
    domains = await by(visits.c.domain)
    # An index has those with a category only, which may be very few.
    categories = await by(visits.c.category, visits.c.category.is_not(None))
    # A long history takes seconds, and nobody else is to wait for them.
    return await asyncio.to_thread(_add_up, quarters, domains, categories, zone)


def _add_up(
    quarters: list[Any], domains: list[Any], categories: list[Any], zone: tzinfo
) -> Figures:
    """Figures of rows of what it is, how many visits, and for how long."""
    figures = Figures()
    for at, number, active_ms in sorted(map(tuple, quarters)):
        local = _local(at, zone)
        day, hour = local.date().isoformat(), (local.weekday(), local.hour)
        for amount in (
            figures.total,
            figures.days.setdefault(day, Amount()),
            figures.hours.setdefault(hour, Amount()),
        ):
            amount.add(number, int(active_ms))
    figures.domains = dict(sorted(_amounts(domains), key=_most)[:MAX_DOMAINS])
    sorted_in = _amounts(categories)
    others = Amount(
        figures.total.visits - sum(amount.visits for _, amount in sorted_in),
        figures.total.active_ms - sum(amount.active_ms for _, amount in sorted_in),
    )
    if others.visits:
        sorted_in.append((None, others))
    figures.categories = dict(sorted(sorted_in, key=_most))
    return figures


def _local(at: int, zone: tzinfo) -> datetime:
    """A time in a zone; in UTC at the end of the year 9999, which is over there already."""
    moment = datetime.fromtimestamp(at / 1000, UTC)
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment


def _amounts(rows: Iterable[Any]) -> list[tuple[Any, Amount]]:
    return [(what, Amount(number, int(active_ms))) for what, number, active_ms in rows]


def _most(entry: tuple[Any, Amount]) -> tuple[int, str]:
    what, amount = entry
    return -amount.visits, str(what or "")
