"""The work of a step grows with the tabs it touches, not with the tabs that are open."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable

import pytest

from heyho.ports import Record
from heyho.recording.state import MAX_TABS, State
from unit.recording.story import T0, Story, fold_events, picture

Numbered = list[tuple[int, Record]]


def busy_hours(tabs: int, events: int) -> Numbered:
    """Somebody clicks through many tabs, with a glance at another program now and then."""
    chance = random.Random(1)
    story = Story().session(
        "resume", *(picture(tab, active=tab == 1) for tab in range(1, tabs + 1))
    )
    for tab in range(1, tabs + 1):
        story.go(f"https://site{tab}.example/", tab=tab)
    while len(story.events) < events:
        tab = chance.randint(1, tabs)
        url = f"https://site{tab}.example/{len(story.events)}"
        story.wait(chance.randint(1, 50)).activate(tab).go(url, tab=tab)
        story.title(f"Page {len(story.events)}", url, tab=tab)
        if chance.random() < 0.2:
            story.focus(-1).wait(20).focus(1)
        if chance.random() < 0.1:
            story.idle("idle").wait(90).idle("active")
    return story.events[:events]


@pytest.mark.quiet
def test_ten_thousand_events_of_three_hundred_tabs(report: Callable[[str], None]) -> None:
    events = busy_hours(300, 10_000)
    begun = time.perf_counter()
    whole = fold_events(events)
    whole_s = time.perf_counter() - begun
    state: Record | None = None
    visits = 0
    begun = time.perf_counter()
    for start in range(0, len(events), 500):
        folded = fold_events(events[start : start + 500], state)
        state, visits = json.loads(json.dumps(folded.state)), visits + len(folded.visits)
    steps_s = time.perf_counter() - begun
    report(
        f"10,000 events, 300 tabs: {len(whole.visits)} visits, {whole_s:.2f} s at once, "
        f"{steps_s:.2f} s in steps of 500; state {len(json.dumps(whole.state)) / 1000:.0f} kB"
    )
    assert visits == len(whole.visits)


def test_no_step_looks_at_every_tab(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = 0
    away_reason = State.away_reason

    def counted(*args: object) -> object:
        nonlocal looked
        looked += 1
        return away_reason(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(State, "away_reason", counted)
    fold_events(busy_hours(300, 3000))
    assert looked < 3 * 3000


def test_the_state_is_bounded() -> None:
    events = [
        (key, {"kind": "navigated", "at": T0 + key, "tabId": key, "url": "https://a.example/"})
        for key in range(1, MAX_TABS + 11)
    ]
    folded = fold_events(events)
    assert (len(folded.state["tabs"]), len(folded.visits)) == (MAX_TABS, 10)
    assert folded.visits[0]["tabId"] == 1


def test_a_tab_that_makes_room_for_its_own_successor() -> None:
    events: Numbered = [
        (key, {"kind": "created", "at": T0, "tabId": key, "windowId": 1})
        for key in range(1, MAX_TABS + 1)
    ]
    replaced = {"kind": "replaced", "at": T0, "tabId": MAX_TABS + 1, "removedTabId": 1}
    assert len(fold_events([*events, (MAX_TABS + 1, replaced)]).state["tabs"]) == MAX_TABS
