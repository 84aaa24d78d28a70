"""Figures agree with counting by hand, on both kinds of database."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from heyho.wire import MAX_AT_MS
from heyho_server.storage.database import Database
from heyho_server.storage.devices import Caller
from heyho_server.storage.figures import Amount, Figures, reckon
from heyho_server.storage.filters import Filter
from server.kept import START_MS, row, store
from server.test_reading import in_database

DAY_MS = 86_400_000
# Around the night in which Berlin's clocks went back.
FIRST = datetime(2025, 10, 25, 20, 7, tzinfo=UTC)
MOMENTS = [FIRST + timedelta(minutes=17 * number) for number in range(40)]


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns"])
def test_days_and_hours_are_those_of_the_zone(database_url: str, name: str) -> None:
    zone = ZoneInfo(name)
    history = [
        row(
            f"v{number:02}",
            int(moment.timestamp() * 1000),
            active_duration_ms=number,
            domain=f"{number % 3}.example",
            category="news" if number % 4 == 0 else None,
        )
        for number, moment in enumerate(MOMENTS)
    ]

    async def work(database: Database, caller: Caller, other: Caller) -> Figures:
        await store(database, caller, history)
        await store(database, other, history[:5])
        wanted = Filter(from_at=history[1].started_at, to_at=history[-1].started_at)
        async with database.read() as connection:
            return await reckon(connection, caller, wanted, zone)

    figures: Figures = in_database(database_url, work)
    expected = Figures()
    for number, moment in list(enumerate(MOMENTS))[1:-1]:
        local = moment.astimezone(zone)
        groups: list[tuple[dict[Any, Amount], object]] = [
            (expected.days, local.date().isoformat()),
            (expected.hours, (local.weekday(), local.hour)),
            (expected.domains, f"{number % 3}.example"),
            (expected.categories, "news" if number % 4 == 0 else None),
        ]
        for kind, what in groups:
            kind.setdefault(what, Amount()).add(1, number)
        expected.total.add(1, number)
    assert figures == expected
    assert list(figures.days) == sorted(figures.days)
    assert list(figures.categories) == [None, "news"]


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/St_Johns"])
def test_the_last_and_the_first_hour_that_there_are_count(database_url: str, name: str) -> None:
    async def work(database: Database, caller: Caller, _: Caller) -> Figures:
        await store(database, caller, [row("first", 0), row("last", MAX_AT_MS - 1)])
        async with database.read() as connection:
            return await reckon(connection, caller, Filter(), ZoneInfo(name))

    figures: Figures = in_database(database_url, work)
    assert figures.total.visits == 2
    assert list(figures.days)[-1] == "9999-12-31"


class SlowZone(tzinfo):
    """Asks for a turn of the event loop in the middle of the work."""

    def __init__(self) -> None:
        self.asked, self.answered = threading.Event(), threading.Event()

    def utcoffset(self, moment: datetime | None) -> timedelta:
        return timedelta(0)

    def tzname(self, moment: datetime | None) -> str:
        return "slow"

    def dst(self, moment: datetime | None) -> timedelta:
        return timedelta(0)

    def fromutc(self, moment: datetime) -> datetime:
        self.asked.set()
        assert self.answered.wait(10), "nobody else gets a turn"
        return moment


def test_others_are_served_while_a_long_history_is_added_up(database_url: str) -> None:
    async def work(database: Database, caller: Caller, _: Caller) -> Figures:
        await store(database, caller, [row("a"), row("b", START_MS + DAY_MS)])
        zone = SlowZone()

        async def serve() -> None:
            for _ in range(10_000):
                if zone.asked.is_set():
                    break
                await asyncio.sleep(0.001)
            zone.answered.set()

        serving = asyncio.create_task(serve())
        async with database.read() as connection:
            figures = await reckon(connection, caller, Filter(), zone)
        await serving
        return figures

    assert in_database(database_url, work).total.visits == 2


def test_where_nothing_is_stored_there_is_nothing(database_url: str) -> None:
    async def work(database: Database, caller: Caller, _: Caller) -> Figures:
        async with database.read() as connection:
            return await reckon(connection, caller, Filter(), UTC)

    assert in_database(database_url, work) == Figures()
