"""Numbers, times and outcomes in words."""

from __future__ import annotations

import pytest

from heyho.pages import words
from heyho.pages.shapes import Run

NOW = 1_790_000_000_000.0


def a_run(**changes: object) -> Run:
    run: Run = {
        "startedAt": NOW - 2_000,
        "endedAt": NOW,
        "trigger": "manual",
        "strategy": "concurrent",
        "outcome": "complete",
        "visits": 25,
        "rejected": 0,
        "cancelled": False,
        "error": None,
    }
    return {**run, **changes}  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0 visits"), (1, "1 visit"), (2, "2 visits"), (12_345, "12,345 visits")],
)
def test_a_number_agrees_with_its_noun(value: int, said: str) -> None:
    assert words.count(value, "visit") == said


@pytest.mark.parametrize(
    ("passed_ms", "past", "future"),
    [
        (0, "just now", "in a moment"),
        (59_999, "just now", "in a moment"),
        (60_000, "1 minute ago", "in 1 minute"),
        (3_599_999, "59 minutes ago", "in 59 minutes"),
        (3_600_000, "1 hour ago", "in 1 hour"),
        (86_400_000, "1 day ago", "in 1 day"),
        (10 * 86_400_000, "10 days ago", "in 10 days"),
        (-5_000, "just now", "in a moment"),
    ],
)
def test_a_time_is_told_in_its_largest_unit(passed_ms: float, past: str, future: str) -> None:
    assert words.ago(NOW - passed_ms, NOW) == past
    assert words.until(NOW + passed_ms, NOW) == future


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, ""),
        (2.9, ""),
        (3.2, "About 3 seconds left."),
        (59.4, "About 59 seconds left."),
        (100, "About 1 minute left."),
        (7300, "About 2 hours left."),
    ],
)
def test_what_is_left_is_told_where_it_is_worth_telling(seconds: float | None, said: str) -> None:
    assert words.left(seconds) == said


@pytest.mark.parametrize(
    ("changes", "waiting", "said"),
    [
        ({}, 0, "Synced 25 visits."),
        ({"visits": 1}, 0, "Synced 1 visit."),
        ({"outcome": "nothing", "visits": 0}, 0, "Nothing to sync."),
        (
            {"rejected": 2},
            0,
            "Synced 25 visits. Your server refused 2; Heyho keeps them aside.",
        ),
        (
            {"deleted": 12},
            0,
            "Synced 13 visits. 12 visits were not stored: you had deleted them on your server.",
        ),
        (
            {"visits": 1, "deleted": 1},
            0,
            "1 visit was not stored: you had deleted it on your server.",
        ),
        (
            {"outcome": "failed", "visits": 0, "error": "Your server did not answer."},
            5000,
            "5,000 visits wait. Your server did not answer. They go again at 14:05.",
        ),
        (
            {"outcome": "partial", "error": "Your server did not answer."},
            1,
            "Synced 25 visits. 1 visit waits. Your server did not answer. It goes again at 14:05.",
        ),
        (
            {"outcome": "partial", "cancelled": True},
            5000,
            "You stopped the sync. 5,000 visits wait. They go again at 14:05.",
        ),
    ],
)
def test_a_run_is_reported_in_sentences(
    changes: dict[str, object], waiting: int, said: str
) -> None:
    assert words.report(a_run(**changes), waiting, "14:05") == said
