"""Reading ahead: the next batches are read and compressed while earlier ones travel."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

from heyho.model import SeqRange
from heyho.ports import Payload, VisitStore


class ReadAhead:
    """Gives the payloads of a run's batches, one reading ahead of the lanes that send them.

    Batches are asked for in their order, so that one is read while another is compressed, and
    the memory taken does not grow with the backlog.

    Args:
        visits: where payloads come from.
        batches: what the lanes will ask for, in this order.
        client_id: the device that the payloads name.
        depth: how many payloads may wait for a lane.
        ready: payloads that were read, or are being read, before; those of other ranges are let go.
    """

    def __init__(
        self,
        visits: VisitStore,
        batches: Iterable[SeqRange],
        *,
        client_id: str,
        depth: int,
        ready: Mapping[SeqRange, asyncio.Task[Payload]] | None = None,
    ) -> None:
        self._visits = visits
        self._batches = deque(batches)
        self._client_id = client_id
        self._depth = depth
        self._asking = 0
        self._ahead = dict(ready or {})
        self._let_go(set(self._ahead) - set(self._batches))

    async def payload(self, seqs: SeqRange) -> Payload:
        """The payload of a range: of a batch, or of a part of one, which is read at once.

        Reading ahead waits until every lane that asks has what it asked for.
        """
        self._asking += 1
        try:
            return await self._take(seqs)
        finally:
            self._asking -= 1
            if not self._asking:
                self._read_next(self._depth)

    async def _take(self, seqs: SeqRange) -> Payload:
        if self._batches and self._batches[0] == seqs:
            self._read_next(1)
        ready = self._ahead.pop(seqs, None)
        if ready is None:
            return await self._visits.payload(seqs, client_id=self._client_id)
        return await ready

    def close(self) -> None:
        """Stop reading ahead."""
        self._let_go(list(self._ahead))

    def start(self) -> dict[SeqRange, asyncio.Task[Payload]]:
        """Read for the first lanes before they ask, and return what is being read."""
        self._read_next(self._depth)
        return self._ahead

    def _let_go(self, ranges: Iterable[SeqRange]) -> None:
        for seqs in ranges:
            task = self._ahead.pop(seqs)
            if task.done() and not task.cancelled():
                task.exception()  # nobody will ask for it
            task.cancel()

    def _read_next(self, count: int) -> None:
        while self._batches and self._batches[0] in self._ahead:
            self._batches.popleft()
        for _ in range(min(count, self._depth - len(self._ahead), len(self._batches))):
            seqs = self._batches.popleft()
            reading = self._visits.payload(seqs, client_id=self._client_id)
            self._ahead[seqs] = asyncio.ensure_future(reading)


@asynccontextmanager
async def reading_ahead(
    visits: VisitStore,
    batches: Iterable[SeqRange],
    *,
    client_id: str,
    depth: int,
    ready: Mapping[SeqRange, asyncio.Task[Payload]],
) -> AsyncIterator[ReadAhead]:
    """A `ReadAhead` for as long as the block lasts."""
    ahead = ReadAhead(visits, batches, client_id=client_id, depth=depth, ready=ready)
    try:
        yield ahead
    finally:
        ahead.close()
