"""A server that enforces what it advertises refuses nothing, and is used to the full."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heyho.sync.pacing import Gate
from heyho.sync.quota import Advice, Policy, State
from heyho.testing.loop import LoopClock, jumping
from unit.sync.enforcers import (
    WALL_MS,
    ApproximateWindow,
    Counter,
    EnforcingServer,
    FixedWindow,
    Headers,
    SlidingLog,
    TokenBucket,
    drive,
    now_s,
    silent_headers,
    tightest_headers,
    x_headers,
)

Kind = Callable[[str, int, float], Counter]
KINDS: dict[str, Kind] = {
    "fixed window by the clock": partial(FixedWindow, phase_s=0.37),
    "fixed window from the first request": partial(FixedWindow, phase_s=None),
    "sliding log": SlidingLog,
    "token bucket": TokenBucket,
}
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def new_gate() -> Gate:
    return Gate(clock=LoopClock(WALL_MS))


async def gate_that_knows(server: EnforcingServer) -> Gate:
    """A gate that has heard one answer."""
    gate = new_gate()
    gate.heard(await gate.admit(), await server.request())
    return gate


NEAR = {"latency_s": 0.005, "jitter": 0.2, "service_s": 0.3}
FAR = {"latency_s": 0.1, "jitter": 0.2}
VERY_FAR = {"latency_s": 0.3, "jitter": 0.1}
UNEVEN = {"latency_s": 0.02, "jitter": 0.5, "service_s": 0.3, "service_jitter": 0.1}


@every_kind
@pytest.mark.parametrize("network", [NEAR, FAR, VERY_FAR, UNEVEN], ids=repr)
@pytest.mark.parametrize(
    ("quota", "window_s", "seconds"), [(5, 1, 150), (10, 1, 80), (100, 1, 8), (300, 300, 1500)]
)
@jumping
async def test_all_of_a_quota_is_used_and_nothing_is_refused(
    kind: Kind, network: dict[str, float], quota: int, window_s: float, seconds: float
) -> None:
    server = EnforcingServer((kind("sync", quota, window_s),), **network)  # type: ignore[arg-type]
    await drive(
        await gate_that_knows(server), server, lanes=100 if quota == 100 else 10, seconds=seconds
    )
    assert server.refused_s == []
    assert server.utilisation >= 0.95


@given(
    st.sampled_from(list(KINDS.values())),
    st.integers(1, 40),
    st.sampled_from([1, 2, 5, 10, 60]),
    st.integers(1, 30),
    st.fixed_dictionaries(
        {
            "latency_s": st.floats(0.001, 0.3),
            "jitter": st.floats(0, 0.3),
            "service_s": st.floats(0, 0.5),
            "service_jitter": st.floats(0, 0.3),
            "connections": st.sampled_from([1, 6, 100]),
            "seed": st.integers(0, 10**6),
        }
    ),
)
@settings(max_examples=60)
@jumping
async def test_no_server_that_keeps_its_word_refuses_anything(
    kind: Kind, quota: int, window_s: float, lanes: int, network: dict[str, Any]
) -> None:
    server = EnforcingServer((kind("sync", quota, window_s),), **network)
    gate = await gate_that_knows(server)
    await drive(gate, server, lanes=lanes, seconds=min(6 * window_s, 200 * window_s / quota))
    assert server.refused_s == []


@every_kind
@pytest.mark.parametrize("quota", [5, 10])
@jumping
async def test_from_a_cold_start_only_what_went_before_the_first_answer_can_be_refused(
    kind: Kind, quota: int
) -> None:
    server = EnforcingServer((kind("sync", quota, 1),), latency_s=0.05)
    await drive(new_gate(), server, lanes=20, seconds=20)
    assert server.refused_knowingly == 0
    assert len(server.refused_s) <= 20 - quota


@every_kind
@jumping
async def test_policies_told_beforehand_are_kept_from_the_first_request_on(kind: Kind) -> None:
    server = EnforcingServer((kind("sync", 5, 1),), **NEAR)  # type: ignore[arg-type]
    gate = new_gate()
    gate.expect([Policy("sync", 5, 1)])
    await drive(gate, server, lanes=20, seconds=20)
    assert server.refused_s == []


@every_kind
@jumping
async def test_first_requests_that_have_to_connect_are_counted_late(kind: Kind) -> None:
    server = EnforcingServer((kind("sync", 5, 1),), **FAR, connect_s=0.4)  # type: ignore[arg-type]
    gate = new_gate()
    gate.expect([Policy("sync", 5, 1)])
    await drive(gate, server, lanes=20, seconds=20)
    assert server.refused_s == []
    assert server.utilisation >= 0.95


@pytest.mark.parametrize("headers", [None, tightest_headers])
@every_kind
@jumping
async def test_several_policies_hold_at_once(kind: Kind, headers: Headers | None) -> None:
    counters = (kind("address", 10, 1), kind("user", 5, 1), kind("general", 60, 20))
    server = EnforcingServer(counters, **NEAR)  # type: ignore[arg-type]
    server.headers = headers or server.headers
    await drive(await gate_that_knows(server), server, lanes=10, seconds=200)
    assert server.refused_s == []
    assert server.utilisation >= 0.95


@jumping
async def test_requests_that_queue_for_a_connection_spread_out() -> None:
    server = EnforcingServer((SlidingLog("sync", 10, 1),), service_s=0.3, connections=6)
    await drive(await gate_that_knows(server), server, lanes=10, seconds=60)
    assert server.refused_s == []
    assert server.utilisation >= 0.97


@every_kind
@pytest.mark.parametrize(("quota", "window_s", "share"), [(5, 1, 0.45), (50, 60, 0.95)])
@jumping
async def test_without_a_window_in_the_headers_the_reset_tells_it(
    kind: Kind, quota: int, window_s: float, share: float
) -> None:
    server = EnforcingServer((kind("sync", quota, window_s),), latency_s=0.05, headers=x_headers)
    await drive(await gate_that_knows(server), server, lanes=10, seconds=20 * window_s)
    assert server.refused_s == []
    assert server.utilisation >= share


@jumping
async def test_an_approximate_window_is_found_out() -> None:
    server = EnforcingServer((ApproximateWindow("sync", 10, 1),), **NEAR)  # type: ignore[arg-type]
    await drive(await gate_that_knows(server), server, lanes=10, seconds=200)
    assert len(server.refused_s) <= 10
    assert server.utilisation >= 0.85


class TestSharing:
    @every_kind
    @pytest.mark.parametrize(
        ("quota", "window_s", "refused", "used"), [(10, 1, 0.25, 0.5), (60, 60, 0.05, 0.9)]
    )
    @jumping
    async def test_two_devices_share_without_many_refusals(
        self, kind: Kind, quota: int, window_s: float, refused: float, used: float
    ) -> None:
        server = EnforcingServer((kind("sync", quota, window_s),), **NEAR)  # type: ignore[arg-type]
        gates = [await gate_that_knows(server) for _ in range(2)]
        await asyncio.gather(
            *(drive(gate, server, lanes=6, seconds=15 * window_s) for gate in gates)
        )
        assert len(server.refused_s) <= refused * len(server.served_s)
        assert server.utilisation >= used

    @every_kind
    @jumping
    async def test_what_others_took_of_a_long_window_is_left_to_them(self, kind: Kind) -> None:
        server = EnforcingServer((kind("sync", 100, 100),), **NEAR)  # type: ignore[arg-type]
        for _ in range(80):
            await server.request()
        gate = await gate_that_knows(server)
        await drive(gate, server, lanes=6, seconds=15)
        assert server.refused_s == []
        assert len(server.served_s) >= 95

    @jumping
    async def test_when_the_others_stop_all_of_it_is_used_again(self) -> None:
        server = EnforcingServer((SlidingLog("sync", 10, 1),), **NEAR)  # type: ignore[arg-type]
        gates = [await gate_that_knows(server) for _ in range(2)]
        await asyncio.gather(*(drive(gate, server, lanes=6, seconds=20) for gate in gates))
        await drive(gates[0], server, lanes=6, seconds=20)
        before = len(server.served_s)
        await drive(gates[0], server, lanes=6, seconds=20)
        assert len(server.served_s) - before >= 0.85 * 10 * 20


class TestRefusals:
    @jumping
    async def test_retry_after_holds_every_lane(self) -> None:
        gate = new_gate()
        tickets = [await gate.admit() for _ in range(4)]
        gate.heard(tickets[0], Advice(status=503, retry_after_s=30))
        assert gate.wait_s == 30
        gate.heard(tickets[1], Advice(status=429, retry_after_s=20))
        gate.heard(tickets[2], Advice())
        await gate.admit()
        assert now_s() == pytest.approx(30)

    @jumping
    async def test_without_advice_it_waits_twice_as_long_each_time(self) -> None:
        gate, waits = new_gate(), []
        for _ in range(9):
            gate.heard(await gate.admit(), Advice(status=429))
            waits.append(gate.wait_s)
        assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
        gate.heard(await gate.admit(), Advice())
        gate.heard(await gate.admit(), Advice(status=429))
        assert gate.wait_s == 1

    @jumping
    async def test_refusals_of_one_storm_count_once(self) -> None:
        gate = new_gate()
        for ticket in [await gate.admit() for _ in range(10)]:
            gate.heard(ticket, Advice(status=429))
        assert gate.wait_s == 1

    @pytest.mark.parametrize("retry_after", [True, False])
    @jumping
    async def test_after_a_storm_one_asks_for_all(self, retry_after: bool) -> None:
        server = EnforcingServer(
            (FixedWindow("sync", 5, 60),), headers=silent_headers, retry_after=retry_after
        )
        gate = new_gate()
        await drive(gate, server, lanes=20, seconds=59)
        assert len(server.served_s) == 5
        assert len(server.refused_s) <= 15 + 6

    @jumping
    async def test_a_reset_in_a_refusal_is_obeyed(self) -> None:
        gate = new_gate()
        gate.heard(await gate.admit(), Advice(status=429, states=(State("sync", 0, 7.0),)))
        assert gate.wait_s >= 7

    @jumping
    async def test_a_refusal_in_ignorance_says_nothing_of_the_kind_of_window(self) -> None:
        server = EnforcingServer((SlidingLog("sync", 5, 1),), latency_s=0.05)
        gate = new_gate()
        await drive(gate, server, lanes=10, seconds=4.5)
        assert server.refused_s
        await asyncio.sleep(5)
        start_s = now_s()
        for _ in range(5):
            await gate.admit()
        assert now_s() == start_s


class TestOrder:
    @jumping
    async def test_first_come_first_served(self) -> None:
        gate = new_gate()
        gate.expect([Policy("sync", 1, 1)])
        order: list[int] = []

        async def ask(number: int) -> None:
            ticket = await gate.admit()
            order.append(number)
            gate.heard(ticket, Advice())

        await asyncio.gather(*(ask(number) for number in range(6)))
        assert order == list(range(6))
        assert now_s() == pytest.approx(5, rel=0.02)

    @jumping
    async def test_who_is_cancelled_while_waiting_takes_no_slot(self) -> None:
        gate = new_gate()
        gate.expect([Policy("sync", 1, 10)])
        gate.heard(await gate.admit(), Advice())
        first, second, third = (asyncio.create_task(gate.admit()) for _ in range(3))
        await asyncio.sleep(1)
        first.cancel()
        await asyncio.wait([first])
        await second
        assert now_s() == pytest.approx(10, rel=0.02)
        gate.lost(second.result())
        await third
        assert now_s() == pytest.approx(20, rel=0.02)

    @jumping
    async def test_who_is_cancelled_in_the_moment_of_admission_gives_the_slot_back(self) -> None:
        gate = new_gate()
        gate.expect([Policy("sync", 1, 10)])
        ticket = await gate.admit()
        waiting = [asyncio.create_task(gate.admit()) for _ in range(2)]
        await asyncio.sleep(0)
        gate._log.answered(ticket, now_s(), usual=True)
        gate.expect([Policy("sync", 2, 10)])  # admits the first of them
        waiting[0].cancel()
        await asyncio.wait([waiting[0]])
        assert waiting[0].cancelled()
        await waiting[1]
        assert now_s() == 0

    @given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, 5)), max_size=25), st.integers(1, 5))
    @jumping
    async def test_any_cancellations(self, lives: list[tuple[float, float]], quota: int) -> None:
        gate = new_gate()
        gate.expect([Policy("sync", quota, 1)])
        admitted_s: list[float] = []

        async def ask(start_s: float, patience_s: float) -> None:
            await asyncio.sleep(start_s)
            async with asyncio.timeout(patience_s):
                ticket = await gate.admit()
            admitted_s.append(now_s())
            gate.heard(ticket, Advice())

        await asyncio.gather(*(ask(*life) for life in lives), return_exceptions=True)
        admitted_s.sort()
        for early_s, late_s in zip(admitted_s, admitted_s[quota:], strict=False):
            assert late_s - early_s >= 1
        assert not gate._waiting
        assert not gate._log.in_flight
        assert len(gate._log.counted) == len(admitted_s)
        await asyncio.sleep(2)
        assert gate.wait_s == 0

    @jumping
    async def test_a_request_that_is_never_heard_of_does_not_hold_its_place_for_ever(self) -> None:
        gate = new_gate()
        gate.expect([Policy("sync", 1, 1)])
        await gate.admit()
        await gate.admit()
        assert 100 < now_s() < 130

    @jumping
    async def test_a_lost_request_counts_from_when_it_was_given_up(self) -> None:
        gate = new_gate()
        gate.expect([Policy("sync", 1, 10)])
        ticket = await gate.admit()
        await asyncio.sleep(30)
        gate.lost(ticket)
        gate.lost(ticket)
        await gate.admit()
        assert now_s() == pytest.approx(40, rel=0.02)


class TestRoom:
    @jumping
    async def test_nothing_is_known_at_first(self) -> None:
        gate = new_gate()
        assert gate.room is None
        assert gate.wait_s == 0

    @jumping
    async def test_the_tightest_policy_counts(self) -> None:
        gate = new_gate()
        gate.expect([Policy("address", 10, 1), Policy("general", 300, 300)])
        room = gate.room
        assert room is not None
        assert (room.per_second, room.at_once) == (1, 10)
        for _ in range(4):
            await gate.admit()
        assert gate.room is not None
        assert gate.room.at_once == 6

    @jumping
    async def test_an_answer_replaces_what_was_only_expected(self) -> None:
        gate = new_gate()
        gate.expect([Policy("login", 5, 1200), Policy("sync", 5, 1)])
        gate.heard(await gate.admit(), Advice(policies=(Policy("sync", 8, 1),)))
        gate.expect([Policy("sync", 2, 1)])
        assert gate.room is not None
        assert gate.room.per_second == 8

    @jumping
    async def test_how_long_the_next_would_wait(self) -> None:
        gate = new_gate()
        gate.expect([Policy("sync", 1, 100)])
        gate.heard(await gate.admit(), Advice())
        await asyncio.sleep(40)
        assert gate.wait_s == pytest.approx(60, rel=0.02)


def restarted(gate: Gate) -> Gate:
    return Gate.from_record(json.loads(json.dumps(gate.to_record())), clock=LoopClock(WALL_MS))


class TestRestart:
    @every_kind
    @jumping
    async def test_nothing_is_refused_after_a_restart(self, kind: Kind) -> None:
        server = EnforcingServer((kind("sync", 5, 1), kind("general", 40, 20)), latency_s=0.05)
        gate = await gate_that_knows(server)
        for _ in range(12):
            await drive(gate, server, lanes=10, seconds=5.3)
            gate = restarted(gate)
        assert server.refused_s == []
        assert server.utilisation >= 0.9

    @jumping
    async def test_a_pause_is_kept(self) -> None:
        gate = new_gate()
        gate.heard(await gate.admit(), Advice(status=429, retry_after_s=600))
        await asyncio.sleep(100)
        assert restarted(gate).wait_s == pytest.approx(500, abs=0.01)

    @pytest.mark.parametrize(("hours", "known"), [(23, True), (25, False)])
    @jumping
    async def test_policies_are_kept_for_a_day(self, hours: float, known: bool) -> None:
        gate = new_gate()
        gate.heard(await gate.admit(), Advice(policies=(Policy("sync", 5, 1),)))
        await asyncio.sleep(hours * 3600)
        assert (restarted(gate).room is not None) == known

    @jumping
    async def test_a_clock_set_back_holds_nothing_up(self) -> None:
        gate = new_gate()
        gate.expect([Policy("sync", 1, 60)])
        gate.heard(await gate.admit(), Advice(status=503, retry_after_s=60))
        record = gate.to_record()
        for back_days in (1, 400):
            clock = LoopClock(WALL_MS - back_days * 86_400_000)
            assert Gate.from_record(record, clock=clock).wait_s <= 3600

    @jumping
    async def test_a_window_of_a_day_is_believed_for_an_hour_at_a_time(self) -> None:
        gate = new_gate()
        policy = Policy("daily", 1, 86_400)
        gate.heard(await gate.admit(), Advice(policies=(policy,)))
        assert gate.wait_s > 86_000
        gate = restarted(gate)
        assert gate.wait_s == 3600
        await gate.admit()
        assert gate.wait_s > 80_000

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
            ),
            max_leaves=4,
        )
        | st.fixed_dictionaries(
            {
                "policies": st.lists(
                    st.fixed_dictionaries(
                        {
                            "name": st.sampled_from(["a", "b"]),
                            "quota": st.integers(-1, 3) | st.floats(),
                            "windowSeconds": st.none() | st.floats(),
                            "seenAt": st.floats() | st.floats(WALL_MS - 1e8, WALL_MS + 1e8),
                        }
                    )
                    | st.none()
                ),
                "sentAt": st.lists(st.floats() | st.floats(WALL_MS - 1e8, WALL_MS + 1e8)),
                "blockedUntil": st.floats() | st.integers(),
                "refusals": st.integers() | st.floats(),
            }
        )
    )
    @jumping
    async def test_any_record_lets_a_request_go_within_an_hour(self, record: Any) -> None:
        gate = Gate.from_record(record, clock=LoopClock(WALL_MS))
        assert 0 <= gate.wait_s <= 3600
        await gate.admit()
        assert now_s() <= 3601
        assert restarted(gate).wait_s <= 3600
