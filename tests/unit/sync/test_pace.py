"""What is remembered of a destination, and never of another."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heyho.sync.pace import MAX_MS, Pace, PaceKeeper
from heyho.sync.pacing import Gate
from heyho.sync.plan import MAX_LANES
from heyho.sync.quota import Advice, Policy
from heyho.testing import LoopClock, MemoryDatabase, MemoryStateStore, jumping

anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


def keeper(database: MemoryDatabase) -> PaceKeeper:
    return PaceKeeper(clock=LoopClock(), state=MemoryStateStore(database))


@jumping
async def test_what_was_learnt_is_there_the_next_time() -> None:
    database = MemoryDatabase()
    first = keeper(database)
    pace = await first.pace("here")
    pace.lanes = 7
    pace.sent(300)
    pace.read(20)
    pace.gate.heard(await pace.gate.admit(), Advice(policies=(Policy("sync", 5, 60),)))
    await first.save()
    again = await keeper(database).pace("here")
    assert (again.lanes, again.send_ms, again.read_ms) == (7, 300, 20)
    room = again.gate.room
    assert room is not None
    assert room.at_once == 4


@jumping
async def test_another_destination_is_another_matter() -> None:
    database = MemoryDatabase()
    first = keeper(database)
    (await first.pace("here")).lanes = 7
    await first.save()
    assert (await first.pace("there")).lanes is None
    assert (await keeper(database).pace("there")).lanes is None
    assert (await keeper(database).pace("here")).lanes == 7


@pytest.mark.parametrize(("stored", "lanes"), [(0, 1), (99, MAX_LANES), ("7", None), (True, None)])
@jumping
async def test_lanes_are_clamped(stored: object, lanes: int | None) -> None:
    record = {"destination": "here", "lanes": stored}
    assert Pace.from_record(record, "here", clock=LoopClock()).lanes == lanes


@given(anything, anything, anything, anything)
@jumping
async def test_anything_stored_is_a_pace(gate: Any, lanes: Any, send_ms: Any, read_ms: Any) -> None:
    record = {
        "destination": "here",
        "gate": gate,
        "lanes": lanes,
        "sendMs": send_ms,
        "readMs": read_ms,
    }
    pace = Pace.from_record(record, "here", clock=LoopClock())
    assert pace.lanes is None or 1 <= pace.lanes <= MAX_LANES
    for duration in (pace.send_ms, pace.read_ms):
        assert duration is None or 0 <= duration <= MAX_MS
    await Pace.from_record(gate, "here", clock=LoopClock()).gate.admit()


@jumping
async def test_means_follow_slowly() -> None:
    pace = Pace("here", Gate(clock=LoopClock()))
    pace.sent(100)
    pace.sent(200)
    assert pace.send_ms == pytest.approx(130)
    pace.sent(10 * MAX_MS)
    assert pace.send_ms == pytest.approx(130 + 0.3 * (MAX_MS - 130))
