"""Days as text, against the standard library, which MicroPython lacks."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as some

from heyho.pages.dashboard import days

DAYS = some.dates(min_value=date(1900, 1, 1), max_value=date(2199, 12, 31))


@given(DAYS)
def test_a_day_is_a_number_and_back(day: date) -> None:
    text = day.isoformat()
    assert days.to_number(text) == (day - date(1970, 1, 1)).days
    assert days.from_number(days.to_number(text)) == text
    assert days.weekday(text) == day.weekday()


@given(DAYS, some.integers(min_value=0, max_value=800))
def test_days_before_and_between(day: date, count: int) -> None:
    first = days.before(day.isoformat(), count)
    assert first == (day - timedelta(days=count)).isoformat()
    between = days.between(first, day.isoformat())
    assert len(between) == count + 1
    assert (between[0], between[-1]) == (first, day.isoformat())
