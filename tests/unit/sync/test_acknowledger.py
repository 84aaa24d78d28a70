"""Acknowledgements are written, together where they come together, and none is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heyho.errors import StorageFull
from heyho.model import Rejection, SeqRange
from heyho.sync.acknowledger import Acknowledger
from heyho.testing.loop import LoopClock, jumping
from heyho.testing.stores import MemoryDatabase, MemoryLedgerStore


class SlowStore(MemoryLedgerStore):
    """Takes a second for each transaction, and refuses as many of the first as it is told."""

    def __init__(self, *, refuses: int = 0) -> None:
        super().__init__(MemoryDatabase())
        self.refuses = refuses
        self.written: list[list[SeqRange]] = []

    async def acknowledge(
        self, destination: str, ranges: Sequence[SeqRange], *args: Any, **kwargs: Any
    ) -> None:
        ranges = list(ranges)
        await asyncio.sleep(1)
        if self.refuses:
            self.refuses -= 1
            raise StorageFull("No room.")
        await super().acknowledge(destination, ranges, *args, **kwargs)
        self.written.append(ranges)


def acknowledger(store: SlowStore) -> Acknowledger:
    return Acknowledger(ledger=store, destination="here", clock=LoopClock())


@jumping
async def test_those_that_come_meanwhile_are_written_together() -> None:
    store = SlowStore()
    desk = acknowledger(store)
    ranges = [SeqRange(n, n) for n in range(1, 6)]
    await asyncio.gather(*[desk.acknowledge(seqs, ()) for seqs in ranges])
    assert store.written[0] == ranges[:1] or store.written == [ranges]
    assert len(store.written) <= 2
    assert (await store.ledger("here")).ranges == (SeqRange(1, 5),)


@jumping
async def test_one_that_rejects_is_written_alone() -> None:
    store = SlowStore()
    store._database.append_visits([{"id": "one"}, {"id": "two"}])
    desk = acknowledger(store)
    await asyncio.gather(
        desk.acknowledge(SeqRange(1, 1), ()),
        desk.acknowledge(SeqRange(2, 2), [Rejection("two", "odd")]),
    )
    assert sorted(store.written) == [[SeqRange(1, 1)], [SeqRange(2, 2)]]
    assert list(store._database.rejected) == ["two"]


@jumping
async def test_a_refusal_reaches_whoever_it_concerns_and_the_next_tries_again() -> None:
    store = SlowStore(refuses=1)
    desk = acknowledger(store)
    ranges = [SeqRange(n, n) for n in range(1, 4)]
    ends = await asyncio.gather(
        *[desk.acknowledge(seqs, ()) for seqs in ranges], return_exceptions=True
    )
    assert [type(end) for end in ends].count(StorageFull) == 1
    known = await store.ledger("here")
    for seqs, end in zip(ranges, ends, strict=True):
        assert seqs.first in known or isinstance(end, StorageFull)


@pytest.mark.parametrize("after_s", [0.5, 1.5])
@jumping
async def test_a_cancelled_one_leaves_the_others_nothing_undone(after_s: float) -> None:
    store = SlowStore()
    desk = acknowledger(store)
    writes = [asyncio.ensure_future(desk.acknowledge(SeqRange(n, n), ())) for n in range(1, 5)]
    await asyncio.sleep(after_s)
    cancelled = next(write for write in writes if not write.done())
    cancelled.cancel()
    await asyncio.wait(writes)
    known = await store.ledger("here")
    for seq, write in enumerate(writes, 1):
        assert write is cancelled or seq in known


@given(st.lists(st.tuples(st.integers(1, 60), st.floats(0, 5)), max_size=20), st.integers(0, 3))
@jumping
async def test_whoever_returns_is_in_the_ledger(
    arrivals: list[tuple[int, float]], refuses: int
) -> None:
    store = SlowStore(refuses=refuses)
    desk = acknowledger(store)

    async def one(seq: int, at_s: float) -> None:
        await asyncio.sleep(at_s)
        await desk.acknowledge(SeqRange(seq, seq), ())
        assert seq in await store.ledger("here")

    ends = await asyncio.gather(*[one(*each) for each in arrivals], return_exceptions=True)
    assert all(end is None or isinstance(end, StorageFull) for end in ends)
    assert sum(isinstance(end, StorageFull) for end in ends) <= refuses
