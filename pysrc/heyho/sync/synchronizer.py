"""One sync run, from what waits to the run's record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from heyho.errors import HeyhoError, SyncError
from heyho.model import Outcome, Run, SeqRange, ServerLimits, Span, Trigger
from heyho.ports.stores import RunStore, StateStore
from heyho.settings import Settings
from heyho.sync.ahead import ReadAhead
from heyho.sync.batches import count_batches, cut
from heyho.sync.choosing import plan_run
from heyho.sync.limits import LimitsReader
from heyho.sync.logbook import Logbook
from heyho.sync.pace import Pace, PaceKeeper
from heyho.sync.pacing import Gate
from heyho.sync.progress import Progress
from heyho.sync.quota import read_policies
from heyho.sync.sending import Means, Prepared, Sending
from heyho.sync.strategies.parallel import WorkerCrew

RUNS_KEPT = 500
SPANS_KEPT_OF_RUNS = 50
COUNTED_VISITS = 100_000
OK = 200
ASKS_TO_WAIT = (429, 503)


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended: its record, and what kept it from being complete."""

    run: Run
    error: HeyhoError | None


class Synchronizer:
    """Runs syncs, one at a time: its caller sees to that.

    Attributes:
        limits: what servers say of theirs.
        keeper: what runs have learnt of their destination.
    """

    def __init__(self, *, means: Means, state: StateStore, runs: RunStore) -> None:
        self._means = means
        self.limits = LimitsReader(clock=means.clock, state=state, transport=means.transport)
        self.keeper = PaceKeeper(clock=means.clock, state=state)
        self._runs = runs
        self._prepared: Prepared | None = None
        self._under_way: tuple[Run, asyncio.Task[HeyhoError | None]] | None = None
        self._run: Run | None = None
        self._gate: Gate | None = None

    async def waiting(self, destination: str) -> int:
        """How many visits a destination has not acknowledged.

        Of a long backlog it is how many there can be at most: numbers of deleted visits count.
        """
        gaps = await self._gaps(destination)
        if sum(map(len, gaps)) > COUNTED_VISITS:
            return sum(map(len, gaps))
        return sum([await self._means.visits.count(gap) for gap in gaps])

    async def learn(self, server_url: str) -> None:
        """Ask a server for its limits, if they are not known, so that no run has to wait for them.

        Does not wait for the answer.
        """
        await self.limits.refresh(server_url)

    async def prepare(self, settings: Settings, *, client_id: str) -> None:
        """Get ready for a run that may start soon, so that it sends at once.

        Reads the first batches, or boots workers. It is kept for the next run; nothing is sent.
        """
        if self._prepared:
            return
        await self.learn(settings.server_url)
        limits = await self.limits.known(settings.server_url) or ServerLimits()
        gaps = await self._gaps(settings.destination)
        size = min(settings.batch_size, limits.max_records)
        pace = await self.keeper.pace(settings.destination)
        conditions, batches = self._means.conditions(), count_batches(gaps, size=size)
        plan = plan_run(settings, pace, limits, conditions, batches=batches)
        if self._prepared or self._under_way:  # somebody was faster
            return
        if plan.workers:
            crew = WorkerCrew(self._means.workers, size=plan.workers, client_id=client_id)
            self._prepared = Prepared({}, crew)
            return
        first = list(islice(cut(gaps, size=size), plan.lanes))
        reading = ReadAhead(self._means.visits, first, client_id=client_id, depth=plan.lanes)
        self._prepared = Prepared(reading.start())

    def let_go(self) -> None:
        """Forget what was prepared: it may hold visits that have been deleted since."""
        if self._prepared:
            self._prepared.let_go()
            self._prepared = None

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
            started_at=self._means.clock.now_ms(),
            trigger=trigger,
            strategy=settings.strategy,
            boot=boot,
            boot_ms=boot_ms,
        )
        error: HeyhoError | None = None
        self._run = run
        gaps = await self._gaps(settings.destination)
        if gaps:
            sending = asyncio.ensure_future(self._send(gaps, settings, client_id, run, announce))
            self._under_way = run, sending
            try:
                error = await sending
            except asyncio.CancelledError:
                if not run.cancelled:
                    raise
            finally:
                self._under_way = self._gate = None
        self._run = None
        run.ended_at = self._means.clock.now_ms()
        run.outcome = _outcome(run, error)
        run.error = error.sentence if error else None
        if run.outcome != "nothing" or run.trigger == "manual":
            await self._runs.add(run.to_record(), keep=RUNS_KEPT, keep_spans=SPANS_KEPT_OF_RUNS)
        return RunResult(run, error)

    def cancel(self) -> bool:
        """End the run under way: requests are aborted, and what was not acknowledged waits.

        Returns whether there was anything to end.
        """
        if self._under_way is None:
            return False
        run, sending = self._under_way
        run.cancelled = True
        return sending.cancel()

    def insist(self) -> None:
        """Go on with the run under way as one that a person has asked for."""
        if self._run:
            self._run.trigger = "manual"
        if self._gate:
            self._gate.lift()

    async def _gaps(self, destination: str) -> list[SeqRange]:
        within, ledger = await asyncio.gather(
            self._means.visits.bounds(), self._means.ledger.ledger(destination)
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
        prepared, self._prepared = self._prepared or Prepared({}), None
        try:
            limits = await self.limits.read(settings.server_url)
            pace = await self.keeper.pace(settings.destination)
        except SyncError as error:
            prepared.let_go()
            return error
        except BaseException:
            prepared.let_go()
            raise
        self._gate = pace.gate
        if run.trigger == "manual":
            pace.gate.lift()
        pace.gate.expect(read_policies(limits.rate_limits))
        size = min(settings.batch_size, limits.max_records)
        batches = count_batches(gaps, size=size)
        plan = plan_run(settings, pace, limits, self._means.conditions(), batches=batches)
        run.why = plan.why if settings.strategy != "auto" else plan.summary
        progress = Progress(
            trigger=run.trigger,
            strategy=plan.strategy,
            started_at=run.started_at,
            visits=sum(map(len, gaps)),
            batches=batches,
            lanes=plan.lanes,
        )
        logbook = Logbook(
            clock=self._means.clock,
            run=run,
            progress=progress,
            announce=announce,
            attempted=partial(self._learn, pace),
        )
        sending = Sending(
            means=self._means,
            settings=settings,
            client_id=client_id,
            limits=limits,
            plan=plan,
            pace=pace,
            gaps=gaps,
            size=size,
            prepared=prepared,
        )
        try:
            return await sending.run(logbook)
        finally:
            await self.keeper.save()

    def _learn(self, pace: Pace, attempt: Span) -> None:
        if attempt.status == OK:
            pace.sent(attempt.end - attempt.start)
        elif attempt.status in ASKS_TO_WAIT:
            self.keeper.save_soon()


def _outcome(run: Run, error: HeyhoError | None) -> Outcome:
    done = run.visits + run.rejected
    if error is None and not run.cancelled:
        return "complete" if done else "nothing"
    return "partial" if done or run.cancelled else "failed"
