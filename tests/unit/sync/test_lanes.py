"""Lanes: so many at once and no more, each with a number of its own."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from heyho.errors import TimedOut
from heyho.sync.adaptive import PATIENCE_ROUNDS
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


class Line:
    """Lanes, and attempts in them that are under way at the same time."""

    def __init__(self, size: int) -> None:
        self.sizes = [size]
        self.lanes = Lanes(size, self.sizes.append)

    async def send(self, *attempts: tuple[float, bool]) -> None:
        """Send at once; each takes so many seconds, and then is answered well or times out."""
        await asyncio.gather(*(self._attempt(*attempt) for attempt in attempts))

    async def _attempt(self, seconds: float, answered: bool) -> None:
        with suppress(TimedOut), self.lanes.timed() as ended:
            await asyncio.sleep(seconds)
            if not answered:
                raise TimedOut("No answer.")
            ended(False)


@jumping
async def test_where_nothing_gets_through_one_goes_alone() -> None:
    line = Line(5)
    await line.send(*[(30, False)] * 5)
    assert line.sizes == [5, 1]


@jumping
async def test_attempts_that_time_out_together_halve_the_lanes_once() -> None:
    line = Line(5)
    await line.send((1, True), (30, False), (30, False), (31, False))
    assert line.sizes == [5, 2]
    await line.send((1, True), (30, False))
    assert line.sizes == [5, 2, 1]


@jumping
async def test_lanes_come_back_and_the_last_one_after_a_long_calm() -> None:
    line = Line(3)
    await line.send(*[(30, False)] * 3)
    await line.send((1, True))
    assert line.sizes == [3, 1, 2]
    for _ in range(PATIENCE_ROUNDS):
        assert line.sizes == [3, 1, 2]
        await line.send((1, True), (1, True))
    await line.send(*[(1, True)] * 30)
    assert line.sizes == [3, 1, 2, 3]


@jumping
async def test_an_overloaded_server_gets_no_more_lanes() -> None:
    line = Line(2)
    await line.send((30, False), (30, False))
    for _ in range(20):
        with line.lanes.timed() as ended:
            ended(True)
    assert line.sizes == [2, 1]
