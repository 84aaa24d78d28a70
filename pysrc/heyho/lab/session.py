"""One session of the lab: the same batches under each way, one way after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from heyho.errors import HeyhoError, NoTrial, NotSignedIn, StorageError
from heyho.lab.measure import Measure, bounds_of
from heyho.lab.trial import trial_means
from heyho.lab.verdict import judge
from heyho.lab.ways import Way
from heyho.model import Run, SeqRange, ServerLimits, Span
from heyho.settings import Settings
from heyho.sync.batches import count_batches, cut
from heyho.sync.choosing import plan_run
from heyho.sync.logbook import Logbook
from heyho.sync.pace import Pace
from heyho.sync.plan import Plan
from heyho.sync.progress import Progress
from heyho.sync.quota import read_policies
from heyho.sync.sending import Means, Prepared, Sending

SETTLE_S = 0.2
AGAIN_WITHIN_S = 60.0
"""A session that has taken no longer by then measures all ways once more, and the better counts."""
OK = 200
HOPELESS = (NotSignedIn, NoTrial, StorageError)
"""What no other way will meet differently."""
_WARM_UP = Plan("sequential", 1, 0, adapts=False, why="warming up")


@dataclass(slots=True, kw_only=True)
class LabProgress:
    """How far a session is, for pages.

    Attributes:
        phase: `warming` up, `resting` until the server's limits have room again, or `measuring`.
        way: the one that is measured now.
        until: when the rest is over, epoch milliseconds.
        done: the better measure of each way that was measured.
    """

    ways: tuple[str, ...]
    visits: int
    batches: int
    started_at: float
    phase: str = "warming"
    way: str | None = None
    way_started_at: float | None = None
    until: float | None = None
    run: Progress | None = None
    done: list[Measure] = field(default_factory=list)

    def keep(self, measure: Measure) -> None:
        """Take a measure in; of two of the same way the better one."""
        for place, known in enumerate(self.done):
            if known.way == measure.way:
                self.done[place] = known.or_better(measure)
                return
        self.done.append(measure)

    def to_record(self) -> dict[str, Any]:
        """The published form."""
        return {
            "ways": list(self.ways),
            "visits": self.visits,
            "batches": self.batches,
            "startedAt": self.started_at,
            "phase": self.phase,
            "way": self.way,
            "wayStartedAt": self.way_started_at,
            "until": self.until,
            "batchesDone": self.run.batches_done if self.run else 0,
            "inFlight": len(self.run.travels) if self.run else 0,
            "done": [
                {"way": it.way, "ms": it.ms, "error": it.error, "lanes": it.lanes_used}
                for it in self.done
            ],
        }


class Session:
    """Measures ways. Writes nothing of what it sends anywhere.

    Args:
        means: those of real runs.
        pace: what real runs have learnt. Its gate is shared, since the server counts trials too;
            the rest is only read.
        ranges: the numbers of the visits to send.
        announce: called after each change of `progress`.
    """

    def __init__(
        self,
        *,
        means: Means,
        settings: Settings,
        client_id: str,
        limits: ServerLimits,
        pace: Pace,
        ranges: Sequence[SeqRange],
        visits: int,
        ways: Sequence[Way],
        announce: Callable[[], None],
    ) -> None:
        self._means = trial_means(means)
        self._settings = settings
        self._client_id = client_id
        self._limits = limits
        self._pace = Pace(pace.destination, pace.gate)
        self._pace.limit, self._pace.send_ms, self._pace.read_ms = (
            pace.limit,
            pace.send_ms,
            pace.read_ms,
        )
        self._ranges = ranges
        self._size = min(settings.batch_size, limits.max_records)
        self._ways = ways
        self._announce = announce
        self._policies = read_policies(limits.rate_limits)
        self.progress = LabProgress(
            ways=tuple(way.name for way in ways),
            visits=visits,
            batches=count_batches(ranges, size=self._size),
            started_at=means.clock.now_ms(),
        )

    async def run(self) -> dict[str, Any]:
        """Measure all ways, and return the record of the session.

        Raises:
            HeyhoError: what keeps every way from being measured.
        """
        self._pace.gate.lift()
        self._pace.gate.expect(self._policies)
        await self._warm_up()
        await self._measure_all(self._ways)
        if self._means.clock.now_ms() - self.progress.started_at < 1000 * AGAIN_WITHIN_S:
            # The other way round, so that whatever grew better or worse meanwhile evens out.
            await self._measure_all(self._ways[::-1])
        return self._record()

    async def _measure_all(self, ways: Sequence[Way]) -> None:
        for way in ways:
            await self._rest()
            self.progress.phase, self.progress.way = "measuring", way.name
            self.progress.keep(await self._measure(way))
            self.progress.run, self.progress.way = None, None
            self._announce()

    async def _warm_up(self) -> None:
        """Send one batch, so that no way has to open the first connection for the others."""
        self._announce()
        first = next(cut(self._ranges, size=self._size))
        _, error = await self._send(self._settings, _WARM_UP, [first])
        if error is not None:
            raise error

    async def _rest(self) -> None:
        """Wait until the server's limits have room for a whole way, as far as anybody waits."""
        rest_s = max(SETTLE_S, self._pace.gate.rests_s)
        self.progress.phase = "resting"
        self.progress.until = self._means.clock.now_ms() + 1000 * rest_s
        self._announce()
        await asyncio.sleep(rest_s)
        self.progress.until = None

    async def _measure(self, way: Way) -> Measure:
        settings = way.settings(self._settings)
        plan = plan_run(
            settings,
            self._pace,
            self._limits,
            self._means.conditions(),
            batches=self.progress.batches,
        )
        known = self._pace.limit
        run, error = await self._send(settings, plan, self._ranges)
        self._pace.limit = known  # every way begins with what real runs know
        if isinstance(error, HOPELESS):
            raise error
        return Measure(
            way=way.name,
            changes=way.changes,
            lanes=plan.lanes,
            workers=plan.workers,
            run=run,
            error=error.sentence if error else None,
        )

    async def _send(
        self, settings: Settings, plan: Plan, ranges: Sequence[SeqRange]
    ) -> tuple[Run, HeyhoError | None]:
        started_at = self._means.clock.now_ms()
        run = Run(started_at=started_at, trigger="manual", strategy=plan.strategy)
        self.progress.run = Progress(
            trigger="manual",
            strategy=plan.strategy,
            started_at=started_at,
            visits=sum(map(len, ranges)),
            batches=count_batches(ranges, size=self._size),
            lanes=plan.lanes,
        )
        self.progress.way_started_at = started_at
        logbook = Logbook(
            clock=self._means.clock,
            run=run,
            progress=self.progress.run,
            announce=lambda _: self._announce(),
            attempted=self._learn,
        )
        sending = Sending(
            means=self._means,
            settings=settings,
            client_id=self._client_id,
            limits=self._limits,
            plan=plan,
            pace=self._pace,
            gaps=ranges,
            size=self._size,
            prepared=Prepared({}),
        )
        error = await sending.run(logbook)
        run.ended_at = self._means.clock.now_ms()
        return run, error

    def _learn(self, attempt: Span) -> None:
        if attempt.status == OK:
            self._pace.sent(attempt.end - attempt.start)

    def _record(self) -> dict[str, Any]:
        progress, measures = self.progress, self.progress.done
        bounds = bounds_of(
            measures,
            batches=progress.batches,
            server_url=self._settings.server_url,
            policies=self._policies,
        )
        return {
            "startedAt": progress.started_at,
            "endedAt": self._means.clock.now_ms(),
            "visits": progress.visits,
            "batches": progress.batches,
            "ways": [it.to_record(bounds.ideal_ms(it.lanes_used)) for it in measures],
            "verdict": judge(measures, bounds).to_record(),
        }
