"""The number of lanes settles where more of them would not help."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import mean
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heyho.sync.adaptive import AdaptiveLimit
from heyho.testing.loop import jumping

SERVICE_S = 0.3


@dataclass(slots=True)
class LoadedServer:
    """Works on `capacity` requests at once; whatever comes on top of that waits.

    Attributes:
        capacity: as the six connections of HTTP/1.1, or the threads of a server.
        slowness: how many times the usual each request takes, by the time it starts.
        jitter: each takes up to so much more than that.
        refuses_over: at most so many may be in flight; further ones get 503 at once.
        done: how many it has served, and `refused` how many not.
    """

    capacity: int = 1000
    slowness: Callable[[float], float] = field(default=lambda _at_s: 1.0)
    jitter: float = 0.0
    refuses_over: int = 1000
    done: int = 0
    refused: int = 0
    limits: list[tuple[float, int]] = field(default_factory=list)
    _in_flight: int = 0

    async def drive(self, limit: AdaptiveLimit, seconds: float) -> None:
        """Keep all lanes busy for so many seconds, and write down how many there are when."""
        loop = asyncio.get_running_loop()
        free = asyncio.Semaphore(self.capacity)
        changed = asyncio.Event()
        tasks = set[asyncio.Task[None]]()
        dice = random.Random(1)

        async def one() -> None:
            attempt = limit.began(loop.time())
            self._in_flight += 1
            overloaded = self._in_flight > self.refuses_over
            try:
                if overloaded:
                    await asyncio.sleep(0.02)
                else:
                    async with free:
                        slowness = self.slowness(loop.time()) * (1 + self.jitter * dice.random())
                        await asyncio.sleep(SERVICE_S * slowness)
            except asyncio.CancelledError:
                limit.abandoned(attempt)
                raise
            finally:
                self._in_flight -= 1
                changed.set()
            limit.ended(attempt, loop.time(), overloaded=overloaded)
            self.done += not overloaded
            self.refused += overloaded

        end_s = loop.time() + seconds
        while loop.time() < end_s:
            self.limits.append((loop.time(), limit.limit))
            for _ in range(limit.limit - limit.in_flight):
                tasks.add(asyncio.create_task(one()))
            await asyncio.sleep(0)
            changed.clear()
            await changed.wait()
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def between(self, start_s: float, end_s: float) -> list[int]:
        """The numbers of lanes there have been within a time."""
        return [lanes for at_s, lanes in self.limits if start_s <= at_s < end_s]


class TestRising:
    @jumping
    async def test_a_lane_a_round_while_latency_holds(self) -> None:
        server, limit = LoadedServer(), AdaptiveLimit(start=5)
        await server.drive(limit, 2.5)
        assert sorted(set(server.between(0, 2.5))) == [5, 6, 7, 8, 9, 10]
        assert server.between(1.6, 2.5)[0] == 10

    @jumping
    async def test_it_stays_at_the_top(self) -> None:
        server, limit = LoadedServer(jitter=0.2), AdaptiveLimit(start=5)
        await server.drive(limit, 60)
        top = server.between(3.5, 60)
        assert sum(lanes == 10 for lanes in top) >= 0.9 * len(top)

    @jumping
    async def test_no_more_lanes_than_are_used(self) -> None:
        limit = AdaptiveLimit(start=4)
        for _ in range(50):
            attempts = [limit.began(0) for _ in range(3)]
            for attempt in attempts:
                limit.ended(attempt, 0.3, overloaded=False)
        assert limit.limit == 4

    @jumping
    async def test_a_slow_connection_starts_low_and_can_be_kept_low(self) -> None:
        server, limit = LoadedServer(), AdaptiveLimit(start=1, highest=2)
        await server.drive(limit, 30)
        assert set(server.between(0, 0.5)) == {1}
        assert limit.limit == 2


class TestSettling:
    @pytest.mark.parametrize("jitter", [0.0, 0.2])
    @pytest.mark.parametrize("start", [1, 5, 10])
    @jumping
    async def test_six_connections_are_used_and_no_lane_waits_for_long(
        self, start: int, jitter: float
    ) -> None:
        server, limit = LoadedServer(capacity=6, jitter=jitter), AdaptiveLimit(start=start)
        await server.drive(limit, 60)
        settled = server.between(15, 60)
        assert 5 <= min(settled) <= max(settled) <= (9 if jitter else 8)
        assert 6 <= mean(settled) <= 7.5
        best = 6 * (60 - 4) / (SERVICE_S * (1 + jitter / 2))  # the first seconds rise from 1
        assert server.done >= 0.95 * best

    @pytest.mark.parametrize("capacity", [2, 3, 4, 8])
    @jumping
    async def test_it_settles_near_any_capacity(self, capacity: int) -> None:
        server = LoadedServer(capacity=capacity)
        limit = AdaptiveLimit(start=2, baseline_s=SERVICE_S)
        await server.drive(limit, 60)
        settled = server.between(10, 60)
        assert capacity - 1 <= min(settled) <= max(settled) <= capacity + 3
        assert capacity <= mean(settled) <= capacity + 1.5
        assert server.done >= 0.95 * capacity * 56 / SERVICE_S

    @jumping
    async def test_too_high_a_start_is_found_out(self) -> None:
        server, limit = LoadedServer(capacity=6), AdaptiveLimit(start=10)
        await server.drive(limit, 60)
        assert max(server.between(0, 8)) == 10
        assert max(server.between(11, 60)) <= 8


class TestLatency:
    @jumping
    async def test_a_spike_that_passes_costs_a_few_rounds(self) -> None:
        server = LoadedServer(slowness=lambda at_s: 3.0 if 10 <= at_s < 14 else 1.0)
        limit = AdaptiveLimit(start=5)
        await server.drive(limit, 25)
        assert min(server.between(10, 25)) == 5
        assert set(server.between(17, 25)) == {10}

    @jumping
    async def test_a_slower_way_is_the_new_baseline(self) -> None:
        server = LoadedServer(slowness=lambda at_s: 3.0 if at_s >= 10 else 1.0)
        limit = AdaptiveLimit(start=5)
        await server.drive(limit, 25)
        assert min(server.between(10, 25)) == 5
        assert set(server.between(17, 25)) == {10}
        assert limit.baseline_s == pytest.approx(3 * SERVICE_S)

    @jumping
    async def test_a_faster_way_is_the_new_baseline_at_once(self) -> None:
        server = LoadedServer(slowness=lambda at_s: 0.2 if at_s >= 5 else 1.0)
        limit = AdaptiveLimit(start=5)
        await server.drive(limit, 7)
        assert limit.baseline_s == pytest.approx(0.2 * SERVICE_S)

    @jumping
    async def test_waits_before_an_attempt_do_not_count(self) -> None:
        limit, at_s = AdaptiveLimit(start=5), 0.0
        for _ in range(200):
            attempts = [limit.began(at_s) for _ in range(limit.limit)]
            for attempt in attempts:
                limit.ended(attempt, at_s + SERVICE_S, overloaded=False)
            at_s += 60  # at the gate
        assert limit.baseline_s == pytest.approx(SERVICE_S)
        assert limit.limit == 10


class TestOverload:
    @pytest.mark.parametrize("start", [5, 10])
    @jumping
    async def test_it_stays_below_what_is_refused(self, start: int) -> None:
        server, limit = LoadedServer(refuses_over=6), AdaptiveLimit(start=start)
        await server.drive(limit, 60)
        assert max(server.between(1, 60)) <= 7
        assert server.refused <= 0.03 * server.done
        assert server.done >= 0.9 * 6 * 60 / SERVICE_S

    @jumping
    async def test_one_step_down_for_all_that_were_on_their_way_together(self) -> None:
        limit = AdaptiveLimit(start=10)
        attempts = [limit.began(0) for _ in range(10)]
        for attempt in attempts:
            limit.ended(attempt, 0.3, overloaded=True)
        assert limit.limit == 7
        limit.ended(limit.began(0.4), 0.5, overloaded=True)
        assert limit.limit == 4

    @jumping
    async def test_it_goes_down_to_one_and_comes_back(self) -> None:
        server = LoadedServer(refuses_over=0)
        limit = AdaptiveLimit(start=10)
        await server.drive(limit, 2)
        assert limit.limit == 1
        server.refuses_over = 1000
        await server.drive(limit, 20)
        assert limit.limit == 10

    @jumping
    async def test_the_attempts_before_a_step_up_count_too(self) -> None:
        limit = AdaptiveLimit(start=5)
        early = [limit.began(0) for _ in range(5)]
        late = [limit.began(0.1) for _ in range(2)]
        for attempt in early:
            limit.ended(attempt, 0.3, overloaded=False)
        assert limit.limit == 6
        limit.ended(late[0], 0.4, overloaded=True)
        assert limit.limit == 4
        limit.ended(late[1], 0.4, overloaded=True)
        assert limit.limit == 4


class TestRecord:
    @jumping
    async def test_a_restart_goes_on_where_it_was(self) -> None:
        server, limit = LoadedServer(capacity=6), AdaptiveLimit(start=5)
        for _ in range(10):
            await server.drive(limit, 3)
            record = json.loads(json.dumps(limit.to_record()))
            limit = AdaptiveLimit.from_record(record, start=1)
        assert 6 <= min(server.between(6, 30)) <= max(server.between(6, 30)) <= 8

    @pytest.mark.parametrize(
        ("record", "limit"),
        [
            (None, 3),
            ({}, 3),
            ({"limit": 7}, 7),
            ({"limit": 70}, 10),
            ({"limit": -1}, 1),
            ({"limit": "7"}, 3),
            ({"limit": True}, 3),
            ({"limit": 4.5}, 3),
        ],
    )
    def test_whatever_is_stored(self, record: Any, limit: int) -> None:
        assert AdaptiveLimit.from_record(record, start=3).limit == limit

    @pytest.mark.parametrize(
        ("stored_ms", "baseline_s"),
        [(300, 0.3), (0, None), (-5, None), (1e9, None), (float("nan"), None), ("3", None)],
    )
    def test_whatever_baseline_is_stored(self, stored_ms: Any, baseline_s: float | None) -> None:
        limit = AdaptiveLimit.from_record({"baselineMs": stored_ms}, start=3)
        assert limit.baseline_s == baseline_s


@given(
    st.integers(-5, 20),
    st.lists(
        st.tuples(st.sampled_from(["begin", "end", "overload", "abandon"]), st.floats(0, 100))
    ),
)
def test_any_course_of_events_leaves_it_within_its_bounds(
    start: int, events: list[tuple[str, float]]
) -> None:
    limit, open_attempts, steps = AdaptiveLimit(start=start), [], []
    for kind, at_s in events:
        steps.append(limit.limit)
        if kind == "begin":
            open_attempts.append(limit.began(at_s))
        elif open_attempts and kind == "abandon":
            limit.abandoned(open_attempts.pop(0))
        elif open_attempts:
            limit.ended(open_attempts.pop(0), at_s, overloaded=kind == "overload")
        assert 1 <= limit.limit <= 10
        assert limit.limit <= steps[-1] + 1 or limit.limit <= max(steps)
        assert limit.in_flight == len(open_attempts)
    again = AdaptiveLimit.from_record(limit.to_record(), start=1)
    assert 1 <= again.limit <= 10
