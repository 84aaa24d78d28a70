"""Batches cover what waits, each number once."""

from __future__ import annotations

from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heyho.model import SeqRange
from heyho.sync.batches import cut
from heyho.sync.ledger import Ledger
from unit.sync.test_ledger import TOP, acknowledge_all, many_ranges, numbers, seq_ranges


@given(many_ranges, seq_ranges(), st.integers(1, TOP))
def test_batches_are_what_waits_oldest_first(
    ranges: list[SeqRange], within: SeqRange, size: int
) -> None:
    ledger, model = acknowledge_all(ranges)
    batches = list(cut(ledger.waiting(within), size=size))
    assert numbers(batches) == set(range(within.first, within.last + 1)) - model
    assert batches == sorted(batches)
    assert all(len(batch) <= size for batch in batches)


@given(many_ranges, st.integers(1, TOP))
def test_no_batch_is_smaller_than_it_must_be(ranges: list[SeqRange], size: int) -> None:
    ledger, _ = acknowledge_all(ranges)
    for before, after in pairwise(cut(ledger.waiting(SeqRange(1, TOP)), size=size)):
        assert len(before) == size or before.last + 1 < after.first


@pytest.mark.parametrize(
    ("acknowledged", "size", "batches"),
    [
        ([], 4, [(1, 4), (5, 8), (9, 10)]),
        ([], 10, [(1, 10)]),
        ([], 1000, [(1, 10)]),
        ([(1, 10)], 4, []),
        ([(3, 4)], 4, [(1, 2), (5, 8), (9, 10)]),
        ([(1, 2), (10, 12)], 4, [(3, 6), (7, 9)]),
    ],
)
def test_cutting(
    acknowledged: list[tuple[int, int]], size: int, batches: list[tuple[int, int]]
) -> None:
    ledger = Ledger.of(SeqRange(*pair) for pair in acknowledged)
    cuts = cut(ledger.waiting(SeqRange(1, 10)), size=size)
    assert [(batch.first, batch.last) for batch in cuts] == batches


def test_a_long_backlog_costs_nothing_until_it_is_walked() -> None:
    first = list(islice(cut([SeqRange(1, 10**15)], size=1), 3))
    assert first == [SeqRange(1, 1), SeqRange(2, 2), SeqRange(3, 3)]
