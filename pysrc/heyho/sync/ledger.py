"""The ledger: which sequence numbers a server has acknowledged.

A sorted tuple of disjoint ranges with a gap of at least one number between neighbours, so that
equal sets are equal values. It grows with the number of gaps, not with the number of visits.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from heyho import texts
from heyho.errors import Unintelligible
from heyho.model import Rejection, SeqRange

WITHDRAWN_TOGETHER = 200


def unknown_rejection(rejection: Rejection) -> Unintelligible:
    """The error for a server that rejects a visit which was not in the batch."""
    return Unintelligible(texts.text("error_rejected_other", rejection.record_id, rejection.reason))


@dataclass(frozen=True, slots=True)
class Ledger:
    """An immutable set of acknowledged sequence numbers."""

    ranges: tuple[SeqRange, ...] = ()

    @classmethod
    def of(cls, ranges: Iterable[SeqRange]) -> Ledger:
        """Build from ranges in any order, overlapping or not."""
        joined: list[SeqRange] = []
        for more in sorted(ranges, key=lambda known: known.first):
            if joined and more.first <= joined[-1].last + 1:
                joined[-1] = SeqRange(joined[-1].first, max(joined[-1].last, more.last))
            else:
                joined.append(more)
        return cls(tuple(joined))

    def acknowledge(self, acknowledged: SeqRange) -> Ledger:
        """Return the ledger that holds these numbers too."""
        ranges = self.ranges
        start = bisect_left(ranges, acknowledged.first - 1, key=lambda known: known.last)
        stop = start
        first, last = acknowledged.first, acknowledged.last
        while stop < len(ranges) and ranges[stop].first <= last + 1:
            first = min(first, ranges[stop].first)
            last = max(last, ranges[stop].last)
            stop += 1
        return Ledger((*ranges[:start], SeqRange(first, last), *ranges[stop:]))

    def acknowledge_all(self, ranges: Iterable[SeqRange]) -> Ledger:
        """Return the ledger that holds the numbers of all these ranges too."""
        ledger = self
        for acknowledged in ranges:
            ledger = ledger.acknowledge(acknowledged)
        return ledger

    def withdraw(self, seqs: Iterable[int]) -> Ledger:
        """Return a ledger without these numbers, and perhaps without some close to them.

        Numbers with little between them go as one range, so that what waits again makes few
        batches: a visit that is sent twice is kept once.
        """
        held = (seq for seq in seqs if seq in self)
        gone = Ledger.of(SeqRange(seq, seq + WITHDRAWN_TOGETHER) for seq in held)
        trimmed = list(gone.ranges)
        for at, lost in enumerate(trimmed):
            trimmed[at] = SeqRange(lost.first, lost.last - WITHDRAWN_TOGETHER)
        kept: list[SeqRange] = []
        for known in self.ranges:
            kept += Ledger(tuple(trimmed)).waiting(known)
        return Ledger(tuple(kept))

    def waiting(self, within: SeqRange) -> Iterator[SeqRange]:
        """Yield the ranges of `within` that are not acknowledged, in order."""
        first = within.first
        for known in self.ranges:
            if known.last < first:
                continue
            if known.first > within.last:
                break
            if known.first > first:
                yield SeqRange(first, known.first - 1)
            first = known.last + 1
        if first <= within.last:
            yield SeqRange(first, within.last)

    def __contains__(self, seq: int) -> bool:
        at = bisect_left(self.ranges, seq, key=lambda known: known.last)
        return at < len(self.ranges) and self.ranges[at].first <= seq

    def to_record(self) -> list[list[int]]:
        """The form in which the ledger is stored: `[[first, last], ...]`."""
        return [[known.first, known.last] for known in self.ranges]

    @classmethod
    def from_record(cls, record: Iterable[Iterable[int]]) -> Ledger:
        """Read what `to_record` wrote."""
        return cls.of(SeqRange(*pair) for pair in record)
