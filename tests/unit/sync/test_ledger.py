"""The ledger is a set of numbers, whatever the order in which they were acknowledged."""

from __future__ import annotations

import json
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heyho.model import SeqRange
from heyho.sync.ledger import Ledger

TOP = 60


def seq_ranges(top: int = TOP) -> st.SearchStrategy[SeqRange]:
    first = st.integers(1, top)
    return first.flatmap(lambda low: st.builds(SeqRange, st.just(low), st.integers(low, top)))


many_ranges = st.lists(seq_ranges(), max_size=12)


def numbers(ranges: object) -> set[int]:
    """The numbers of ranges, none of which may come twice."""
    listed = [n for known in ranges for n in range(known.first, known.last + 1)]  # type: ignore[attr-defined]
    assert len(listed) == len(set(listed))
    return set(listed)


def acknowledge_all(ranges: list[SeqRange]) -> tuple[Ledger, set[int]]:
    """The ledger of these ranges, and the same as a set."""
    ledger, model = Ledger(), set[int]()
    for acknowledged in ranges:
        ledger = ledger.acknowledge(acknowledged)
        model |= set(range(acknowledged.first, acknowledged.last + 1))
    return ledger, model


@given(many_ranges)
def test_it_holds_what_was_acknowledged_and_nothing_else(ranges: list[SeqRange]) -> None:
    ledger, model = acknowledge_all(ranges)
    assert numbers(ledger.ranges) == model
    assert {n for n in range(-1, TOP + 3) if n in ledger} == model


@given(many_ranges, seq_ranges())
def test_waiting_is_the_rest_in_order(ranges: list[SeqRange], within: SeqRange) -> None:
    ledger, model = acknowledge_all(ranges)
    waiting = list(ledger.waiting(within))
    assert waiting == sorted(waiting)
    assert numbers(waiting) == set(range(within.first, within.last + 1)) - model


@given(many_ranges)
def test_its_form_is_canonical(ranges: list[SeqRange]) -> None:
    ledger, _ = acknowledge_all(ranges)
    assert all(before.last + 1 < after.first for before, after in pairwise(ledger.ranges))
    waiting = list(ledger.waiting(SeqRange(1, TOP)))
    assert all(before.last + 1 < after.first for before, after in pairwise(waiting))


@given(many_ranges, st.sets(st.integers(1, TOP)))
def test_what_is_withdrawn_waits_again(ranges: list[SeqRange], seqs: set[int]) -> None:
    ledger, model = acknowledge_all(ranges)
    withdrawn = ledger.withdraw(sorted(seqs))
    left = numbers(withdrawn.ranges)
    assert left & seqs == set()
    assert left <= model
    held = sorted(seqs & model)
    assert model - left <= set(range(held[0], held[-1] + 1) if held else ())


def test_what_is_withdrawn_makes_few_ranges() -> None:
    ledger = Ledger.of([SeqRange(1, 10_000)])
    withdrawn = ledger.withdraw([*range(1000, 3000, 7), 9000])
    assert withdrawn.to_record() == [[1, 999], [2996, 8999], [9001, 10_000]]


@given(many_ranges, st.randoms(use_true_random=False))
def test_equal_sets_are_equal_ledgers(ranges: list[SeqRange], order: random.Random) -> None:
    ledger, _ = acknowledge_all(ranges)
    shuffled = order.sample(ranges, len(ranges))
    assert acknowledge_all(shuffled)[0] == ledger == Ledger.of(shuffled)


@given(many_ranges)
def test_its_record_survives_the_database(ranges: list[SeqRange]) -> None:
    ledger, _ = acknowledge_all(ranges)
    assert Ledger.from_record(json.loads(json.dumps(ledger.to_record()))) == ledger


def test_acknowledging_changes_no_other_ledger() -> None:
    before = Ledger.of([SeqRange(1, 3)])
    before.acknowledge(SeqRange(4, 9))
    assert before.to_record() == [[1, 3]]


@pytest.mark.parametrize(
    ("acknowledged", "record"),
    [
        ((5, 5), [[1, 2], [5, 5], [8, 9]]),
        ((3, 3), [[1, 3], [8, 9]]),
        ((7, 7), [[1, 2], [7, 9]]),
        ((3, 7), [[1, 9]]),
        ((2, 8), [[1, 9]]),
        ((1, 2), [[1, 2], [8, 9]]),
        ((0, 20), [[0, 20]]),
        ((11, 12), [[1, 2], [8, 9], [11, 12]]),
    ],
)
def test_ranges_that_touch_become_one(
    acknowledged: tuple[int, int], record: list[list[int]]
) -> None:
    ledger = Ledger.of([SeqRange(1, 2), SeqRange(8, 9)])
    assert ledger.acknowledge(SeqRange(*acknowledged)).to_record() == record
