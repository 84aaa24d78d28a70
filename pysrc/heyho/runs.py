"""Sync runs: one at a time, each with what comes before it, and what is planned after it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from heyho import texts
from heyho.board import Board
from heyho.errors import HeyhoError, NotSignedIn, SyncError
from heyho.folding import Folding
from heyho.lab.laboratory import Laboratory
from heyho.model import Run, Trigger
from heyho.ports.device import Browser, Clock
from heyho.ports.stores import StateStore
from heyho.profile import Profile
from heyho.settings import Settings
from heyho.sync.pauses import quiet_until_ms, retry_delay_min
from heyho.sync.synchronizer import Synchronizer

RUN_LOCK = "heyho-run"


@dataclass(slots=True)
class Boot:
    """How the engine came up.

    Attributes:
        source: from what.
        ready_at: when its first line of Python ran; epoch ms.
        took_ms: how long after the request that it was started for; None until that is known.
    """

    source: str
    ready_at: float
    took_ms: float | None = None

    def measure(self, requested_at: object) -> None:
        """Take the time of the first request that has one (epoch ms)."""
        if self.took_ms is None and isinstance(requested_at, (int, float)):
            self.took_ms = max(0.0, self.ready_at - requested_at)


class Runs:
    """The run under way, if there is one.

    Args:
        before_run: called before each run: what it has to do comes before anything is sent.
        ended: called when a run has ended.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        state: StateStore,
        browser: Browser,
        profile: Profile,
        folding: Folding,
        board: Board,
        synchronizer: Synchronizer,
        lab: Laboratory,
        boot: Boot,
        before_run: Callable[[], Awaitable[None]] | None,
        ended: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._state = state
        self._browser = browser
        self._profile = profile
        self._folding = folding
        self._board = board
        self._synchronizer = synchronizer
        self._lab = lab
        self._boot = boot
        self._before_run = before_run
        self._tell_end = ended
        self._run: asyncio.Task[None] | None = None
        self._over = False
        self._trigger: Trigger = "periodic"
        self._next: Trigger | None = None

    @property
    def under_way(self) -> bool:
        """Whether there is a run."""
        return self._run is not None

    def start(self, trigger: Trigger) -> bool:
        """Start a run, or join the one under way; whether it was joined."""
        if trigger == "manual":
            self._lab.cancel("run")
        if self._run is not None:
            if self._over:
                if self._next != "manual":  # too late to join: visits may have come since
                    self._next = trigger
            elif trigger == "manual":
                self._trigger = trigger
                self._synchronizer.insist()
            return True
        self._over = False
        self._trigger = trigger
        self._run = asyncio.ensure_future(self._run_once())
        self._run.add_done_callback(self._ended)
        return False

    def cancel(self) -> bool:
        """End the run under way as the person wants it; whether there was one."""
        return self._synchronizer.cancel()

    async def prepare(self) -> None:
        """Read what the next run sends first."""
        settings = await self._profile.settings()
        await self._synchronizer.prepare(settings, client_id=await self._profile.client_id())

    async def move(self, settings: Settings) -> None:
        """Go on with another destination: what is planned is not for it."""
        await self._abandon()
        await self._state.put("failures", 0)
        await self._state.put("notBefore", 0)
        await self._state.put("lastRun", None)
        await self._browser.clear_alarm("retry")
        if settings.can_sync:
            await self._synchronizer.learn(settings.server_url)

    async def halt(self) -> bool:
        """End the run under way, and forget what was read for the next one.

        Returns whether there was one. A run that is started meanwhile waits in `before_run`.
        """
        ran = self.under_way
        await self._abandon()
        self._synchronizer.let_go()
        return ran

    def let_go(self) -> None:
        """Forget what was read for the next run: some of it may have been deleted since."""
        self._synchronizer.let_go()

    async def resume(self) -> None:
        """Start a run in place of one that was halted."""
        self.start("periodic")

    async def over(self) -> None:
        """Wait until there is no run."""
        while self._run is not None:
            await asyncio.wait([self._run])

    async def _abandon(self) -> None:
        """End what is under way: what it has not delivered is not for its destination any more."""
        self._next = None
        self._lab.cancel("other")
        await self._lab.over()
        if self._run is not None:
            self._run.cancel()
            await asyncio.wait([self._run])

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._run = None
        trigger, self._next = self._next, None
        if trigger is not None:
            self.start(trigger)
        self._tell_end()
        if not task.cancelled():
            task.result()

    async def _run_once(self) -> None:
        problem: str | None = None
        unforeseen: Exception | None = None
        try:
            await self._lab.over()
            async with self._browser.lock(RUN_LOCK) as held:
                if held:
                    await self._sync()
        except HeyhoError as error:
            problem = error.sentence
        except Exception as error:  # noqa: BLE001 (it is raised once the person knows)
            problem = texts.text("error_unforeseen", repr(error))
            unforeseen = error
        finally:
            self._over = True
            self._board.unfollow()
        try:
            await self._board.show_status(problem)
        except HeyhoError as error:
            await self._board.show_problem(problem or error.sentence)
        if unforeseen is not None:
            raise unforeseen

    async def _sync(self) -> None:
        await self._folding.fold()
        if self._before_run is not None:
            await self._before_run()
        settings, client_id = await self._profile.settings(), await self._profile.client_id()
        is_patient = await self._is_patient()
        if not settings.can_sync or (is_patient and self._trigger != "manual"):
            self._over = True
            return
        result = await self._synchronizer.run(
            settings,
            trigger=self._trigger,
            client_id=client_id,
            announce=self._board.follow,
            boot=self._boot.source,
            boot_ms=self._boot.took_ms,
        )
        self._over = True
        await self._state.put("lastRun", _summary(result.run))
        if not result.run.cancelled:  # what the server has asked for counts after that too
            await self._plan_retry(settings, result.error)

    async def _plan_retry(self, settings: Settings, error: HeyhoError | None) -> None:
        failures = 0 if error is None else int(await self._state.get("failures") or 0) + 1
        await self._state.put("failures", failures)
        asked_s = error.retry_after_s if isinstance(error, SyncError) else None
        await self._state.put("notBefore", self._clock.now_ms() + 1000 * (asked_s or 0))
        delay = None
        if error is not None and not isinstance(error, NotSignedIn):
            delay = retry_delay_min(
                failures, period_minutes=settings.period_minutes, retry_after_s=asked_s
            )
        if delay is None:
            await self._browser.clear_alarm("retry")
        else:
            await self._browser.set_alarm("retry", delay_minutes=delay)

    async def _is_patient(self) -> bool:
        """Whether the server wants to be left alone, unless the person asks."""
        known = await self._state.get("notBefore")
        return quiet_until_ms(known, self._clock.now_ms()) > 0


def _summary(run: Run) -> dict[str, Any]:
    """What the status says of the last run."""
    record = run.to_record()
    names = (
        *("startedAt", "endedAt", "trigger", "strategy", "outcome", "visits", "rejected"),
        *("deleted", "cancelled", "error"),
    )
    return {name: record[name] for name in names}
