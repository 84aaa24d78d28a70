"""The decision tree, branch by branch."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heyho.ports.device import Conditions
from heyho.sync.plan import MAX_LANES, SAFE_LANES
from heyho.sync.strategies.auto import Situation, choose

FINE = Conditions(cores=4)
LONG = Situation(
    batches=100,
    conditions=FINE,
    send_ms=None,
    read_ms=None,
    lanes=None,
    room=None,
    workers=2,
)


def changed(**changes: Any) -> Situation:
    """A long backlog and a server that nobody knows, but for this."""
    fields = {name: getattr(LONG, name) for name in LONG.__slots__}
    return Situation(**{**fields, **changes})


@pytest.mark.parametrize(
    ("situation", "strategy", "lanes", "workers", "why"),
    [
        (changed(batches=1), "sequential", 1, 0, "one batch waits"),
        (changed(conditions=Conditions(metered=True)), "sequential", 1, 0, "metered"),
        (changed(conditions=Conditions(slow=True)), "concurrent", 2, 0, "slow"),
        (changed(batches=3, send_ms=300), "concurrent", 2, 0, "short"),
        (changed(batches=90, send_ms=10), "concurrent", 2, 0, "short"),
        (changed(batches=10, send_ms=300), "concurrent", SAFE_LANES, 0, "tells no limits"),
        (changed(), "concurrent", SAFE_LANES, 0, "tells no limits"),
        (changed(room=MAX_LANES), "concurrent", MAX_LANES, 0, "room for all lanes"),
        (changed(room=10**6), "concurrent", MAX_LANES, 0, "room for all lanes"),
        (changed(room=4), "concurrent", 4, 0, "leave room for"),
        (changed(room=0), "concurrent", 1, 0, "leave room for"),
        (changed(lanes=7), "concurrent", 7, 0, "last time"),
        (changed(lanes=7, room=3), "concurrent", 3, 0, "last time"),
        (
            changed(batches=300, lanes=5, send_ms=50, read_ms=40),
            "parallel",
            5,
            2,
            "preparing takes longest",
        ),
        (
            changed(batches=120, lanes=1, send_ms=30, read_ms=90),
            "parallel",
            2,
            2,
            "preparing takes longest",
        ),
        (changed(lanes=10, send_ms=300, read_ms=40), "concurrent", 10, 0, "last time"),
        (changed(lanes=5, send_ms=300, read_ms=40), "concurrent", 5, 0, "last time"),
        (changed(batches=40, lanes=5, send_ms=50, read_ms=40), "concurrent", 5, 0, "last time"),
        (changed(lanes=5, send_ms=50, read_ms=40, workers=1), "concurrent", 5, 0, "last time"),
        (
            changed(lanes=5, send_ms=50, read_ms=40, conditions=Conditions(cores=1)),
            "concurrent",
            5,
            0,
            "last time",
        ),
    ],
)
def test_branches(situation: Situation, strategy: str, lanes: int, workers: int, why: str) -> None:
    plan = choose(situation)
    assert (plan.strategy, plan.lanes, plan.workers) == (strategy, lanes, workers)
    assert why in plan.why
    assert plan.summary.startswith(f"{strategy}, {lanes} lane")


durations = st.none() | st.floats(0.1, 60_000)


@given(
    st.builds(
        Situation,
        batches=st.integers(1, 10**6),
        conditions=st.builds(Conditions, cores=st.integers(1, 64)),
        send_ms=durations,
        read_ms=durations,
        lanes=st.none() | st.integers(1, MAX_LANES),
        room=st.none() | st.integers(0, 10**6),
        workers=st.integers(1, 8),
    )
)
def test_any_situation_has_a_plan_within_bounds(situation: Situation) -> None:
    plan = choose(situation)
    assert 1 <= plan.lanes <= MAX_LANES
    assert plan.workers <= min(situation.workers, situation.conditions.cores, plan.lanes)
    assert plan.workers != 1
    assert not (plan.adapts and plan.strategy == "sequential")
    assert (plan.lanes == 1) or plan.strategy != "sequential"
