"""One batch after the other."""

from __future__ import annotations

from collections.abc import Iterable

from heyho.model import SeqRange
from heyho.sync.strategies import Send, Verdict


async def sequential(batches: Iterable[SeqRange], send: Send) -> None:
    """One batch after the other, stopping at the first that fails."""
    for number, seqs in enumerate(batches):
        if await send(seqs, number=number, lane=0) in (Verdict.FAILED, Verdict.STOP):
            return
