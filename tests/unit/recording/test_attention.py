"""When somebody is looking."""

from __future__ import annotations

from itertools import pairwise

import pytest

from heyho.recording.attention import Attention
from heyho.wire import MAX_IDLE_PERIODS
from unit.recording.story import A, B, C, Story, away, picture


def test_a_tab_left_behind_stays_open_unseen() -> None:
    story = Story().go(A).wait(10).create(2).activate(2).wait(20).activate(1).wait(5).close(1)
    [visit] = story.visits()
    assert away(visit) == [(10, 30, "hidden")]
    assert (visit.active_duration_ms, visit.duration_ms) == (15_000, 35_000)
    assert visit.engagement_rate == pytest.approx(15 / 35)


def test_a_page_loaded_in_the_background() -> None:
    story = Story().go(A).create(2).go(B, tab=2).wait(10).activate(2).wait(5).close(2)
    assert away(story.visits()[0]) == [(0, 10, "hidden")]


def test_a_window_without_the_focus() -> None:
    story = Story().go(A).wait(10).focus(-1).wait(10).focus(1).wait(10).focus(2).wait(10)
    [visit] = story.close().visits()
    assert away(visit) == [(10, 20, "unfocused"), (30, 40, "unfocused")]


def test_two_windows() -> None:
    story = Story().go(A).create(2, window=2).activate(2, window=2).go(B, tab=2).wait(10)
    one, two = story.focus(2).wait(10).close(1).close(2).visits()
    assert away(one) == [(10, 20, "unfocused")]
    assert away(two) == [(0, 10, "unfocused")]


def test_a_tab_moved_to_another_window() -> None:
    story = Story().go(A).go(B, tab=2).wait(10).attach(1, window=2).activate(1, window=2)
    story.focus(2).activate(2).wait(10).focus(1).wait(10)
    moved, left = story.close(1).close(2).visits()
    assert away(moved) == [(20, 30, "unfocused")]
    assert away(left) == [(0, 10, "hidden"), (10, 20, "unfocused")]


def test_a_tab_moved_behind_another() -> None:
    story = Story().create(2, window=2).activate(2, window=2).go(A).wait(10).focus(2).wait(10)
    [visit] = story.attach(1, window=2).wait(10).close(1).visits()
    assert away(visit) == [(10, 20, "unfocused"), (20, 30, "hidden")]


@pytest.mark.parametrize("state", ["idle", "locked"])
def test_nobody_there(state: str) -> None:
    [visit] = Story().go(A).wait(70).idle(state).wait(60).idle("active").wait(10).close().visits()
    assert away(visit) == [(70, 130, state)]
    assert visit.active_duration_ms == 80_000


def test_sound_needs_neither_focus_nor_input() -> None:
    story = Story().go(A).sound(True).wait(10).focus(-1).wait(10).idle("idle").wait(10)
    [visit] = story.sound(False).wait(10).focus(1).wait(10).close().visits()
    assert away(visit) == [(30, 40, "unfocused"), (40, 50, "idle")]


def test_sound_in_a_hidden_tab_or_behind_a_lock_is_nothing() -> None:
    story = Story().go(A).sound(True).wait(10).idle("locked").wait(10).idle("active").wait(10)
    [visit] = story.create(2).activate(2).wait(10).close(1).visits()
    assert away(visit) == [(10, 20, "locked"), (30, 40, "hidden")]


def test_the_first_reason_counts() -> None:
    story = Story().go(A).wait(10).idle("idle").wait(10).focus(-1).wait(10).idle("locked").wait(10)
    [visit] = story.create(2).activate(2).wait(10).idle("active").wait(10).close(1).visits()
    assert away(visit) == [
        (10, 20, "idle"),
        (20, 30, "unfocused"),
        (30, 40, "locked"),
        (40, 60, "hidden"),
    ]


