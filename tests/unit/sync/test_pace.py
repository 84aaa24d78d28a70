"""What is remembered of a destination, and never of another."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heyho.sync.adaptive import AdaptiveLimit
from heyho.sync.pace import MAX_MS, Pace, PaceKeeper
from heyho.sync.pacing import Gate
from heyho.sync.plan import MAX_LANES
from heyho.sync.quota import Advice, Policy
from heyho.testing.loop import LoopClock, jumping
from heyho.testing.stores import MemoryDatabase, MemoryStateStore

anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


def keeper(database: MemoryDatabase) -> PaceKeeper:
    return PaceKeeper(clock=LoopClock(), state=MemoryStateStore(database))


def limit_of(pace: Pace) -> int | None:
    return pace.limit.limit if pace.limit else None


@jumping
async def test_what_was_learnt_is_there_the_next_time() -> None:
    database = MemoryDatabase()
    first = keeper(database)
    pace = await first.pace("here")
    pace.limit = AdaptiveLimit(start=7)
    pace.sent(300)
    pace.read(20)
    pace.gate.heard(await pace.gate.admit(), Advice(policies=(Policy("sync", 5, 60),)))
    await first.save()
    again = await keeper(database).pace("here")
    assert (limit_of(again), again.send_ms, again.read_ms) == (7, 300, 20)
    room = again.gate.room
    assert room is not None
    assert room.at_once == 4


@jumping
async def test_another_destination_is_another_matter() -> None:
    database = MemoryDatabase()
    first = keeper(database)
    (await first.pace("here")).limit = AdaptiveLimit(start=7)
    await first.save()
    assert limit_of(await first.pace("there")) is None
    assert limit_of(await keeper(database).pace("there")) is None
    assert limit_of(await keeper(database).pace("here")) == 7


@given(anything, anything, anything, anything)
@jumping
async def test_anything_stored_is_a_pace(gate: Any, lanes: Any, send_ms: Any, read_ms: Any) -> None:
    record = {
        "destination": "here",
        "gate": gate,
        "limit": lanes,
        "sendMs": send_ms,
        "readMs": read_ms,
    }
    pace = Pace.from_record(record, "here", clock=LoopClock())
    assert pace.limit is None or 1 <= pace.limit.limit <= MAX_LANES
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
