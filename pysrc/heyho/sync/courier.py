"""Carries batches to the server, and their acknowledgements to the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from heyho.errors import Refused, StorageError, SyncError, TooLarge, TooSlow, WorkerLost
from heyho.model import Rejection, SeqRange
from heyho.replies import Acknowledgement
from heyho.sync.acknowledger import Acknowledger
from heyho.sync.attempts import Attempts
from heyho.sync.batches import cut
from heyho.sync.carriers import Carrier, Crew
from heyho.sync.logbook import Logbook
from heyho.sync.progress import Travel
from heyho.sync.strategies import Verdict

MAX_FAILURES_IN_A_ROW = 10
HALVES, EIGHTHS = 2, 8

Failure = SyncError | StorageError


@dataclass(frozen=True, slots=True)
class _Delivered:
    """What became of a range that the server has answered for, or that has to go in `parts`.

    A refusal is in `doubt` where the server may refuse whatever it is sent.
    """

    visits: int
    bytes: int
    rejections: tuple[Rejection, ...] = ()
    deleted: int = 0
    parts: int = 0
    doubt: Refused | None = None


class Courier:
    """Sends batches for one run.

    A batch counts as sent only when the ledger has it. Whatever else happens, it waits.

    Args:
        over: set when the rest of the run is not worth trying; here, or by others.
    """

    def __init__(
        self,
        *,
        crew: Crew,
        attempts: Attempts,
        acknowledger: Acknowledger,
        logbook: Logbook,
        over: asyncio.Event,
    ) -> None:
        self._crew = crew
        self._attempts = attempts
        self._acknowledger = acknowledger
        self._logbook = logbook
        self._over = over
        self._failures_in_a_row = 0
        self._stored = False
        self._tries_others = False
        self._doubted: list[tuple[SeqRange, _Delivered, Travel]] = []
        self._writing: dict[int, asyncio.Task[None]] = {}
        self.first_error: Failure | None = None

    async def send(self, seqs: SeqRange, *, number: int, lane: int) -> Verdict:
        """Carry one batch; errors become its verdict, cancellation passes through.

        The acknowledgement of a batch may still be on its way to the ledger when its verdict is
        there; the lane's next batch waits for it before its own.
        """
        travel = self._logbook.enter(lane, number)
        failed: Failure | None = None
        try:
            delivered = await self._deliver(seqs, travel, lane)
        except (SyncError, StorageError) as error:
            failed = error
        finally:
            self._logbook.leave(lane, delivered=failed is None)
        if failed is not None:
            self._failed(failed, travel)
        elif delivered is None:
            self._logbook.succeeded()
        else:
            writing = self._acknowledge_soon(seqs, delivered, travel)
            self._writing[lane] = asyncio.ensure_future(writing)
        if self._over.is_set():
            return Verdict.STOP
        if isinstance(failed, (TooLarge, Refused)):
            return Verdict.LEFT
        return Verdict.DELIVERED if failed is None else Verdict.FAILED

    async def settle(self) -> None:
        """Wait until the ledger has all that was delivered.

        Whether what a server has refused all alone is at fault itself is known in the end: not
        unless the server has stored anything else.
        """
        await asyncio.gather(*self._writing.values())
        for seqs, delivered, travel in self._doubted:
            if not self._stored:
                self.first_error = self.first_error or delivered.doubt
                continue
            try:
                await self._acknowledge(seqs, delivered, travel)
            except StorageError as error:
                self._failed(error, travel)
        if self._doubted:
            self._logbook.tell()

    async def _deliver(
        self, seqs: SeqRange, travel: Travel, lane: int, *, whole: bool = True
    ) -> _Delivered | None:
        """Send a range, in parts where it does not go as a whole.

        Returns what the ledger has not got yet: a whole batch of which nothing was rejected.
        """
        delivered = await self._carry(seqs, travel, lane)
        if delivered.parts:
            size = -(-len(seqs) // delivered.parts)
            await self._deliver_parts(cut([seqs], size=size), travel, lane)
            return None
        if delivered.doubt is not None:
            self._doubted.append((seqs, delivered, travel))
            return None
        if before := self._writing.get(lane):
            await asyncio.shield(before)
        if whole and not delivered.rejections:
            return delivered
        await self._acknowledge(seqs, delivered, travel)
        return None

    async def _deliver_parts(self, parts: Iterable[SeqRange], travel: Travel, lane: int) -> None:
        """Send each part, though one before it may have a visit that is too large all alone."""
        too_large: TooLarge | None = None
        for part in parts:
            try:
                await self._deliver(part, travel, lane, whole=False)
            except TooLarge as error:
                too_large = error
                if self._is_in_vain:
                    break
        if too_large is not None:
            raise too_large

    @property
    def _is_in_vain(self) -> bool:
        return self._failures_in_a_row >= MAX_FAILURES_IN_A_ROW

    async def _carry(self, seqs: SeqRange, travel: Travel, lane: int) -> _Delivered:
        while True:
            carrier = self._crew.carrier(lane)
            try:
                return await self._carry_by(carrier, seqs, travel, lane)
            except WorkerLost:
                self._logbook.phase(travel, "reading")

    async def _carry_by(
        self, carrier: Carrier, seqs: SeqRange, travel: Travel, lane: int
    ) -> _Delivered:
        payload = await carrier.payload(seqs)
        self._logbook.read(travel, visits=payload.visits, numbers=len(seqs))
        if not payload.visits:
            return _Delivered(0, 0)
        doubt: Refused | None = None
        try:
            taken = await self._attempts.send(payload, carrier, travel, lane=lane)
        except TooSlow:
            # Few enough to get through before patience ends on a line much slower than that.
            return _Delivered(0, 0, parts=EIGHTHS)
        except (TooLarge, Refused) as refusal:
            if payload.only_id is None:
                return _Delivered(0, 0, parts=HALVES)
            if isinstance(refusal, Refused) and not (refusal.final or self._stored):
                doubt = refusal
            if doubt or (isinstance(refusal, TooLarge) and not refusal.final):
                self._failures_in_a_row += 1
                if not doubt or self._is_in_vain:
                    raise
            # A visit that the server refuses even alone goes into quarantine with the reason.
            taken = Acknowledgement(0, (Rejection(payload.only_id, refusal.sentence),))
        finally:
            carrier.let_go(payload)
        return _Delivered(
            payload.visits, payload.sent_bytes, taken.rejections, taken.deleted, doubt=doubt
        )

    async def _acknowledge(self, seqs: SeqRange, delivered: _Delivered, travel: Travel) -> None:
        await self._acknowledger.acknowledge(seqs, delivered.rejections)
        self._failures_in_a_row = 0
        self._stored = self._stored or delivered.visits > len(delivered.rejections)
        self._logbook.acknowledged(
            travel,
            visits=delivered.visits,
            rejected=len(delivered.rejections),
            deleted=delivered.deleted,
            sent_bytes=delivered.bytes,
        )

    async def _acknowledge_soon(
        self, seqs: SeqRange, delivered: _Delivered, travel: Travel
    ) -> None:
        try:
            await self._acknowledge(seqs, delivered, travel)
        except StorageError as error:
            self._failed(error, travel)
        else:
            self._logbook.succeeded()

    def _failed(self, failure: Failure, travel: Travel) -> None:
        self.first_error = self.first_error or failure
        self._failures_in_a_row += 1
        if self._is_in_vain and isinstance(failure, Refused) and not self._tries_others:
            # If the server takes another batch, these visits are at fault themselves.
            self._tries_others = True
            self._failures_in_a_row = 0
        ends_run = isinstance(failure, StorageError) or failure.ends_run
        if ends_run or self._is_in_vain:
            self._over.set()
        self._logbook.failed(travel)
