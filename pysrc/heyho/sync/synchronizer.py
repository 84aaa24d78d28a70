"""One sync run, from what waits to the run's record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from heyho.errors import HeyhoError, SyncError
from heyho.model import Outcome, Run, SeqRange, ServerLimits, Trigger
from heyho.ports import (
    Clock,
    LedgerStore,
    Record,
    RunStore,
    StateStore,
    Transport,
    VisitStore,
)
from heyho.settings import Settings
from heyho.sync.batches import cut
from heyho.sync.courier import REQUEST_TIMEOUT_S, Courier, Destination
from heyho.sync.ledger import Ledger
from heyho.sync.progress import Progress
from heyho.sync.strategies import choose
from heyho.wire import read_limits

LIMITS_FRESH_MS = 24 * 3600 * 1000
RUNS_KEPT = 500


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended: its record, and what kept it from being complete."""

    run: Run
    error: HeyhoError | None


class Synchronizer:
    """Runs syncs, one at a time: its caller sees to that."""

    def __init__(
        self,
        *,
        clock: Clock,
        visits: VisitStore,
        ledger: LedgerStore,
        state: StateStore,
        runs: RunStore,
        transport: Transport,
    ) -> None:
        self._clock = clock
        self._visits = visits
        self._ledger = ledger
        self._state = state
        self._runs = runs
        self._transport = transport

    async def waiting(self, server_url: str) -> int:
        """How many visits the server has not acknowledged."""
        within = await self._visits.bounds()
        if within is None:
            return 0
        ledger = await self._ledger.ledger(server_url)
        return await self._count(ledger, within)

    async def run(
        self,
        settings: Settings,
        *,
        trigger: Trigger,
        client_id: str,
        announce: Callable[[Progress], None],
        boot: str = "",
        boot_ms: float | None = None,
    ) -> RunResult:
        """Send everything that waits now, and record how it went.

        Never raises for what a server or a connection does: that is in the result.
        """
        run = Run(
            started_at=self._clock.now_ms(),
            trigger=trigger,
            strategy=settings.strategy,
            why="set in the options",
            boot=boot,
            boot_ms=boot_ms,
        )
        within = await self._visits.bounds()
        ledger = await self._ledger.ledger(settings.server_url)
        total = await self._count(ledger, within) if within else 0
        error: HeyhoError | None = None
        if within and total:
            progress = Progress(
                trigger=trigger,
                strategy=settings.strategy,
                started_at=run.started_at,
                visits=total,
            )
            error = await self._send(
                partial(cut, ledger, within),
                settings,
                client_id=client_id,
                run=run,
                progress=progress,
                announce=lambda: announce(progress),
            )
        run.ended_at = self._clock.now_ms()
        run.outcome = _outcome(total, run.visits + run.rejected, error)
        run.error = error.sentence if error else None
        await self._runs.add(run.to_record(), keep=RUNS_KEPT)
        return RunResult(run, error)

    async def _send(
        self,
        cut_to: Callable[..., Iterator[SeqRange]],
        settings: Settings,
        *,
        client_id: str,
        run: Run,
        progress: Progress,
        announce: Callable[[], None],
    ) -> HeyhoError | None:
        try:
            limits = await self._limits(settings)
        except SyncError as error:
            return error
        size = min(settings.batch_size, limits.max_records)
        progress.batches = sum(1 for _ in cut_to(size=size))
        courier = Courier(
            clock=self._clock,
            visits=self._visits,
            ledger=self._ledger,
            transport=self._transport,
            to=Destination(
                server_url=settings.server_url,
                token=settings.token,
                client_id=client_id,
                limits=limits,
            ),
            run=run,
            progress=progress,
            announce=announce,
        )
        strategy = choose(settings.strategy, lanes=settings.concurrency)
        await strategy(cut_to(size=size), courier.send)
        return courier.first_error

    async def _count(self, ledger: Ledger, within: SeqRange) -> int:
        return sum([await self._visits.count(gap) for gap in ledger.waiting(within)])

    async def _limits(self, settings: Settings) -> ServerLimits:
        """What the server says of itself, asked once a day; the original server says nothing."""
        known: Any = await self._state.get("server")
        now = self._clock.now_ms()
        if (
            isinstance(known, dict)
            and known.get("url") == settings.server_url
            and 0 <= now - known.get("askedAt", 0) < LIMITS_FRESH_MS
        ):
            return ServerLimits(known["maxRecords"], known["maxBodyBytes"])
        reply = await self._transport.get(
            f"{settings.server_url}/config", token=None, timeout_s=REQUEST_TIMEOUT_S
        )
        if reply.status != 200:
            return ServerLimits()
        limits = read_limits(reply.text)
        record: Record = {
            "url": settings.server_url,
            "askedAt": now,
            "maxRecords": limits.max_records,
            "maxBodyBytes": limits.max_body_bytes,
        }
        await self._state.put("server", record)
        return limits


def _outcome(total: int, done: int, error: HeyhoError | None) -> Outcome:
    if error is None:
        return "complete" if total else "nothing"
    return "partial" if done else "failed"
