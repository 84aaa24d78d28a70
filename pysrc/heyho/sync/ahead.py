"""Reading ahead: the next batches are read and compressed while earlier ones travel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from itertools import chain, islice

from heyho.model import SeqRange
from heyho.ports.stores import Payload, VisitStore


class ReadAhead:
    """Gives the payloads of a run's batches, one reading ahead of the lanes that send them.

    Batches are asked for in their order, so that one is read while another is compressed, and
    the memory taken does not grow with the backlog.

    Args:
        visits: where payloads come from.
        batches: what the lanes will ask for, in this order.
        client_id: the device that the payloads name.
        depth: how many payloads may wait for a lane.
        timed: told how long reading took, in milliseconds, where nothing else was read meanwhile.
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
        timed: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._timed = timed
        self._visits = visits
        self._client_id = client_id
        self._depth = depth
        self._asking = 0
        self._closed = False
        self._ahead = dict(ready or {})
        coming = iter(batches)
        first = list(islice(coming, len(self._ahead)))
        self._let_go(set(self._ahead) - set(first))
        self._coming = chain([seqs for seqs in first if seqs not in self._ahead], coming)
        self._next = next(self._coming, None)

    async def payload(self, seqs: SeqRange) -> Payload:
        """The payload of a range: of a batch, or of a part of one, which is read at once.

        Reading ahead waits until every lane that asks has what it asked for.
        """
        self._asking += 1
        try:
            return await self._take(seqs)
        finally:
            self._asking -= 1
            self._read_on()

    async def _take(self, seqs: SeqRange) -> Payload:
        ready = self._ahead.pop(seqs, None)
        if ready is not None:
            return await ready
        if seqs == self._next:
            self._next = next(self._coming, None)
        return await self._visits.payload(seqs, client_id=self._client_id)

    def deepen(self, depth: int) -> None:
        """Read further ahead, where it is read ahead at all; never less far."""
        if self._depth:
            self._depth = max(self._depth, depth)

    def close(self) -> None:
        """Stop reading ahead."""
        self._closed = True
        self._let_go(list(self._ahead))

    def start(self) -> dict[SeqRange, asyncio.Task[Payload]]:
        """Read for the first lanes before they ask, and return what is being read."""
        while self._read_next():
            pass
        return self._ahead

    def _let_go(self, ranges: Iterable[SeqRange]) -> None:
        for seqs in ranges:
            task = self._ahead.pop(seqs)
            if task.done() and not task.cancelled():
                task.exception()  # nobody will ask for it
            task.cancel()

    def _read_on(self, _: object = None) -> None:
        """Read one after the other, for requests leave by the thread that reads."""
        if not self._asking and all(task.done() for task in self._ahead.values()):
            self._read_next()

    async def _read(self, seqs: SeqRange) -> Payload:
        loop = asyncio.get_running_loop()
        alone, begun_s = len(self._ahead) == 1, loop.time()
        payload = await self._visits.payload(seqs, client_id=self._client_id)
        if alone and not self._asking:
            self._timed(1000 * (loop.time() - begun_s))
        return payload

    def _read_next(self) -> bool:
        if self._closed or self._next is None or len(self._ahead) >= self._depth:
            return False
        reading = asyncio.ensure_future(self._read(self._next))
        reading.add_done_callback(self._read_on)
        self._ahead[self._next] = reading
        self._next = next(self._coming, None)
        return True


@asynccontextmanager
async def reading_ahead(
    visits: VisitStore,
    batches: Iterable[SeqRange],
    *,
    client_id: str,
    depth: int,
    ready: Mapping[SeqRange, asyncio.Task[Payload]],
    timed: Callable[[float], None],
) -> AsyncIterator[ReadAhead]:
    """A `ReadAhead` for as long as the block lasts."""
    ahead = ReadAhead(visits, batches, client_id=client_id, depth=depth, ready=ready, timed=timed)
    try:
        yield ahead
    finally:
        ahead.close()
