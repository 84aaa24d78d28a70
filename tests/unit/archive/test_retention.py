"""What is old leaves this device, and nothing else does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from heyho.archive.retention import AT_ONCE, months_before
from heyho.catalog.index import Index
from heyho.ports import Record
from heyho.ports.catalog import CatalogChange
from heyho.settings import Settings
from heyho.testing.loop import jumping
from unit.archive.archive_desk import DAY, NOW, Desk, visit

SERVER = {"serverUrl": "http://127.0.0.1:1/api/v1", "token": "t"}
DESTINATION = Settings(server_url=SERVER["serverUrl"], token=SERVER["token"]).destination


def desk_of(days: int, **settings: Any) -> Desk:
    desk = Desk(days)
    desk.database.state["settings"] = {**SERVER, **settings}
    return desk


@jumping
async def test_visits_are_kept_for_ever_unless_the_person_says_otherwise() -> None:
    desk = desk_of(400)
    await desk.work()
    assert len(desk.visits()) == 400


@jumping
async def test_old_visits_go_once_they_are_on_the_server() -> None:
    desk = desk_of(3 * AT_ONCE, keepMonths=2)
    desk.database.state["ledger"] = {DESTINATION: [[1, 100], [201, 2 * AT_ONCE]]}
    desk.database.rejected["visit-299"] = {"id": "visit-299", "reason": "no"}
    await desk.work()
    kept = [int(each["id"].partition("-")[2]) for each in desk.visits()]
    recent = [number for number in kept if number < 62]
    assert recent == list(range(len(recent)))
    assert 58 < len(recent) <= 62
    old = kept[len(recent) :]
    assert old == [*range(100, 200), 299, *range(2 * AT_ONCE, 3 * AT_ONCE)]


@jumping
async def test_what_is_on_no_server_goes_only_where_that_was_chosen() -> None:
    desk = desk_of(400, keepMonths=1, keepUnsynced=False)
    await desk.work()
    assert len(desk.visits()) in (29, 30, 31)


@pytest.mark.parametrize("pages", [0, 3])
@pytest.mark.parametrize("ahead_days", [-1, 30, 365])
@jumping
async def test_a_clock_that_is_set_makes_nothing_old(ahead_days: int, pages: int) -> None:
    """Nor do the pages that are visited by that clock."""
    kept = []
    for leap in (0, ahead_days):
        desk = desk_of(400, keepMonths=3, keepUnsynced=False)
        await desk.work()
        now = NOW + leap * DAY
        made = [visit(1000 + n, startedAt=now + n * 60_000) for n in range(pages)]
        desk.database.append_visits(made)
        desk.offset_ms = leap * DAY + pages * 60_000
        desk.restart()
        await desk.work()
        kept.append(len(desk.visits()) - pages)
    assert 85 < kept[0] < 95
    assert abs(kept[1] - kept[0]) <= 3


@jumping
async def test_what_the_person_has_chosen_goes_by_the_clock_once() -> None:
    desk = desk_of(0, keepMonths=6, keepUnsynced=False)
    desk.database.append_visits(visit(n, startedAt=NOW - 30 * n * DAY - 60_000) for n in range(10))
    desk.database.append_visits(
        visit(1000 + n, startedAt=NOW - 190 * DAY - n) for n in range(AT_ONCE)
    )
    await desk.work()
    assert [each["id"] for each in desk.visits()] == [f"visit-{n}" for n in range(7)]


@jumping
async def test_a_clock_is_believed_from_the_second_day_on() -> None:
    desk = desk_of(400, keepMonths=3, keepUnsynced=False)
    await desk.work()
    later = NOW + 365 * DAY
    desk.database.append_visits(visit(n, startedAt=later + (n - 1000) * DAY) for n in (1000, 1001))
    desk.offset_ms = 366 * DAY
    desk.restart()
    await desk.work()
    assert [each["id"] for each in desk.visits()] == ["visit-1000", "visit-1001"]


@jumping
async def test_many_of_one_moment_that_stay_are_passed_over() -> None:
    desk = desk_of(0, keepMonths=1)
    old = [visit(n, startedAt=NOW - 400 * DAY) for n in range(AT_ONCE + 20)]
    recent = [visit(6000, startedAt=NOW - 2 * DAY), visit(6001, startedAt=NOW)]
    desk.database.append_visits([*old, visit(5000, startedAt=NOW - 300 * DAY), *recent])
    desk.database.state["ledger"] = {DESTINATION: [[AT_ONCE + 21, AT_ONCE + 21]]}
    await desk.work()
    assert len(desk.visits()) == len(old) + 2


@jumping
async def test_search_and_figures_forget_along() -> None:
    desk = desk_of(400, keepMonths=1, keepUnsynced=False)
    while await desk.catalog.step():
        pass
    await desk.work()
    figures = await desk.catalog.handlers["figures"]({})
    assert sum(visits for _, visits, *_ in figures["days"]) == len(desk.visits())


@jumping
async def test_nothing_is_taken_off_the_figures_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deletion is asked for while a change of the catalog is planned, which takes its time."""
    forgetting = Index.forgetting

    async def slow(index: Index, visits: Sequence[Record]) -> CatalogChange:
        await asyncio.sleep(1)
        return await forgetting(index, visits)

    monkeypatch.setattr(Index, "forgetting", slow)
    desk = desk_of(60, keepMonths=1, keepUnsynced=False)
    await desk.catalog.index.advance(chunk=60)
    dropping = asyncio.ensure_future(desk.archive.step())
    await asyncio.sleep(0.5)
    await desk.ask("delete", query={"site": "site-1.example"})
    await dropping
    await desk.ask("undo")
    figures = await desk.catalog.handlers["figures"]({})
    assert sum(visits for _, visits, *_ in figures["days"]) == len(desk.visits())


@pytest.mark.parametrize(
    ("now", "months", "then"),
    [
        ((2026, 3, 31, 12), 1, (2026, 2, 28, 12)),
        ((2024, 3, 31, 12), 1, (2024, 2, 29, 12)),
        ((2026, 1, 15, 3), 13, (2024, 12, 15, 3)),
    ],
)
def test_months(now: tuple[int, ...], months: int, then: tuple[int, ...]) -> None:
    def at(parts: tuple[int, ...]) -> int:
        year, month, day, hour = parts
        return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp() * 1000)

    assert months_before(at(now), months) == at(then)
    assert months_before(at(now), 1200) == 0
