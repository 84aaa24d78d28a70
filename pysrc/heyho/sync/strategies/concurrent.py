"""Several batches at once, in one thread."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from heyho.model import SeqRange
from heyho.sync.lanes import Lanes
from heyho.sync.strategies import Send, Strategy, Verdict


def concurrent(lanes: Lanes) -> Strategy:
    """As many batches at once as there are lanes; a batch that fails stops no other.

    A lane takes the next batch as soon as it is free, and waits for no other lane. What is under
    way is bounded by the lanes, however long the backlog is.
    """

    async def strategy(batches: Iterable[SeqRange], send: Send) -> None:
        stopped = False

        async def one(seqs: SeqRange, number: int, lane: int) -> None:
            nonlocal stopped
            try:
                if await send(seqs, number=number, lane=lane) is Verdict.STOP:
                    stopped = True
            finally:
                lanes.leave(lane)

        under_way: set[asyncio.Task[None]] = set()
        try:
            for number, seqs in enumerate(batches):
                lane = await lanes.enter()
                ended = {task for task in under_way if task.done()}
                under_way -= ended
                await asyncio.gather(*ended)
                if stopped:
                    break
                under_way.add(asyncio.ensure_future(one(seqs, number, lane)))
            await asyncio.gather(*under_way)
        finally:
            # An error nobody foresaw in one lane, or a cancelled run, ends the other lanes too.
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    return strategy
