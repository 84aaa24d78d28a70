"""One sync run, from what waits to the run's record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random

from heyho.errors import HeyhoError, SyncError
from heyho.model import Outcome, Run, SeqRange, ServerLimits, Trigger
from heyho.ports import Clock, LedgerStore, Payload, RunStore, StateStore, Transport, VisitStore
from heyho.settings import Settings
from heyho.sync.acknowledger import Acknowledger
from heyho.sync.ahead import ReadAhead, reading_ahead
from heyho.sync.attempts import Attempts
from heyho.sync.batches import count_batches, cut
from heyho.sync.carriers import OwnThread
from heyho.sync.courier import Courier
from heyho.sync.lanes import Lanes
from heyho.sync.limits import LimitsReader
from heyho.sync.logbook import Logbook
from heyho.sync.patience import Patience
from heyho.sync.progress import Progress
from heyho.sync.strategies import Strategy
from heyho.sync.strategies.concurrent import concurrent
from heyho.sync.strategies.sequential import sequential

RUNS_KEPT = 500
COUNTED_VISITS = 100_000


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
        random: Random,
    ) -> None:
        self._clock = clock
        self._visits = visits
        self._ledger = ledger
        self._limits = LimitsReader(clock=clock, state=state, transport=transport)
        self._runs = runs
        self._transport = transport
        self._random = random
        self._ready: dict[SeqRange, asyncio.Task[Payload]] = {}

    async def waiting(self, destination: str) -> int:
        """How many visits a destination has not acknowledged.

        Of a long backlog it is how many there can be at most: numbers of deleted visits count.
        """
        gaps = await self._gaps(destination)
        if sum(map(len, gaps)) > COUNTED_VISITS:
            return sum(map(len, gaps))
        return sum([await self._visits.count(gap) for gap in gaps])

    async def prepare(self, settings: Settings, *, client_id: str) -> None:
        """Read the first batches, as a run would, so that one that starts soon sends at once.

        What is read is kept for the next run; nothing is sent.
        """
        if self._ready:
            return
        limits = await self._limits.known(settings.server_url) or ServerLimits()
        await self._limits.refresh(settings.server_url)
        batches = cut(
            await self._gaps(settings.destination),
            size=min(settings.batch_size, limits.max_records),
        )
        _, lanes = _strategy(settings)
        first = list(islice(batches, lanes))
        self._ready = ReadAhead(self._visits, first, client_id=client_id, depth=lanes).start()

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
        gaps = await self._gaps(settings.destination)
        error: HeyhoError | None = None
        if gaps:
            error = await self._send(gaps, settings, client_id, run, announce)
        run.ended_at = self._clock.now_ms()
        run.outcome = _outcome(run.visits + run.rejected, error)
        run.error = error.sentence if error else None
        await self._runs.add(run.to_record(), keep=RUNS_KEPT)
        return RunResult(run, error)

    async def _gaps(self, destination: str) -> list[SeqRange]:
        within, ledger = await asyncio.gather(
            self._visits.bounds(), self._ledger.ledger(destination)
        )
        return list(ledger.waiting(within)) if within else []

    async def _send(
        self,
        gaps: Sequence[SeqRange],
        settings: Settings,
        client_id: str,
        run: Run,
        announce: Callable[[Progress], None],
    ) -> HeyhoError | None:
        try:
            limits = await self._limits.read(settings.server_url)
        except SyncError as error:
            return error
        size = min(settings.batch_size, limits.max_records)
        strategy, lanes = _strategy(settings)
        progress = Progress(
            trigger=run.trigger,
            strategy=run.strategy,
            started_at=run.started_at,
            visits=sum(map(len, gaps)),
            batches=count_batches(gaps, size=size),
            lanes=lanes,
        )
        ready, self._ready = self._ready, {}
        logbook = Logbook(clock=self._clock, run=run, progress=progress, announce=announce)
        over = asyncio.Event()
        async with reading_ahead(
            self._visits, cut(gaps, size=size), client_id=client_id, depth=lanes, ready=ready
        ) as ahead:
            courier = Courier(
                crew=OwnThread(ahead, self._transport),
                attempts=Attempts(
                    settings=settings,
                    limits=limits,
                    patience=Patience(now_s=asyncio.get_running_loop().time, random=self._random),
                    logbook=logbook,
                    over=over,
                ),
                acknowledger=Acknowledger(
                    ledger=self._ledger, destination=settings.destination, clock=self._clock
                ),
                logbook=logbook,
                over=over,
            )
            try:
                await strategy(cut(gaps, size=size), courier.send)
            finally:
                await courier.settle()
        return courier.first_error


def _strategy(settings: Settings) -> tuple[Strategy, int]:
    if settings.strategy == "sequential":
        return sequential, 1
    return concurrent(Lanes(settings.concurrency)), settings.concurrency


def _outcome(done: int, error: HeyhoError | None) -> Outcome:
    if error is None:
        return "complete" if done else "nothing"
    return "partial" if done else "failed"
