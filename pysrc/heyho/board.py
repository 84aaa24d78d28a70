"""What the pages and the toolbar button show: progress during a run, and how things stand."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from heyho import texts
from heyho.ports import Record
from heyho.ports.device import Browser, Clock
from heyho.ports.stores import LedgerStore, StateStore
from heyho.profile import Profile
from heyho.sync.pauses import quiet_until_ms
from heyho.sync.progress import Progress

PROGRESS_S = 0.1


class Board:
    """Publishes to pages, and keeps the last status for those that open later.

    Args:
        waiting: how many visits a destination has not acknowledged.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        browser: Browser,
        state: StateStore,
        ledger: LedgerStore,
        profile: Profile,
        waiting: Callable[[str], Awaitable[int]],
    ) -> None:
        self._clock = clock
        self._browser = browser
        self._state = state
        self._ledger = ledger
        self._profile = profile
        self._waiting = waiting
        self._progress: Progress | None = None
        self._telling: asyncio.TimerHandle | None = None

    @property
    def progress(self) -> Record | None:
        """The run under way as it stands now, or None."""
        return self._progress.to_record(self._clock.now_ms()) if self._progress else None

    def follow(self, progress: Progress) -> None:
        """Show progress within `PROGRESS_S`: pages share our thread, and requests come first."""
        self._progress = progress
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(PROGRESS_S, self._tell)

    def unfollow(self) -> None:
        """Show the last progress of a run that has ended."""
        if self._telling is not None:
            self._tell()
        self._progress = None

    def _tell(self) -> None:
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
        if self._progress is not None:
            self._publish("progress", self._progress.to_record(self._clock.now_ms()))

    async def show_status(self, problem: str | None = None) -> Record:
        """Publish and store how things stand, with a problem of the moment if there is one."""
        settings = await self._profile.settings()
        last = await self._state.get("lastRun")
        failed = isinstance(last, dict) and last.get("outcome") in ("partial", "failed")
        problem = problem or (last["error"] if failed else None)
        status = {
            "waiting": await self._waiting(settings.destination),
            "quarantined": await self._ledger.quarantined(),
            "paused": settings.paused,
            "canSync": settings.can_sync,
            "server": urlsplit(settings.server_url).netloc,
            "lastRun": last,
            "nextAt": await self._next_at(settings.period_minutes),
            "problem": problem,
        }
        await self.show_problem(problem)
        self._publish("status", status)
        # Last, because a full disk must not keep the news of it from the pages.
        await self._state.put("status", status)
        return status

    async def _next_at(self, period_minutes: float) -> float | None:
        """When visits go again by themselves, in epoch milliseconds, if any alarm is set."""
        sync_at, retry_at = [await self._browser.alarm_at(name) for name in ("sync", "retry")]
        not_before = await self._state.get("notBefore")
        quiet_until = quiet_until_ms(not_before, self._clock.now_ms())
        if sync_at is not None and sync_at < quiet_until:  # those that come before it do nothing
            period_ms = 60_000 * period_minutes
            sync_at += period_ms * math.ceil((quiet_until - sync_at) / period_ms)
        return min((at for at in (sync_at, retry_at) if at is not None), default=None)

    async def show_problem(self, problem: str | None) -> None:
        """Mark the toolbar button, or take the mark off."""
        title = texts.text("error_button", problem) if problem else texts.text("error_button_none")
        await self._browser.show_badge("!" if problem else "", title)

    def _publish(self, kind: str, value: Record) -> None:
        self._browser.publish({"target": "page", "kind": kind, kind: value})
