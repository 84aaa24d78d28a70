"""Carries out a plan: everything that waits goes, or as much of it as can."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from heyho.errors import HeyhoError
from heyho.model import SeqRange, ServerLimits
from heyho.ports.device import Clock, Conditions
from heyho.ports.network import Transport, Workers
from heyho.ports.stores import LedgerStore, Payload, VisitStore
from heyho.settings import Settings
from heyho.sync.acknowledger import Acknowledger
from heyho.sync.adaptive import AdaptiveLimit
from heyho.sync.ahead import ReadAhead, reading_ahead
from heyho.sync.attempts import Attempts
from heyho.sync.batches import cut
from heyho.sync.carriers import OwnThread
from heyho.sync.courier import Courier
from heyho.sync.lanes import AdaptiveLanes, Lanes
from heyho.sync.logbook import Logbook
from heyho.sync.pace import Pace
from heyho.sync.patience import Patience
from heyho.sync.plan import Plan
from heyho.sync.strategies.concurrent import concurrent
from heyho.sync.strategies.parallel import WorkerCrew
from heyho.sync.strategies.sequential import sequential


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What sending takes of the world."""

    clock: Clock
    visits: VisitStore
    ledger: LedgerStore
    transport: Transport
    workers: Workers
    conditions: Callable[[], Conditions]
    random: Random


@dataclass(slots=True)
class Prepared:
    """What was made ready before its run: payloads being read, or workers that boot."""

    payloads: Mapping[SeqRange, asyncio.Task[Payload]]
    crew: WorkerCrew | None = None

    def let_go(self) -> None:
        """Nobody will use it."""
        for reading in self.payloads.values():
            reading.cancel()
        if self.crew:
            self.crew.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """The sending of one run.

    Attributes:
        gaps: the sequence numbers that wait.
        size: visits in a batch at most.
    """

    means: Means
    settings: Settings
    client_id: str
    limits: ServerLimits
    plan: Plan
    pace: Pace
    gaps: Sequence[SeqRange]
    size: int
    prepared: Prepared

    async def run(self, logbook: Logbook) -> HeyhoError | None:
        """Send until all is sent or there is no use in going on; returns what went wrong first."""
        means, plan = self.means, self.plan
        over = asyncio.Event()
        async with reading_ahead(
            means.visits,
            cut(self.gaps, size=self.size),
            client_id=self.client_id,
            depth=0 if plan.workers else plan.lanes,
            ready=self.prepared.payloads,
            timed=self.pace.read,
        ) as ahead:
            own = OwnThread(ahead, means.transport)
            crew = self._crew(own)
            lanes = self._lanes(logbook, ahead)
            courier = Courier(
                crew=crew or own,
                attempts=Attempts(
                    clock=means.clock,
                    conditions=means.conditions,
                    settings=self.settings,
                    limits=self.limits,
                    gate=self.pace.gate,
                    lanes=lanes,
                    patience=Patience(now_s=asyncio.get_running_loop().time, random=means.random),
                    logbook=logbook,
                    over=over,
                ),
                acknowledger=Acknowledger(
                    ledger=means.ledger,
                    destination=self.settings.destination,
                    clock=means.clock,
                ),
                logbook=logbook,
                over=over,
            )
            strategy = sequential if plan.strategy == "sequential" else concurrent(lanes)
            try:
                await strategy(cut(self.gaps, size=self.size), courier.send)
            finally:
                await courier.settle()
                if crew:
                    crew.close()
        return courier.first_error

    def _lanes(self, logbook: Logbook, ahead: ReadAhead) -> Lanes:
        def resized(size: int) -> None:
            logbook.progress.lanes = size
            ahead.deepen(size)

        if not self.plan.adapts:
            return Lanes(self.plan.lanes, resized)
        known_s = self.pace.limit.baseline_s if self.pace.limit else None
        limit = AdaptiveLimit(start=self.plan.lanes, baseline_s=known_s)
        if not self.means.conditions().slow:
            self.pace.limit = limit
        return AdaptiveLanes(limit, resized)

    def _crew(self, own: OwnThread) -> WorkerCrew | None:
        crew = self.prepared.crew
        if crew and crew.size != self.plan.workers:
            crew.close()
            crew = None
        if crew is None and self.plan.workers:
            crew = WorkerCrew(self.means.workers, size=self.plan.workers, client_id=self.client_id)
        if crew:
            crew.own = own
        return crew
