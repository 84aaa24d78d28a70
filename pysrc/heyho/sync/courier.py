"""Carries one batch to the server and its acknowledgement to the ledger."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from heyho.errors import Refused, StorageError, SyncError, TooLarge
from heyho.model import Rejection, Run, SeqRange, ServerLimits, Span
from heyho.ports import Clock, LedgerStore, Payload, Reply, Transport
from heyho.settings import Settings
from heyho.sync.progress import Progress
from heyho.sync.strategies import Verdict
from heyho.wire import read_sync_reply

REQUEST_TIMEOUT_S = 30.0
MAX_FAILURES_IN_A_ROW = 10


@dataclass(slots=True, kw_only=True)
class _Batch:
    """A batch under way: its visits, once they are read, and those the ledger has already."""

    number: int
    lane: int
    visits: int | None = None
    done: int = 0


class Courier:
    """Sends batches for one run, and keeps the run's record and progress up to date.

    A batch counts as sent only when the ledger has it. Whatever else happens, it waits.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        read: Callable[[SeqRange], Awaitable[Payload]],
        ledger: LedgerStore,
        transport: Transport,
        settings: Settings,
        limits: ServerLimits,
        run: Run,
        progress: Progress,
        announce: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._read = read
        self._ledger = ledger
        self._transport = transport
        self._settings = settings
        self._limits = limits
        self._run = run
        self._progress = progress
        self._announce = announce
        self._failures_in_a_row = 0
        self.first_error: SyncError | StorageError | None = None

    async def send(self, seqs: SeqRange, *, number: int, lane: int) -> Verdict:
        """Carry one batch; errors become its verdict, cancellation passes through."""
        progress = self._progress
        progress.in_flight += 1
        self._announce()
        batch = _Batch(number=number, lane=lane)
        failed: SyncError | StorageError | None = None
        try:
            await self._deliver(seqs, batch)
        except (SyncError, StorageError) as error:
            failed = error
        finally:
            progress.in_flight -= 1
        if failed is None:
            progress.batches_done += 1
            self._failures_in_a_row = 0
            self._announce()
            return Verdict.ACKNOWLEDGED
        self.first_error = self.first_error or failed
        progress.batches_failed += 1
        progress.visits_failed += (batch.visits or 0) - batch.done
        self._failures_in_a_row += 1
        self._announce()
        ends_run = isinstance(failed, StorageError) or failed.ends_run
        tired = self._failures_in_a_row >= MAX_FAILURES_IN_A_ROW
        return Verdict.STOP if ends_run or tired else Verdict.FAILED

    async def _deliver(self, seqs: SeqRange, batch: _Batch) -> None:
        """Send a range, in halves where the server takes it no other way.

        A visit that the server refuses even alone goes into quarantine with the reason.
        """
        payload = await self._read(seqs)
        if batch.visits is None:
            batch.visits = payload.visits
            self._progress.visits -= len(seqs) - payload.visits
        rejections: tuple[Rejection, ...] = ()
        try:
            if payload.visits:
                rejections = await self._attempt(payload, batch)
        except (TooLarge, Refused) as refusal:
            if payload.only_id is None:
                for half in seqs.halves():
                    await self._deliver(half, batch)
                return
            if not refusal.final:
                raise
            rejections = (Rejection(payload.only_id, refusal.sentence),)
        await self._acknowledge(seqs, payload, rejections)
        batch.done += payload.visits

    async def _attempt(self, payload: Payload, batch: _Batch) -> tuple[Rejection, ...]:
        if payload.json_bytes > self._limits.max_body_bytes:
            raise TooLarge(
                "The visits are larger than your server takes in one request.", final=True
            )
        start = self._clock.now_ms()
        reply: Reply | None = None
        try:
            reply = await self._transport.post(
                f"{self._settings.server_url}/data/sync",
                payload,
                token=self._settings.token,
                timeout_s=REQUEST_TIMEOUT_S,
            )
        finally:
            status = reply.status if reply is not None else 0
            self._run.rate_limited += status == 429
            self._run.spans.append(
                Span(
                    batch=batch.number,
                    lane=batch.lane,
                    start=start,
                    end=self._clock.now_ms(),
                    visits=payload.visits,
                    bytes=payload.sent_bytes,
                    status=status,
                )
            )
        return read_sync_reply(
            reply.status, reply.headers, reply.text, sent=payload.visits
        ).rejections

    async def _acknowledge(
        self, seqs: SeqRange, payload: Payload, rejections: tuple[Rejection, ...]
    ) -> None:
        await self._ledger.acknowledge(
            self._settings.destination, seqs, rejections, at_ms=self._clock.now_ms()
        )
        if not payload.visits:
            return
        self._run.batches += 1
        self._run.visits += payload.visits - len(rejections)
        self._run.rejected += len(rejections)
        self._run.bytes += payload.sent_bytes
        self._progress.visits_done += payload.visits
        self._progress.bytes += payload.sent_bytes
