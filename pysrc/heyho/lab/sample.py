"""Which visits the lab sends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from heyho.model import SeqRange


def sample(within: SeqRange | None, waiting: Sequence[SeqRange], *, want: int) -> list[SeqRange]:
    """Numbers of `want` visits at most: of those that wait, or else of the latest ones.

    Args:
        within: the first and the last number there is; None where there is no visit.
        waiting: what the server has not acknowledged, oldest first.
    """
    if within is None:
        return []
    if sum(map(len, waiting)) >= want:
        return list(_first(waiting, want))
    return [SeqRange(max(within.first, within.last - want + 1), within.last)]


def _first(ranges: Iterable[SeqRange], count: int) -> Iterable[SeqRange]:
    for seqs in ranges:
        if count <= 0:
            return
        yield SeqRange(seqs.first, min(seqs.last, seqs.first + count - 1))
        count -= len(seqs)
