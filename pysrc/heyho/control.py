"""What the engine does for the rest of the extension: answers requests, one run at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from heyho import texts
from heyho.board import Board
from heyho.errors import HeyhoError, NotSignedIn, SettingsError, SyncError
from heyho.folding import Folding
from heyho.lab.laboratory import Laboratory
from heyho.model import Run, Trigger
from heyho.ports import (
    Browser,
    Clock,
    EventLog,
    LedgerStore,
    Record,
    RunStore,
    StateStore,
    Transport,
    VisitStore,
    Workers,
)
from heyho.profile import Profile
from heyho.settings import RESTART, Settings
from heyho.sync.pauses import retry_delay_min
from heyho.sync.sending import Means
from heyho.sync.synchronizer import Synchronizer

LINGER_S = 10.0
REST_S = 0.5
RUN_LOCK = "heyho-run"
PAUSE_MS = 60 * 60_000
TRIGGERS: Sequence[Trigger] = ("manual", "periodic", "startup")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Every port of the engine."""

    clock: Clock
    events: EventLog
    visits: VisitStore
    ledger: LedgerStore
    state: StateStore
    runs: RunStore
    transport: Transport
    workers: Workers
    browser: Browser


@dataclass(frozen=True, slots=True)
class Boot:
    """How the engine came up: from what, and when its first line of Python ran (epoch ms)."""

    source: str
    ready_at: float


Handler = Callable[[Record], Awaitable[Record]]
"""From a request to the rest of a reply that is `ok`; raises HeyhoError for one that is not."""


