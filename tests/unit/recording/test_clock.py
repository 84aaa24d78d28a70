"""Sleep, jitter, and a clock put right."""

from __future__ import annotations

import math

import pytest

from unit.recording.story import A, B, Story, away, seconds


def test_a_long_silence_is_sleep() -> None:
    [visit] = Story().go(A).wait(60).event("heartbeat").silence(3600).close().visits()
    assert seconds(visit) == (0, 3660)
    assert away(visit) == [(60, 3660, "sleep")]


def test_a_shorter_one_is_not() -> None:
    [visit] = Story().go(A).silence(150).close().visits()
    assert visit.active_duration_ms == 150_000


def test_after_sleep_all_is_as_before() -> None:
    story = Story().go(A).wait(10).focus(-1).silence(3600).event("heartbeat").wait(10)
    [visit] = story.focus(1).wait(10).close().visits()
    assert away(visit) == [
        (10, 3610, "sleep"),
        (3610, 3620, "unfocused"),
    ]
    assert visit.active_duration_ms == 20_000


def test_hidden_tabs_sleep_too() -> None:
    story = Story().go(A).go(B, tab=2).wait(10).event("heartbeat").silence(3600).close(2)
    [visit] = story.visits()
    assert away(visit) == [(0, 10, "hidden"), (10, 3610, "sleep")]


def test_events_out_of_order_by_a_moment_are_put_in_line() -> None:
    story = Story().go(A).wait(10).event("heartbeat").silence(-2).go(B).silence(3).close()
    first, second = story.visits()
    assert (seconds(first), seconds(second)) == ((0, 10), (10, 11))


def test_a_clock_set_back_moves_the_open_visits() -> None:
    story = Story().go(A).wait(10).focus(-1).wait(10).focus(1).silence(-3595).event("heartbeat")
    [visit] = story.wait(5).close().visits()
    assert seconds(visit) == (-3595, -3570)
    assert away(visit) == [(-3585, -3575, "unfocused")]
    assert visit.active_duration_ms == 15_000


def test_a_clock_set_back_to_1970_cuts_off_what_lies_before() -> None:
    story = Story().go(A).wait(10).focus(-1).wait(10).focus(1).wait(10).event("heartbeat")
    story.now_ms = 15_000
    [visit] = story.event("heartbeat").wait(5).close().visits()
    assert (visit.started_at, visit.ended_at, visit.active_duration_ms) == (0, 20_000, 15_000)


def test_an_ended_visit_stays() -> None:
    first, second = Story().go(A).wait(10).go(B).silence(-3600).wait(5).close().visits()
    assert seconds(first) == (0, 10)
    assert seconds(second) == (-3585, -3585)


@pytest.mark.parametrize(
    "at", [math.nan, math.inf, -1, None, True, "1800000000000", 10**400, 253_402_300_800_000]
)
def test_an_event_at_no_time_is_skipped(at: object) -> None:
    story = Story().go(A).wait(10)
    story.events.append((99, {"kind": "removed", "at": at, "tabId": 1}))
    assert story.visits() == []
