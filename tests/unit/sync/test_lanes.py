"""Lanes: so many at once and no more, each with a number of its own."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from heyho.sync.lanes import Lanes
from heyho.testing.loop import jumping


@jumping
async def test_the_lowest_free_lane_is_taken() -> None:
    lanes = Lanes(3)
    assert [await lanes.enter() for _ in range(3)] == [0, 1, 2]
    lanes.leave(1)
    assert await lanes.enter() == 1


@jumping
async def test_a_lane_that_is_given_back_lets_the_next_in() -> None:
    lanes = Lanes(1)
    await lanes.enter()
    waiting = asyncio.ensure_future(lanes.enter())
    await asyncio.sleep(1)
    assert not waiting.done()
    lanes.leave(0)
    assert await waiting == 0


@jumping
async def test_more_lanes_let_more_in_and_fewer_wait_for_those_that_are() -> None:
    lanes = Lanes(1)
    await lanes.enter()
    waiting = [asyncio.ensure_future(lanes.enter()) for _ in range(3)]
    lanes.resize(3)
    await asyncio.sleep(1)
    assert sum(task.done() for task in waiting) == 2
    lanes.resize(1)
    lanes.leave(0)
    lanes.leave(1)
    await asyncio.sleep(1)
    assert sum(task.done() for task in waiting) == 2
    lanes.leave(2)
    await asyncio.sleep(1)
    assert all(task.done() for task in waiting)


@given(st.lists(st.tuples(st.integers(1, 6), st.floats(0.1, 3)), min_size=1, max_size=30))
@jumping
async def test_never_more_than_there_are(steps: list[tuple[int, float]]) -> None:
    lanes = Lanes(steps[0][0])
    size = steps[0][0]
    busy: set[int] = set()

    async def one(seconds: float) -> None:
        lane = await lanes.enter()
        assert lane not in busy
        assert len(busy) < size
        busy.add(lane)
        await asyncio.sleep(seconds)
        busy.remove(lane)
        lanes.leave(lane)

    holders = [asyncio.ensure_future(one(seconds)) for _, seconds in steps]
    for size, _ in steps:
        lanes.resize(size)
        await asyncio.sleep(0.5)
    await asyncio.gather(*holders)