class Service(Protocol):
    """More that the engine does, beside recording and syncing."""

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What answers requests, by their kind."""
        ...

    async def step(self) -> bool:
        """Do a piece of what can wait, in a moment without runs and requests.

        Returns whether there is more to do. It takes less than a second, is not cancelled, and
        what it has not written is done again after a kill.
        """
        ...


class Control:
    """Answers requests until it has been idle for `LINGER_S`; then it closes its context.

    In the meantime its services may do what can wait.

    Requests are records with a `kind`; replies say `ok` and, where not, `error`:

    - `run` {trigger}: starts a run, or joins the one under way; replies `joined` at once.
    - `status`: folds new events and replies `status`, `progress` (None when no run is on) and
      how the `engine` came up.
    - `cancel`: ends the run under way; replies `cancelled`, whether there was one.
    - `settings` {settings, dryRun}: changes some settings; replies all of them, or `problems` by
      field. With `dryRun` nothing is changed.
    - `pause` {until}: pauses recording, for an hour ("hour"), until the browser's next start
      ("restart"), or until the person ends it (null); replies all `settings`.
    - `resume` {started}: ends a pause that is over, or sees to its end; `started` says that the
      browser has just started. Replies `resumed`.

    A run and a session of the lab never go together: a person's run ends the session, and any
    other waits until it is over. Any other kind is the lab's, or that of a service.

    `before_run` is called before each run: what it has to do comes before anything is sent.
    """

    def __init__(
        self,
        ports: Ports,
        boot: Boot,
        services: Sequence[Service] = (),
        *,
        before_run: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._ports = ports
        self._before_run = before_run
        self._services = services
        self._boot = boot
        self._boot_ms: float | None = None
        self._profile = Profile(ports.state)
        self._folding = Folding(ports.events, self._profile)
        means = Means(
            clock=ports.clock,
            visits=ports.visits,
            ledger=ports.ledger,
            transport=ports.transport,
            workers=ports.workers,
            conditions=ports.browser.conditions,
            random=Random(),  # noqa: S311 (jitter is no secret)
        )
        self._synchronizer = Synchronizer(means=means, state=ports.state, runs=ports.runs)
        self._lab = Laboratory(
            means=means,
            state=ports.state,
            profile=self._profile,
            browser=ports.browser,
            limits=self._synchronizer.limits,
            keeper=self._synchronizer.keeper,
            lock=RUN_LOCK,
            is_free=lambda: self._run is None,
            ended=self.linger,
        )
        self._board = Board(
            clock=ports.clock,
            browser=ports.browser,
            state=ports.state,
            ledger=ports.ledger,
            profile=self._profile,
            waiting=self._synchronizer.waiting,
        )
        self._handlers: dict[str, Handler] = {
            "run": self._answer_run,
            "status": self._answer_status,
            "cancel": self._answer_cancel,
            "settings": self._answer_settings,
            "pause": self._answer_pause,
            "resume": self._answer_resume,
        }
        self._handlers |= self._lab.handlers
        for service in services:
            self._handlers |= service.handlers
        self._run: asyncio.Task[None] | None = None
        self._over = False
        self._next: Trigger | None = None
        self._answering = 0
        self._closing: asyncio.TimerHandle | None = None
        self._working: asyncio.Task[bool] | None = None

    async def answer(self, request: Record) -> Record:
        """Carry out one request. Never raises what Heyho raises on purpose."""
        self.stay()
        self._answering += 1
        try:
            requested_at = request.get("requestedAt")
            if self._boot_ms is None and isinstance(requested_at, (int, float)):
                self._boot_ms = max(0.0, self._boot.ready_at - requested_at)
            return await self._dispatch(request)
        except SettingsError as error:
            return {"ok": False, "error": error.sentence, "problems": error.problems}
        except HeyhoError as error:
            return {"ok": False, "error": error.sentence}
        finally:
            self._answering -= 1
            self.linger()

    async def _dispatch(self, request: Record) -> Record:
        kind = request.get("kind")
        handler = self._handlers.get(str(kind))
        if handler is None:
            raise HeyhoError(f"The engine knows no request “{kind}”.")
        return {"ok": True, **await handler(request)}

    async def _answer_run(self, request: Record) -> Record:
        asked = request.get("trigger")
        for trigger in TRIGGERS:
            if asked == trigger:
                return {"joined": self._start(trigger)}
        raise HeyhoError(f"A run has no trigger “{asked}”.")

    async def _answer_status(self, request: Record) -> Record:
        await self._end_pause()
        await self._folding.fold()
        status = await self._board.show_status()
        if status["waiting"] and status["canSync"] and self._run is None:
            await self._prepare()
        return {
            "status": status,
            "progress": self._board.progress,
            "engine": {"boot": self._boot.source, "bootMs": self._boot_ms},
        }

    async def _answer_cancel(self, request: Record) -> Record:
        return {"cancelled": self._synchronizer.cancel()}

    async def _answer_settings(self, request: Record) -> Record:
        changes = request.get("settings", {})
        if not isinstance(changes, dict):
            raise HeyhoError("Settings must come as fields and values.")
        if request.get("dryRun"):
            return {"settings": (await self._profile.check(changes)).to_record()}
        return {"settings": await self._change(changes)}

    async def _answer_pause(self, request: Record) -> Record:
        asked = request.get("until")
        ends = {"hour": self._ports.clock.now_ms() + PAUSE_MS, RESTART: RESTART, None: None}
        if asked is not None and not (isinstance(asked, str) and asked in ends):
            raise HeyhoError(f"A pause has no end “{asked}”.")
        return {"settings": await self._change({"paused": True, "pausedUntil": ends[asked]})}

    async def _answer_resume(self, request: Record) -> Record:
        return {"resumed": await self._end_pause(started=request.get("started") is True)}

    async def _prepare(self) -> None:
        """Whoever looks how things stand may well want to sync next."""
        settings = await self._profile.settings()
        await self._synchronizer.prepare(settings, client_id=await self._profile.client_id())

    def _start(self, trigger: Trigger) -> bool:
        if trigger == "manual":
            self._lab.cancel("run")
        if self._run is not None:
            if self._over:
                self._next = trigger  # too late to join: visits may have come since
            return True
        self._over = False
        self._run = asyncio.ensure_future(self._run_once(trigger))
        self._run.add_done_callback(self._ended)
        return False

    async def _abandon(self) -> None:
        """End what is under way: what it has not delivered is not for its destination any more."""
        self._next = None
        self._lab.cancel()
        await self._lab.over()
        if self._run is not None:
            self._run.cancel()
            await asyncio.wait([self._run])

    async def halt(self) -> bool:
        """End the run under way, and forget what was read for the next one.

        Returns whether there was one. A run that is started meanwhile waits in `before_run`.
        """
        ran = self._run is not None
        await self._abandon()
        self._synchronizer.let_go()
        return ran

    def let_go(self) -> None:
        """Forget what was read for the next run: some of it may have been deleted since."""
        self._synchronizer.let_go()

    async def resume(self) -> None:
        """Start a run in place of one that was halted."""
        self._start("periodic")

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._run = None
        trigger, self._next = self._next, None
        if trigger is not None:
            self._start(trigger)
        self.linger()
        if not task.cancelled():
            task.result()

    async def _run_once(self, trigger: Trigger) -> None:
        problem: str | None = None
        unforeseen: Exception | None = None
        try:
            await self._lab.over()
            async with self._ports.browser.lock(RUN_LOCK) as held:
                if held:
                    await self._sync(trigger)
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

    async def _sync(self, trigger: Trigger) -> None:
        await self._folding.fold()
        if self._before_run is not None:
            await self._before_run()
        settings = await self._profile.settings()
        patience = trigger != "manual" and self._ports.clock.now_ms() < await self._not_before()
        if patience or not settings.can_sync:
            return
        result = await self._synchronizer.run(
            settings,
            trigger=trigger,
            client_id=await self._profile.client_id(),
            announce=self._board.follow,
            boot=self._boot.source,
            boot_ms=self._boot_ms,
        )
        await self._ports.state.put("lastRun", _summary(result.run))
        await self._plan_retry(settings, result.error)

    async def _plan_retry(self, settings: Settings, error: HeyhoError | None) -> None:
        state, browser = self._ports.state, self._ports.browser
        failures = 0 if error is None else int(await state.get("failures") or 0) + 1
        await state.put("failures", failures)
        asked_s = error.retry_after_s if isinstance(error, SyncError) else None
        await state.put("notBefore", self._ports.clock.now_ms() + 1000 * (asked_s or 0))
        delay = None
        if error is not None and not isinstance(error, NotSignedIn):
            delay = retry_delay_min(
                failures, period_minutes=settings.period_minutes, retry_after_s=asked_s
            )
        if delay is None:
            await browser.clear_alarm("retry")
        else:
            await browser.set_alarm("retry", delay_minutes=delay)

    async def _not_before(self) -> float:
        """Until when the server wants to be left alone, unless the person asks; epoch ms."""
        known = await self._ports.state.get("notBefore")
        return float(known) if isinstance(known, (int, float)) else 0.0

    async def _end_pause(self, *, started: bool = False) -> bool:
        """End a pause that is over; wake up for the end of one that has a time."""
        settings = await self._profile.settings()
        if settings.is_pause_over(self._ports.clock.now_ms(), started=started):
            await self._change({"paused": False})
            return True
        if settings.paused_until is not None:
            await self._plan_resume(settings)
        return False

    async def _plan_resume(self, settings: Settings) -> None:
        if isinstance(settings.paused_until, (int, float)):
            left_min = (settings.paused_until - self._ports.clock.now_ms()) / 60_000
            await self._ports.browser.set_alarm("resume", delay_minutes=max(left_min, 0.5))
        else:
            await self._ports.browser.clear_alarm("resume")

    async def _change(self, changes: Record) -> Record:
        state, browser = self._ports.state, self._ports.browser
        if "paused" in changes and "pausedUntil" not in changes:
            changes = {**changes, "pausedUntil": None}
        await self._profile.check(changes)
        with suppress(SettingsError):  # stored by another version; this change puts them right
            await self._folding.fold()  # what has happened until now, by the settings until now
        before, after = await self._profile.change(changes)
        record = after.to_record()
        if before.get("periodMinutes") != after.period_minutes:
            await browser.set_alarm(
                "sync", delay_minutes=after.period_minutes, period_minutes=after.period_minutes
            )
        if "paused" in changes or bool(before.get("paused")) != after.paused:
            await browser.recording_changed(paused=after.paused, until=after.paused_until)
            await self._plan_resume(after)
        if any(before.get(name) != record[name] for name in ("serverUrl", "token")):
            await self._abandon()
            await state.put("failures", 0)
            await state.put("notBefore", 0)
            await state.put("lastRun", None)
            await browser.clear_alarm("retry")
            if after.can_sync:
                await self._synchronizer.learn(after.server_url)
        await self._board.show_status()
        return record

    def stay(self) -> None:
        """Do not close."""
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None

    def linger(self) -> None:
        """Close the context in `LINGER_S`, unless something is asked for before."""
        self.stay()
        if self._is_idle:
            loop = asyncio.get_running_loop()
            self._closing = loop.call_later(LINGER_S, self._close)
            if self._working is None and self._services:
                self._working = asyncio.ensure_future(self._work())
                self._working.add_done_callback(self._worked)

    @property
    def _is_idle(self) -> bool:
        return self._answering == 0 and self._run is None and not self._lab.busy

    async def _work(self) -> bool:
        """Let services do what can wait, for as long as nothing else is asked for.

        Returns whether all of it is done, or has failed: that is tried again after the next
        request, which tells of it.
        """
        await asyncio.sleep(REST_S)
        with suppress(HeyhoError):
            for service in self._services:
                while self._is_idle and await service.step():
                    pass
                if not self._is_idle:
                    return False
        return True

    def _worked(self, task: asyncio.Task[bool]) -> None:
        self._working = None
        if not task.cancelled() and not task.result():
            self.linger()  # what was asked for may have been answered already

    def _close(self) -> None:
        if self._working is None:
            self._ports.browser.close()
        else:
            self.linger()


def _summary(run: Run) -> dict[str, Any]:
    """What the status says of the last run."""
    record = run.to_record()
    names = (
        *("startedAt", "endedAt", "trigger", "strategy", "outcome", "visits", "rejected"),
        *("cancelled", "error"),
    )
    return {name: record[name] for name in names}
