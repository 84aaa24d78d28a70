"""Which rows of sums tell of a range of days."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from heyho.catalog.rollups import MONTH, spans

DAYS = st.dates(min_value=date(2023, 12, 1), max_value=date(2025, 3, 31))


def covered(first: str, last: str) -> list[date]:
    """The days that some rows tell of, each as often as it is told of."""
    every = [date(2023, 1, 1) + timedelta(days=number) for number in range(1200)]
    return sorted(
        day
        for low, high in spans(first, last)
        for day in every
        if low
        <= (MONTH + day.isoformat()[:7] if low.startswith(MONTH) else day.isoformat())
        <= high
    )


@given(first=DAYS, last=DAYS)
def test_each_day_is_told_of_once(first: date, last: date) -> None:
    wanted = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    assert covered(first.isoformat(), last.isoformat()) == wanted


def test_whole_months_are_not_taken_apart() -> None:
    assert spans("2024-01-01", "2024-02-29") == [("m2024-01", "m2024-02")]
    assert spans("0001-01-01", "9999-12-31") == [("m0001-01", "m9999-12")]
    assert spans("2024-01-31", "2024-03-01") == [
        ("2024-01-31", "2024-01-31"),
        ("2024-03-01", "2024-03-01"),
        ("m2024-02", "m2024-02"),
    ]
