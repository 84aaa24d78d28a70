"""Figures over HTTP."""

from __future__ import annotations

from datetime import tzinfo
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from heyho_server.api import values
from heyho_server.api.documented import TOKEN, answers, refusals
from heyho_server.api.services import Services
from heyho_server.errors import BadQuery
from heyho_server.storage.devices import Caller
from heyho_server.storage.figures import reckon
from heyho_server.storage.filters import Filter

Zone = Annotated[
    str | None, QueryParameter(name="zone", description="A time zone, such as Europe/Berlin.")
]


class Amount(msgspec.Struct, rename="camel", kw_only=True):
    """So many visits, looked at for so many milliseconds."""

    visits: int
    active_ms: int


class DayAmount(Amount, rename="camel", kw_only=True):
    """Of a local day."""

    day: str


class HourAmount(Amount, rename="camel", kw_only=True):
    """Of an hour of the week: `weekday` 0 is Monday."""

    weekday: int
    hour: int


class DomainAmount(Amount, rename="camel", kw_only=True):
    """Of a domain."""

    domain: str


class CategoryAmount(Amount, rename="camel", kw_only=True):
    """Of a category; null for visits without."""

    category: str | None


class FiguresRecord(Amount, rename="camel", kw_only=True):
    """All together, and by what they are of; what has no visits is left out."""

    zone: str
    days: list[DayAmount]
    hours: list[HourAmount]
    domains: list[DomainAmount]
    categories: list[CategoryAmount]


EXAMPLE = FiguresRecord(
    visits=12,
    active_ms=480_000,
    zone="Europe/Berlin",
    days=[DayAmount(day="2026-01-31", visits=12, active_ms=480_000)],
    hours=[HourAmount(weekday=5, hour=21, visits=12, active_ms=480_000)],
    domains=[DomainAmount(domain="example.org", visits=12, active_ms=480_000)],
    categories=[CategoryAmount(category="news", visits=12, active_ms=480_000)],
)


@get(
    "/data/figures",
    tags=["Reading back"],
    summary="How much the caller visited, and when",
    security=TOKEN,
    responses=answers(FiguresRecord, EXAMPLE) | refusals(400, 401),
)
async def get_figures(
    *,
    services: NamedDependency[Services],
    caller: NamedDependency[Caller],
    from_: values.From = None,
    to: values.To = None,
    zone: Zone = None,
) -> FiguresRecord:
    """By day, hour of the week, domain (the first 100) and category; a visit counts where it
    started."""
    wanted = Filter(from_at=values.read_time("from", from_), to_at=values.read_time("to", to))
    name = zone or "UTC"
    place = read_zone(name)
    async with services.database.read() as connection:
        figures = await reckon(connection, caller, wanted, place)
    return FiguresRecord(
        visits=figures.total.visits,
        active_ms=figures.total.active_ms,
        zone=name,
        days=[
            DayAmount(day=day, visits=it.visits, active_ms=it.active_ms)
            for day, it in figures.days.items()
        ],
        hours=[
            HourAmount(weekday=weekday, hour=hour, visits=it.visits, active_ms=it.active_ms)
            for (weekday, hour), it in sorted(figures.hours.items())
        ],
        domains=[
            DomainAmount(domain=domain, visits=it.visits, active_ms=it.active_ms)
            for domain, it in figures.domains.items()
        ],
        categories=[
            CategoryAmount(category=category, visits=it.visits, active_ms=it.active_ms)
            for category, it in figures.categories.items()
        ],
    )


def read_zone(name: str) -> tzinfo:
    """A time zone by its name."""
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        raise BadQuery(
            "zone is no time zone that this server knows: give a name such as Europe/Berlin."
        ) from problem
    return zone
