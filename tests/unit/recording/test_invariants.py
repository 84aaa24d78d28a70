"""What holds for every stream of events, whatever a person, a browser or a database does."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from heyho.model import Visit
from heyho.ports import Record
from heyho.ports.stores import Folded
from unit.recording.browser_model import (
    SECRET,
    Browser,
    browsers,
    chaotic_events,
    chaotic_streams,
    json_values,
    keyed,
)
from unit.recording.story import Events, fold_events, visit_of

real_streams = browsers().map(lambda browser: browser.events)
streams = st.one_of(real_streams, chaotic_streams)


def fold_all(events: Events) -> Folded:
    return fold_events(events, None, SECRET)


def visits_of(events: Events) -> list[Visit]:
    return [visit_of(record) for record in fold_all(events).visits]


def stored(state: Record) -> Any:
    return json.loads(json.dumps(state))


@settings(max_examples=150)
@given(streams, st.integers(1, 12))
def test_it_does_not_matter_where_the_steps_are_cut(events: Events, size: int) -> None:
    visits: list[Record] = []
    state: Record | None = None
    for start in range(0, len(events), size):
        folded = fold_events(events[start : start + size], state, SECRET)
        visits += folded.visits
        state = stored(folded.state)
    whole = fold_all(events)
    assert visits == list(whole.visits)
    assert state == stored(whole.state)


@settings(max_examples=150)
@given(streams)
def test_every_visit_is_sound(events: Events) -> None:
    visits = visits_of(events)
    assert len({visit.id for visit in visits}) == len(visits)
    for visit in visits:
        assert visit.started_at <= visit.ended_at
        idle_ms = 0
        reached = visit.started_at
        for idle in visit.idle_periods:
            assert reached <= idle.start < idle.end <= visit.ended_at
            reached = idle.end
            idle_ms += idle.end - idle.start
        assert visit.active_duration_ms + idle_ms == visit.duration_ms
        for one, two in pairwise(visit.idle_periods):
            assert one.end < two.start or one.reason != two.reason


@settings(max_examples=150)
@given(streams)
def test_records_are_what_the_wire_takes(events: Events) -> None:
    for record in fold_all(events).visits:
        visit = visit_of(record)
        assert "seq" not in record
        assert (visit.started_at, visit.ended_at) == (record["startedAt"], record["endedAt"])
        assert (visit.active_duration_ms, visit.url) == (record["activeDuration"], record["url"])
        assert len(visit.idle_periods) == len(record["idlePeriods"])
        assert (visit.title, visit.domain) == (record["title"], record["domain"])


@settings(max_examples=150)
@given(streams)
def test_a_page_not_to_be_recorded_leaves_no_trace(events: Events) -> None:
    folded = fold_all(events)
    assert SECRET not in json.dumps([folded.state, *folded.visits])


@settings(max_examples=150)
@given(browsers())
def test_a_tab_shows_one_page_at_a_time(browser: Browser) -> None:
    by_tab: dict[int | None, list[Visit]] = {}
    for visit in visits_of(browser.events):
        by_tab.setdefault(visit.tab_id, []).append(visit)
    for visits in by_tab.values():
        assert all(one.ended_at <= two.started_at for one, two in pairwise(visits))


@settings(max_examples=150)
@given(browsers())
def test_when_all_tabs_are_closed_nothing_is_left(browser: Browser) -> None:
    state = fold_all(browser.events).state
    assert (state["tabs"], state["windows"]) == ([], [])


@settings(max_examples=150)
@given(browsers())
def test_a_source_is_a_visit_that_exists(browser: Browser) -> None:
    visits = visits_of(browser.events)
    sources = {visit.source_page_visit_id for visit in visits} - {None}
    assert sources <= {visit.id for visit in visits}


@settings(max_examples=300)
@given(browsers())
def test_active_time_is_the_time_somebody_looked(browser: Browser) -> None:
    moments = [*browser.watched]
    numbers = _numbers_of_tabs(browser.events)
    for visit in visits_of(browser.events):
        tab_ids = numbers.get(visit.tab_id or 0, {visit.tab_id})
        looked_ms = sum(
            min(after.at, visit.ended_at) - max(moment.at, visit.started_at)
            for moment, after in pairwise(moments)
            if moment.tabs & tab_ids
            and after.at - moment.at <= 150_000
            and moment.at < visit.ended_at
            and after.at > visit.started_at
        )
        assert visit.active_duration_ms == looked_ms


def _numbers_of_tabs(events: Events) -> dict[int, set[int]]:
    """All the numbers that a tab has had, by its last one."""
    numbers: dict[int, set[int]] = {}
    for _, event in events:
        if event["kind"] == "replaced":
            earlier = numbers.get(event["removedTabId"], {event["removedTabId"]})
            numbers[event["tabId"]] = {event["tabId"], *earlier}
    return numbers


@settings(max_examples=150)
@given(st.lists(st.one_of(json_values, chaotic_events), max_size=12), json_values)
def test_nothing_makes_it_raise(records: list[Any], state: Any) -> None:
    json.dumps(fold_events(keyed(records), state, SECRET).state)


@st.composite
def damaged_states(draw: st.DrawFn) -> Any:
    """A state of the fold in which some values have been lost or swapped for others."""

    def damage(value: Any) -> Any:
        if draw(st.integers(0, 9)) == 0:
            return draw(json_values)
        if isinstance(value, dict):
            return {key: damage(item) for key, item in value.items() if draw(st.integers(0, 19))}
        if isinstance(value, list):
            return [damage(item) for item in value]
        return value

    events = draw(real_streams)
    stop = draw(st.integers(0, len(events)))
    return damage(stored(fold_all(events[:stop]).state))


@settings(max_examples=60)
@given(damaged_states(), chaotic_streams)
def test_a_damaged_state_makes_neither_errors_nor_bad_visits(state: Any, events: Events) -> None:
    for record in fold_events(events, state, SECRET).visits:
        visit = visit_of(record)
        assert 0 <= visit.active_duration_ms <= visit.duration_ms
