"""The dashboard's figures, reckoned."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from heyho.pages.dashboard import days, tally

TODAY = "2026-11-25"
NUMBERS = some.lists(some.integers(min_value=0, max_value=1000), max_size=60)


def figures(rows: list[tuple[str, int, float]]) -> dict[str, Any]:
    return {
        "days": [list(row) for row in rows],
        "firstDay": rows[0][0] if rows else None,
        "lastDay": rows[-1][0] if rows else None,
    }


def test_ranges() -> None:
    assert tally.bounds("month", TODAY) == ("2026-10-27", TODAY)
    assert tally.bounds("year", TODAY) == ("2025-11-26", TODAY)
    assert tally.bounds("all", TODAY) == (None, None)
    old = figures([("2020-02-29", 3, 1.0)])
    assert tally.extent(old, "all", TODAY) == ("2020-02-29", TODAY)
    assert tally.extent(figures([]), "all", TODAY) == ("2026-10-27", TODAY)


def test_days_without_visits_are_days_too() -> None:
    known = figures([("2026-11-23", 2, 5.0), ("2026-11-25", 1, 7.0)])
    rows = tally.by_day(known, "2026-11-23", TODAY)
    assert rows == [("2026-11-23", 2, 5.0), ("2026-11-24", 0, 0), ("2026-11-25", 1, 7.0)]
    assert [row[0] for row in tally.by_period(rows)] == [TODAY, "2026-11-23"]
    assert tally.busiest(rows) == ("2026-11-23", 2, 5.0)
    assert tally.busiest([]) is None


def test_many_days_are_told_by_month() -> None:
    rows = [(day, 1, 2.0) for day in days.between("2025-12-30", "2026-03-02")]
    assert tally.by_period(rows) == [
        ("2026-03", 2, 4.0),
        ("2026-02", 28, 56.0),
        ("2026-01", 31, 62.0),
        ("2025-12", 2, 4.0),
    ]


@given(NUMBERS)
def test_levels_grow_with_the_numbers(numbers: list[int]) -> None:
    steps = tally.thresholds(numbers)
    levels = [tally.level(number, steps) for number in sorted(numbers)]
    assert levels == sorted(levels)
    assert levels.count(0) == numbers.count(0)
    assert set(levels) <= set(range(tally.LEVELS + 1))


def test_a_calendar_has_each_day_once() -> None:
    rows: list[tuple[str, int, float]] = [(day, 0, 0) for day in days.between("2025-11-26", TODAY)]
    [part] = tally.years(rows)
    columns = tally.weeks(part)
    assert [row for column in columns for row in column if row] == rows
    assert columns[0][:2] == [None, None], "2025-11-26 was a Wednesday"
    assert all(days.weekday(row[0]) == at for col in columns for at, row in enumerate(col) if row)


def test_several_years_are_calendars_of_their_own() -> None:
    rows: list[tuple[str, int, float]] = [(day, 0, 0) for day in days.between("2024-06-01", TODAY)]
    parts = tally.years(rows)
    assert [part[0][0] for part in parts] == ["2026-01-01", "2025-01-01", "2024-06-01"]
    assert sorted(row for part in parts for row in part) == rows


def test_the_busiest_hour() -> None:
    week = [[[0.0, 0.0] for _ in range(24)] for _ in range(7)]
    assert tally.busiest_hour(week) is None
    week[2][14] = [3.0, 1.0]
    assert tally.busiest_hour(week) == (2, 14)


def test_shares() -> None:
    assert tally.share(1, 3) == "0.333"
    assert tally.share(0, 0) == "0"
