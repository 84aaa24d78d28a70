"""In which order and how many at once batches travel, and when the sending ends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heyho.model import SeqRange
from heyho.sync.lanes import Lanes
from heyho.sync.strategies import Strategy, Verdict
from heyho.sync.strategies.concurrent import concurrent
from heyho.sync.strategies.sequential import sequential
from heyho.testing.loop import jumping

BATCHES = [SeqRange(n, n) for n in range(1, 13)]
FAILED, STOP = Verdict.FAILED, Verdict.STOP


class Sender:
    """Carries batches without a server, and keeps book of it.

    Args:
        seconds: how long each batch takes, by its number; 1 where nothing is said.
        verdicts: what becomes of each batch, by its number; acknowledged where nothing is said.
    """

    def __init__(
        self,
        *,
        seconds: Mapping[int, float] | None = None,
        verdicts: Mapping[int, Verdict] | None = None,
    ) -> None:
        self._seconds = seconds or {}
        self._verdicts = verdicts or {}
        self.started: list[SeqRange] = []
        self.ended: list[SeqRange] = []
        self.cancelled: list[SeqRange] = []
        self.lanes: dict[int, int] = {}
        self.peak = 0
        self._busy: set[int] = set()

    async def __call__(self, seqs: SeqRange, *, number: int, lane: int) -> Verdict:
        assert BATCHES[number] == seqs
        assert lane not in self._busy
        self._busy.add(lane)
        self.started.append(seqs)
        self.lanes[number] = lane
        self.peak = max(self.peak, len(self._busy))
        try:
            await asyncio.sleep(self._seconds.get(number, 1.0))
        except asyncio.CancelledError:
            self.cancelled.append(seqs)
            raise
        finally:
            self._busy.remove(lane)
        self.ended.append(seqs)
        return self._verdicts.get(number, Verdict.DELIVERED)


def elapsed_s() -> float:
    return asyncio.get_running_loop().time()


def lonely() -> bool:
    """Whether no task is left but the test's own."""
    return asyncio.all_tasks() == {asyncio.current_task()}


class TestSequential:
    @jumping
    async def test_one_after_the_other(self) -> None:
        send = Sender()
        await sequential(BATCHES, send)
        assert send.ended == BATCHES
        assert (send.peak, set(send.lanes.values())) == (1, {0})
        assert elapsed_s() == pytest.approx(12)

    @pytest.mark.parametrize("verdict", [FAILED, STOP])
    @jumping
    async def test_it_stops_at_the_first_failure(self, verdict: Verdict) -> None:
        send = Sender(verdicts={3: verdict})
        await sequential(BATCHES, send)
        assert send.started == BATCHES[:4]

    @jumping
    async def test_cancelling_it_cancels_the_batch_on_its_way(self) -> None:
        send = Sender()
        task = asyncio.create_task(sequential(BATCHES, send))
        await asyncio.sleep(2.5)
        task.cancel()
        await asyncio.wait([task])
        assert (send.ended, send.cancelled) == (BATCHES[:2], BATCHES[2:3])
        assert task.cancelled()


class TestConcurrent:
    @pytest.mark.parametrize(
        ("lanes", "seconds"), [(1, 12), (2, 6), (5, 3), (10, 2), (12, 1), (99, 1)]
    )
    @jumping
    async def test_it_uses_every_lane_and_no_more(self, lanes: int, seconds: int) -> None:
        send = Sender()
        await concurrent(Lanes(lanes))(BATCHES, send)
        assert sorted(send.ended) == BATCHES
        assert send.peak == min(lanes, len(BATCHES))
        assert set(send.lanes.values()) == set(range(min(lanes, len(BATCHES))))
        assert elapsed_s() == pytest.approx(seconds)

    @jumping
    async def test_no_lane_waits_for_the_slowest(self) -> None:
        send = Sender(seconds={0: 6})
        await concurrent(Lanes(3))(BATCHES, send)
        assert elapsed_s() == pytest.approx(6)

    @jumping
    async def test_a_failure_stops_no_other_batch(self) -> None:
        send = Sender(verdicts=dict.fromkeys(range(0, 12, 2), FAILED))
        await concurrent(Lanes(3))(BATCHES, send)
        assert sorted(send.ended) == BATCHES

    @jumping
    async def test_stop_starts_no_further_batch_and_lets_those_on_their_way_arrive(self) -> None:
        send = Sender(seconds={0: 5, 1: 1.5}, verdicts={2: STOP})
        await concurrent(Lanes(3))(BATCHES, send)
        assert send.started == BATCHES[:3]
        assert sorted(send.ended) == BATCHES[:3]
        assert elapsed_s() == pytest.approx(5)

    @jumping
    async def test_what_comes_after_a_stop_does_not_undo_it(self) -> None:
        send = Sender(verdicts={0: STOP, 1: FAILED})
        await concurrent(Lanes(3))(BATCHES, send)
        assert send.started == BATCHES[:3]

    @jumping
    async def test_cancelling_it_cancels_all_on_their_way_and_starts_no_other(self) -> None:
        send = Sender()
        task = asyncio.create_task(concurrent(Lanes(3))(BATCHES, send))
        await asyncio.sleep(1.5)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert (sorted(send.ended), sorted(send.cancelled)) == (BATCHES[:3], BATCHES[3:6])
        assert lonely()

    @jumping
    async def test_an_unforeseen_error_leaves_nothing_running(self) -> None:
        sender = Sender()

        async def send(seqs: SeqRange, *, number: int, lane: int) -> Verdict:
            await sender(seqs, number=number, lane=lane)
            if number == 4:
                raise KeyError("a bug")
            return Verdict.DELIVERED

        with pytest.raises(KeyError, match="a bug"):
            await concurrent(Lanes(3))(BATCHES, send)
        assert lonely()
        assert sorted(sender.ended + sender.cancelled) == sender.started != BATCHES

    @given(
        st.integers(1, 12),
        st.dictionaries(st.integers(0, 11), st.floats(0, 9)),
        st.dictionaries(st.integers(0, 11), st.sampled_from([FAILED, STOP])),
    )
    @jumping
    async def test_any_schedule(
        self, lanes: int, seconds: dict[int, float], verdicts: dict[int, Verdict]
    ) -> None:
        send = Sender(seconds=seconds, verdicts=verdicts)
        await concurrent(Lanes(lanes))(BATCHES, send)
        assert send.peak <= lanes
        assert send.started == BATCHES[: len(send.started)]
        assert sorted(send.ended) == send.started
        if STOP not in verdicts.values():
            assert send.started == BATCHES
        assert lonely()


@pytest.mark.parametrize("strategy", [sequential, concurrent(Lanes(4))])
@jumping
async def test_no_batches_no_sending(strategy: Strategy) -> None:
    send = Sender()
    await strategy([], send)
    assert send.started == []