def test_periods_that_touch_are_one_and_empty_ones_none() -> None:
    story = Story().go(A).wait(10).focus(-1).focus(1).focus(-1).wait(5).focus(1).focus(-1).wait(5)
    [visit] = story.focus(1).idle("idle").idle("active").wait(5).close().visits()
    assert away(visit) == [(10, 20, "unfocused")]


class TestWhatIsUnknown:
    def blank(self) -> Story:
        story = Story()
        story.events.clear()
        return story

    def test_a_focus_never_told_counts(self) -> None:
        story = self.blank().create(1).activate(1).go(A).wait(10).focus(2).wait(10).close()
        assert away(story.visits()[0]) == [(10, 20, "unfocused")]

    def test_the_tab_that_went_to_a_page_last_is_presumed_in_front(self) -> None:
        story = self.blank().create(1).create(2).go(A).wait(10).go(B, tab=2).wait(10)
        one, two = story.close(1).close(2).visits()
        assert (away(one), away(two)) == ([(10, 20, "hidden")], [])

    def test_what_the_browser_tells_ends_the_presumption(self) -> None:
        story = self.blank().create(1).create(2).activate(2).go(A).wait(10).close(1)
        assert away(story.visits()[0]) == [(0, 10, "hidden")]

    def test_after_the_tab_in_front_is_closed(self) -> None:
        story = self.blank().create(1).create(2).activate(2).close(2).go(A).wait(10).close(1)
        assert away(story.visits()[0]) == []

    def test_a_tab_of_no_known_window_is_seen_until_any_tab_comes_to_the_front(self) -> None:
        story = self.blank().go(A).wait(10).focus(3).wait(10).focus(-1).wait(10).focus(3).wait(10)
        [visit] = story.activate(2, window=3).wait(10).close(1).visits()
        assert away(visit) == [(20, 30, "unfocused"), (40, 50, "hidden")]

    def test_a_tab_of_no_known_window_has_no_claim_beside_a_known_one(self) -> None:
        [visit] = Story().go(A, tab=9).wait(10).close(9).visits()
        assert away(visit) == [(0, 10, "hidden")]

    def test_a_picture_ends_all_doubt(self) -> None:
        story = self.blank().go(A).go(C, tab=2).wait(10)
        story.session("update", picture(1, A, active=True), picture(2, C), focused=-1).wait(10)
        one, two = story.close(1).close(2).visits()
        assert away(one) == [(0, 10, "hidden"), (10, 20, "unfocused")]
        assert away(two) == [(10, 20, "hidden")]


def test_many_periods_are_thinned_where_it_hurts_least() -> None:
    attention = Attention(0, None)
    for at in range(0, 40 * MAX_IDLE_PERIODS, 20):
        attention.turn(at + (10 if at else 19), "unfocused")
        attention.turn(at + 20, None)
        assert len(attention.periods) <= MAX_IDLE_PERIODS
    ended_at = 40 * MAX_IDLE_PERIODS + 1000
    stored = Attention.from_record(attention.to_record(), started_at=0, last_at=ended_at)
    assert stored == attention
    active_ms, periods = stored.end(0, ended_at)
    assert active_ms == 19 + 10 * (2 * MAX_IDLE_PERIODS - 1) + 1000
    assert MAX_IDLE_PERIODS // 2 < len(periods) <= MAX_IDLE_PERIODS
    assert all(one.end < two.start for one, two in pairwise(periods))
    assert (periods[0].start, periods[-1].end) == (19, 40 * MAX_IDLE_PERIODS)
    assert sum(period.end - period.start for period in periods) > ended_at - active_ms


def test_the_longer_reason_survives_the_thinning() -> None:
    attention = Attention(0, "hidden")
    attention.turn(1000, "idle")
    for at in range(1001, 1001 + 100 * MAX_IDLE_PERIODS, 100):
        attention.turn(at, None)
        attention.turn(at + 90, "idle")
    _, periods = attention.end(0, 10**6)
    assert (periods[0].start, periods[0].reason) == (0, "hidden")
    assert periods[0].end > 1001
