"""Progress adds up, and the time left is right for a steady run."""

from __future__ import annotations

import asyncio
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heyho.sync.estimate import FEW, smoothed, time_left
from heyho.sync.progress import SPANS_TOLD, Progress
from heyho.testing.loop import jumping
from unit.sync.device import Device
from unit.sync.servers import ScriptedServer, says


@pytest.mark.parametrize(
    ("ages", "batches", "lanes", "seconds"),
    [
        ([], 10, 5, 0.6),
        ([0.1] * 5, 5, 5, 0.5),
        ([0.0, 0.0], 0, 4, 0.3),
        ([0.2, 0.1], 1, 2, 0.4),
        ([9.0], 0, 1, 0.0),
        ([], 0, 1, 0.0),
        ([], 10 * FEW, 5, 600.0),
    ],
)
def test_time_left(ages: list[float], batches: int, lanes: int, seconds: float) -> None:
    assert time_left(0.3, ages, batches=batches, lanes=lanes) == pytest.approx(seconds)


@given(
    st.floats(0.01, 10),
    st.lists(st.floats(0, 20), max_size=10),
    st.integers(0, 2 * FEW),
    st.integers(1, 10),
)
def test_time_left_is_within_its_bounds(
    cycle_s: float, ages: list[float], batches: int, lanes: int
) -> None:
    left = time_left(cycle_s, ages, batches=batches, lanes=lanes)
    work = sum(max(0.0, cycle_s - age) for age in ages) + batches * cycle_s
    lanes = max(lanes, len(ages))
    assert work / lanes * 0.999 <= left <= work / lanes * 1.001 + cycle_s


def test_smoothing_follows_slowly() -> None:
    assert smoothed(None, 5) == 5
    assert 1 < smoothed(1, 2) < 1.5


@pytest.mark.parametrize(
    ("strategy", "lanes"), [("sequential", 1), ("concurrent", 3), ("concurrent", 5)]
)
@jumping
async def test_time_left_is_right_within_a_fifth_in_the_second_half(
    strategy: str, lanes: int
) -> None:
    """For a server that takes 300 ms, give or take a tenth."""
    random = Random(3)
    server = ScriptedServer()
    device = Device(server.answer, visits=400, batchSize=10, strategy=strategy, concurrency=lanes)
    run = asyncio.ensure_future(device.sync())
    told: list[tuple[float, float | None]] = []
    while not run.done():
        server.latency_s = random.uniform(0.27, 0.33)
        await asyncio.sleep(0.1)
        if device.announced:
            now = device.clock.now_ms()
            told.append((now, device.progress.seconds_left(now)))
    result = (await run).run
    ended_at = result.ended_at or 0
    took = ended_at - result.started_at
    cycle = 300
    second_half = [
        (left, (ended_at - at) / 1000)
        for at, left in told
        if ended_at - took / 2 <= at <= ended_at - cycle
    ]
    assert len(second_half) > 5
    for left, truth in second_half:
        assert left == pytest.approx(truth, rel=0.2)


def test_nothing_is_known_before_the_first_batch_is_done() -> None:
    progress = Progress(
        trigger="manual", strategy="concurrent", started_at=0, visits=50, batches=5, lanes=2
    )
    progress.enter(0, 0, at_ms=0)
    assert progress.seconds_left(100) is None
    assert progress.to_record(100)["lanes"] == [
        {"lane": 0, "batch": 0, "visits": None, "phase": "reading", "since": 0, "phaseSince": 0}
    ]
    progress.leave(0, at_ms=300, delivered=False)
    assert progress.seconds_left(300) is None
    progress.enter(0, 1, at_ms=300)
    progress.leave(0, at_ms=700, delivered=True)
    assert progress.seconds_left(700) == pytest.approx(0.8)


@jumping
async def test_the_last_attempts_are_told_while_a_run_lasts() -> None:
    server = ScriptedServer(says(503), rejects={"visit-0015": "odd"})
    device = Device(server.answer, visits=700, batchSize=10, concurrency=2)
    run = (await device.sync()).run
    told = device.announced[-1]
    assert told["laneCount"] == 2
    assert told["spans"] == run.to_record()["spans"][-SPANS_TOLD:]
    assert told["spansLeftOut"] == len(run.spans) - SPANS_TOLD == 71 - SPANS_TOLD
    assert [span.batch for span in run.spans if span.rejected] == [1]
    [again] = [span for span in run.spans if span.attempt == 2]
    [before] = [span for span in run.spans if span.status == 503]
    assert again.waited == again.start - before.end


def test_the_rate_is_what_was_done_since_the_start() -> None:
    progress = Progress(trigger="manual", strategy="sequential", started_at=1000, visits=50)
    assert progress.to_record(1000)["visitsPerSecond"] == 0
    progress.visits_done = 30
    assert progress.to_record(3000)["visitsPerSecond"] == 15
