"""Cutting what waits into batches."""

from __future__ import annotations

from collections.abc import Iterator

from heyho.model import SeqRange
from heyho.sync.ledger import Ledger


def cut(ledger: Ledger, within: SeqRange, *, size: int) -> Iterator[SeqRange]:
    """Yield the unacknowledged ranges of `within`, oldest first, none longer than `size`.

    Lazy and arithmetic: no visit is read, so a backlog of any length costs the same.
    """
    for gap in ledger.waiting(within):
        for first in range(gap.first, gap.last + 1, size):
            yield SeqRange(first, min(first + size - 1, gap.last))
