"""What the engine does for the rest of the extension: answers requests, one run at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from random import Random

from heyho import texts
from heyho.board import Board
from heyho.errors import HeyhoError, SettingsError
from heyho.folding import Folding
from heyho.lab.laboratory import Laboratory
from heyho.model import Trigger
from heyho.ports import Record
from heyho.presets import NAMES
from heyho.profile import Profile
from heyho.quiet import Quiet
from heyho.runs import RUN_LOCK, Boot, Runs
from heyho.service import Handler, Ports, Service
from heyho.settings import RESTART, Settings
from heyho.sync.sending import Means
from heyho.sync.synchronizer import Synchronizer

PAUSE_MS = 60 * 60_000
TRIGGERS: Sequence[Trigger] = ("manual", "periodic", "startup")


class Control:
    """Answers requests until nothing was asked for `LINGER_S`; then it closes its context.

    In the meantime its services may do what can wait, see `heyho.quiet`.

    Requests are records with a `kind`; replies say `ok` and, where not, `error`:

    - `run` {trigger}: starts a run, or joins the one under way; replies `joined` at once.
    - `status`: folds new events and replies `status`, `progress` (None when no run is on) and
      how the `engine` came up.
    - `cancel`: ends the run under way; replies `cancelled`, whether there was one.
    - `settings` {settings, dryRun}: changes some settings; replies all of them, or `problems` by
      field. With `dryRun` nothing is changed.
    - `exclude` {site, excluded}, or {preset, excluded}: never records a site, or a kind of pages,
      or records it again, whatever else is excluded then; replies all `settings`.
    - `pause` {until}: pauses recording, for an hour ("hour"), until the browser's next start
      ("restart"), or until the person ends it (null); replies all `settings`.
    - `resume` {started}: ends a pause that is over, or sees to its end; `started` says that the
      browser has just started. Replies `resumed`.

    A run and a session of the lab never go together: a person's run ends the session, and any
    other waits until it is over. Any other kind is the lab's, or that of a service.

    Args:
        before_run: see `Runs`.

    Attributes:
        runs: the run under way.
        quiet: what goes on while nothing is asked for.
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
        self._boot = boot
        self._answering = 0
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
        synchronizer = Synchronizer(means=means, state=ports.state, runs=ports.runs)
        self.quiet = Quiet(services, is_idle=self._is_idle, close=ports.browser.close)
        self._lab = Laboratory(
            means=means,
            state=ports.state,
            profile=self._profile,
            browser=ports.browser,
            limits=synchronizer.limits,
            keeper=synchronizer.keeper,
            lock=RUN_LOCK,
            before=before_run,
            is_free=lambda: not self.runs.under_way,
            ended=self.quiet.linger,
        )
        self._board = Board(
            clock=ports.clock,
            browser=ports.browser,
            state=ports.state,
            ledger=ports.ledger,
            profile=self._profile,
            waiting=synchronizer.waiting,
        )
        self.runs = Runs(
            clock=ports.clock,
            state=ports.state,
            browser=ports.browser,
            profile=self._profile,
            folding=self._folding,
            board=self._board,
            synchronizer=synchronizer,
            lab=self._lab,
            boot=boot,
            before_run=before_run,
            ended=self.quiet.linger,
        )
        self._handlers: dict[str, Handler] = {
            "run": self._answer_run,
            "status": self._answer_status,
            "cancel": self._answer_cancel,
            "settings": self._answer_settings,
            "exclude": self._answer_exclude,
            "pause": self._answer_pause,
            "resume": self._answer_resume,
        }
        self._handlers |= self._lab.handlers
        for service in services:
            self._handlers |= service.handlers

    async def answer(self, request: Record) -> Record:
        """Carry out one request. Never raises what Heyho raises on purpose."""
        self.quiet.stay()
        self._answering += 1
        try:
            self._boot.measure(request.get("requestedAt"))
            return await self._dispatch(request)
        except SettingsError as error:
            return {"ok": False, "error": error.sentence, "problems": error.problems}
        except HeyhoError as error:
            return {"ok": False, "error": error.sentence}
        finally:
            self._answering -= 1
            self.quiet.linger()

    async def _dispatch(self, request: Record) -> Record:
        kind = request.get("kind")
        handler = self._handlers.get(str(kind))
        if handler is None:
            raise HeyhoError(texts.text("error_unknown_request", str(kind)))
        return {"ok": True, **await handler(request)}

    async def _answer_run(self, request: Record) -> Record:
        asked = request.get("trigger")
        for trigger in TRIGGERS:
            if asked == trigger:
                return {"joined": self.runs.start(trigger)}
        raise HeyhoError(f"A run has no trigger “{asked}”.")

    async def _answer_status(self, request: Record) -> Record:
        await self._end_pause()
        await self._folding.fold()
        status = await self._board.show_status()
        if status["waiting"] and status["canSync"] and not self.runs.under_way:
            # Whoever looks how things stand may well want to sync next.
            await self.runs.prepare()
        return {
            "status": status,
            "progress": self._board.progress,
            "running": self.runs.under_way,
            "engine": {"boot": self._boot.source, "bootMs": self._boot.took_ms},
        }

    async def _answer_cancel(self, request: Record) -> Record:
        return {"cancelled": self.runs.cancel()}

    async def _answer_settings(self, request: Record) -> Record:
        changes = request.get("settings", {})
        if not isinstance(changes, dict):
            raise HeyhoError("Settings must come as fields and values.")
        if request.get("dryRun"):
            return {"settings": (await self._profile.check(changes)).to_record()}
        return {"settings": await self._change(changes)}

    async def _answer_exclude(self, request: Record) -> Record:
        site, preset, excluded = (request.get(name) for name in ("site", "preset", "excluded"))
        if isinstance(site, str) and site.strip() and isinstance(excluded, bool):
            field, name = "excluded", site.strip()
        elif preset in NAMES and isinstance(excluded, bool):
            field, name = "presets", preset
        else:
            raise HeyhoError("To be excluded takes a site or a preset, and whether it shall be.")

        def exclude(stored: Settings) -> list[str]:
            others = [known for known in getattr(stored, field) if known != name]
            return [*others, name] if excluded else others

        return {"settings": await self._change({field: exclude})}

    async def _answer_pause(self, request: Record) -> Record:
        asked = request.get("until")
        ends = {"hour": self._ports.clock.now_ms() + PAUSE_MS, RESTART: RESTART, None: None}
        if asked is not None and not (isinstance(asked, str) and asked in ends):
            raise HeyhoError(f"A pause has no end “{asked}”.")
        return {"settings": await self._change({"paused": True, "pausedUntil": ends[asked]})}

    async def _answer_resume(self, request: Record) -> Record:
        return {"resumed": await self._end_pause(started=request.get("started") is True)}

    async def _end_pause(self, *, started: bool = False) -> bool:
        """End a pause that is over; wake up for the end of one that has a time."""
        settings, now = await self._profile.settings(), self._ports.clock.now_ms()
        if settings.is_pause_over(now, started=started):
            await self._change({"paused": False})
            return True
        if isinstance(settings.paused_until, (int, float)) and (
            settings.paused_until - now > PAUSE_MS
        ):  # the clock was set back, and it would last for as much longer
            await self._change({"paused": True, "pausedUntil": now + PAUSE_MS})
            return False
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
        browser = self._ports.browser
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
            await self.runs.move(after)
        await self._board.show_status()
        return record

    def _is_idle(self) -> bool:
        return self._answering == 0 and not self.runs.under_way and not self._lab.busy
