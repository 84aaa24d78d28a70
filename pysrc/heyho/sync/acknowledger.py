"""Writes acknowledgements into the ledger while the lanes' next batches already travel."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from heyho.model import Rejection, SeqRange
from heyho.ports.device import Clock
from heyho.ports.stores import LedgerStore


class Acknowledger:
    """The ledger of one destination, for one run.

    Acknowledgements that come while one is being written are written together, in one
    transaction, for replies of several lanes tend to come at once.
    """

    def __init__(self, *, ledger: LedgerStore, destination: str, clock: Clock) -> None:
        self._ledger = ledger
        self._destination = destination
        self._clock = clock
        self._group = _Group()
        self._turn = asyncio.Lock()

    async def acknowledge(self, seqs: SeqRange, rejections: Sequence[Rejection]) -> None:
        """Return when the ledger has the range, and the quarantine the rejected visits.

        Raises:
            StorageError: the database refused.
            Unintelligible: a rejected visit is not in the range; nothing is written.
        """
        if rejections:
            await self._write([seqs], rejections)
            return
        group = self._group
        group.ranges.append(seqs)
        async with self._turn:
            if group.written:
                return
            if group is self._group:
                self._group = _Group()
            await self._write(group.ranges, ())
            group.written = True

    async def _write(self, ranges: Sequence[SeqRange], rejections: Sequence[Rejection]) -> None:
        at_ms = self._clock.now_ms()
        await self._ledger.acknowledge(self._destination, ranges, rejections, at_ms=at_ms)


class _Group:
    def __init__(self) -> None:
        self.ranges: list[SeqRange] = []
        self.written = False
