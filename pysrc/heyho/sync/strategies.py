"""How batches travel: one after the other, or several at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from enum import Enum, auto
from typing import Protocol

from heyho.model import SeqRange


class Verdict(Enum):
    """What became of a batch."""

    ACKNOWLEDGED = auto()
    FAILED = auto()
    """It waits for the next run; other batches may still succeed."""
    STOP = auto()
    """It waits for the next run, and the rest of this run would fare no better."""


class Send(Protocol):
    """Carries one batch; `number` counts from 0 within the run, `lane` within the strategy."""

    async def __call__(self, seqs: SeqRange, *, number: int, lane: int) -> Verdict: ...


class Strategy(Protocol):
    """Sends batches until they are gone or there is no use in going on."""

    async def __call__(self, batches: Iterable[SeqRange], send: Send) -> None: ...


async def sequential(batches: Iterable[SeqRange], send: Send) -> None:
    """One batch after the other, stopping at the first that fails."""
    for number, seqs in enumerate(batches):
        if await send(seqs, number=number, lane=0) is not Verdict.ACKNOWLEDGED:
            return


def concurrent(lanes: int) -> Strategy:
    """Up to `lanes` batches at once under a semaphore; a batch that fails stops no other."""

    async def strategy(batches: Iterable[SeqRange], send: Send) -> None:
        free = list(reversed(range(lanes)))
        gate = asyncio.Semaphore(lanes)
        stopped = False

        async def one(number: int, seqs: SeqRange) -> None:
            nonlocal stopped
            async with gate:
                if stopped:
                    return
                lane = free.pop()
                try:
                    verdict = await send(seqs, number=number, lane=lane)
                    if verdict is Verdict.STOP:
                        stopped = True
                finally:
                    free.append(lane)

        sending = [asyncio.ensure_future(one(number, seqs)) for number, seqs in enumerate(batches)]
        try:
            await asyncio.gather(*sending)
        finally:
            # An error nobody foresaw in one lane, or a cancelled run, ends the other lanes too.
            for task in sending:
                task.cancel()
            await asyncio.gather(*sending, return_exceptions=True)

    return strategy


def choose(name: str, *, lanes: int) -> tuple[Strategy, int]:
    """The strategy of a name that `heyho.settings` allows, and how many lanes it uses."""
    if name == "sequential":
        return sequential, 1
    return concurrent(lanes), lanes
