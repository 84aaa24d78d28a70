"""Cutting what waits into batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from heyho.model import SeqRange


def cut(gaps: Iterable[SeqRange], *, size: int) -> Iterator[SeqRange]:
    """Yield ranges of at most `size` numbers that together are the gaps, oldest first.

    Lazy and arithmetic: no visit is read, so a backlog of any length costs the same.
    """
    for gap in gaps:
        for first in range(gap.first, gap.last + 1, size):
            yield SeqRange(first, min(first + size - 1, gap.last))


def count_batches(gaps: Iterable[SeqRange], *, size: int) -> int:
    """How many ranges `cut` yields."""
    return sum(-(-len(gap) // size) for gap in gaps)
