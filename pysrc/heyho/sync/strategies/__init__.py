"""How batches travel: one module for each strategy, behind one interface."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto
from typing import Protocol

from heyho.model import SeqRange


class Verdict(Enum):
    """What became of a batch."""

    DELIVERED = auto()
    """The server has it. The ledger has it too, or is about to."""
    LEFT = auto()
    """Visits in it wait that nobody takes now, which says nothing of other batches."""
    FAILED = auto()
    """It waits for the next run; other batches may still succeed."""
    STOP = auto()
    """The rest of this run is not worth trying."""


class Send(Protocol):
    """Carries one batch; `number` counts from 0 within the run, `lane` within the strategy."""

    async def __call__(self, seqs: SeqRange, *, number: int, lane: int) -> Verdict: ...


class Strategy(Protocol):
    """Sends batches until they are gone or there is no use in going on."""

    async def __call__(self, batches: Iterable[SeqRange], send: Send) -> None: ...
