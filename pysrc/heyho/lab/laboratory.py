"""The lab's requests: one session at a time, beside no run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from heyho.errors import HeyhoError
from heyho.lab.sample import sample
from heyho.lab.session import Session
from heyho.lab.ways import WAYS, Way, pick_ways
from heyho.model import SeqRange
from heyho.ports import Record
from heyho.ports.device import Browser
from heyho.ports.stores import StateStore
from heyho.profile import Profile
from heyho.settings import Settings
from heyho.sync.batches import count_batches
from heyho.sync.limits import LimitsReader
from heyho.sync.pace import PaceKeeper
from heyho.sync.sending import Means

USUAL_VISITS = 10_000
MOST_VISITS = 100_000
TELL_S = 0.25


@dataclass(frozen=True, slots=True)
class _End:
    """How a session ended: `complete`, `cancelled`, `run` or `other` (that came first),
    `no_trials`, or `failed` with a sentence; and what it found."""

    outcome: str
    session: Record | None = None
    problem: str | None = None

    def to_record(self) -> Record:
        return {"outcome": self.outcome, "problem": self.problem, "session": self.session}


class Laboratory:
    """Tries the ways of sending out, in the background, and keeps what the last session found.

    It touches no ledger, no quarantine and no record of runs. A session that is cut short leaves
    the findings of the one before.

    - `lab` {strategies?, visits?}: starts a session, or joins the one under way; replies
      `started`, and where it is not, the `reason`: `no_server`, `no_visits` or `run`.
    - `lab_cancel`: ends the session under way; replies `cancelled`, whether there was one.
    - `lab_results`: replies the last `session`, whether one is `underWay` and its `progress`, and
      what a new one would send (`visits`, `batches`, `ways`), with what is known of the server's
      `trials`.

    Args:
        lock: the lock of runs.
        before: called before anything is sent, as before a run.
        is_free: whether no run is under way.
        ended: called when a session is over.
    """

    def __init__(
        self,
        *,
        means: Means,
        state: StateStore,
        profile: Profile,
        browser: Browser,
        limits: LimitsReader,
        keeper: PaceKeeper,
        lock: str,
        before: Callable[[], Awaitable[None]] | None,
        is_free: Callable[[], bool],
        ended: Callable[[], None],
    ) -> None:
        self._means = means
        self._state = state
        self._profile = profile
        self._browser = browser
        self._limits = limits
        self._keeper = keeper
        self._lock = lock
        self._before = before
        self._is_free = is_free
        self._ended = ended
        self._task: asyncio.Task[_End] | None = None
        self._session: Session | None = None
        self._telling: asyncio.TimerHandle | None = None
        self._why = ""
        self.handlers: dict[str, Callable[[Record], Awaitable[Record]]] = {
            "lab": self._answer_start,
            "lab_cancel": self._answer_cancel,
            "lab_results": self._answer_results,
        }

    @property
    def busy(self) -> bool:
        """Whether a session is under way."""
        return self._task is not None

    def cancel(self, why: str = "cancelled") -> bool:
        """End the session under way, if there is one: its requests are aborted.

        Args:
            why: how it is told to have ended: `cancelled`, `run` where a sync comes first, or
                `other` where it is another order of the person.
        """
        if self._task is None:
            return False
        self._why = why
        return self._task.cancel()

    async def over(self) -> None:
        """Wait until no session is under way."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _answer_start(self, request: Record) -> Record:
        if self._task is not None:
            return {"started": True, "reason": None}
        settings = await self._profile.settings()
        ranges = await self._ranges(settings, request.get("visits"))
        visits = await self._count(ranges)
        reason = None
        if not settings.can_sync:
            reason = "no_server"
        elif not visits:
            reason = "no_visits"
        elif not self._is_free():
            reason = "run"
        elif self._task is None:
            ways = pick_ways(request.get("strategies"))
            self._why = "cancelled"
            self._task = asyncio.ensure_future(self._work(settings, request.get("visits"), ways))
            self._task.add_done_callback(self._done)
        return {"started": reason is None, "reason": reason}

    async def _answer_cancel(self, request: Record) -> Record:
        return {"cancelled": self.cancel()}

    async def _answer_results(self, request: Record) -> Record:
        settings = await self._profile.settings()
        known = await self._limits.known(settings.server_url) if settings.can_sync else None
        ranges = await self._ranges(settings, request.get("visits"))
        size = min(settings.batch_size, known.max_records) if known else settings.batch_size
        return {
            "session": await self._state.get("lab"),
            "underWay": self.busy,
            "progress": self._session.progress.to_record() if self._session else None,
            "canSync": settings.can_sync,
            "trials": known.trials if known else None,
            "visits": await self._count(ranges),
            "batches": count_batches(ranges, size=size),
            "ways": [way.name for way in WAYS],
            "strategy": settings.strategy,
            "concurrency": settings.concurrency,
        }

    async def _ranges(self, settings: Settings, asked: Any) -> list[SeqRange]:
        want = asked if type(asked) is int and 1 <= asked <= MOST_VISITS else USUAL_VISITS
        within, ledger = await asyncio.gather(
            self._means.visits.bounds(), self._means.ledger.ledger(settings.destination)
        )
        return sample(within, list(ledger.waiting(within)) if within else [], want=want)

    async def _count(self, ranges: list[SeqRange]) -> int:
        return sum([await self._means.visits.count(seqs) for seqs in ranges])

    async def _work(self, settings: Settings, asked: Any, ways: Sequence[Way]) -> _End:
        try:
            async with self._browser.lock(self._lock) as held:
                if not held:
                    return _End("run")
                if self._before is not None:
                    await self._before()
                ranges = await self._ranges(settings, asked)
                visits = await self._count(ranges)
                if not visits:
                    return _End("other")
                return await self._try_out(settings, ranges, visits, ways)
        except HeyhoError as error:
            return _End("failed", problem=error.sentence)

    async def _try_out(
        self, settings: Settings, ranges: list[SeqRange], visits: int, ways: Sequence[Way]
    ) -> _End:
        limits = await self._limits.ask(settings.server_url)
        if not limits.trials:
            return _End("no_trials")
        session = self._session = Session(
            means=self._means,
            settings=settings,
            client_id=await self._profile.client_id(),
            limits=limits,
            pace=await self._keeper.pace(settings.destination),
            ranges=ranges,
            visits=visits,
            ways=ways,
            announce=self._tell_soon,
        )
        try:
            found = await session.run()
        finally:
            await self._keeper.save()
        await self._state.put("lab", found)
        return _End("complete", session=found)

    def _done(self, task: asyncio.Task[_End]) -> None:
        self._task = self._session = None
        self._hush()
        self._ended()
        error = None if task.cancelled() else task.exception()
        if error is not None:
            end = _End("failed", problem=repr(error))
        else:
            end = _End(self._why) if task.cancelled() else task.result()
        self._publish({"progress": None, "ended": end.to_record()})
        if error is not None:
            raise error

    def _tell_soon(self) -> None:
        """Tell pages within `TELL_S`: they share our thread, and requests come first."""
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(TELL_S, self._tell)

    def _tell(self) -> None:
        self._hush()
        if self._session is not None:
            self._publish({"progress": self._session.progress.to_record()})

    def _hush(self) -> None:
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None

    def _publish(self, told: Record) -> None:
        self._browser.publish({"target": "page", "kind": "lab", "lab": told})
