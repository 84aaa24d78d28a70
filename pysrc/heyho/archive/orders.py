"""Deletions that the person's server is still to be asked for, until it accepts them."""

from __future__ import annotations

from dataclasses import dataclass

from heyho import texts
from heyho.errors import HeyhoError, SyncError
from heyho.ports import Browser, Caller, Clock, Record, StateStore
from heyho.profile import Profile
from heyho.shallow import loads

TIMEOUT_S = 60.0
PAUSE_MS = 5 * 60_000
OK = 200
NOT_THERE = (404, 405)


@dataclass(slots=True, kw_only=True)
class Orders:
    """The state's `orders`: bodies for the server's call `data/deletions`, the oldest first.

    Attributes:
        not_before: until when the server is left alone after a failure, epoch ms.
        problem: why the oldest has not been accepted, as a sentence.
    """

    state: StateStore
    caller: Caller
    clock: Clock
    browser: Browser
    profile: Profile
    not_before: float = 0.0
    problem: str | None = None

    async def waiting(self) -> list[Record]:
        """What is still to be asked for."""
        return await self.state.get("orders") or []

    async def step(self) -> bool:
        """Ask for the oldest; False where there is none, or the server is to be left alone."""
        orders = await self.waiting()
        if not orders or self.clock.now_ms() < self.not_before:
            return False
        settings = await self.profile.settings()
        if not settings.can_sync:
            return False
        try:
            await self._ask(settings.server_url, settings.token, orders[0])
        except HeyhoError as error:
            self.problem = error.sentence
            self.not_before = self.clock.now_ms() + PAUSE_MS
            await self.browser.set_alarm("forget", delay_minutes=PAUSE_MS / 60_000)
            return False
        self.problem = None
        # What came in the meantime stands behind it.
        await self.state.put("orders", (await self.waiting())[1:])
        return True

    async def _ask(self, base: str, token: str, order: Record) -> None:
        reply = await self.caller.call(
            f"{base}/data/deletions", order, token=token, timeout_s=TIMEOUT_S
        )
        if reply.status == OK and _is_deletion(reply.text):
            return
        if reply.status in NOT_THERE:
            raise SyncError(texts.text("error_deletion_unknown"))
        raise SyncError(texts.text("error_deletion_refused", reply.status))


def _is_deletion(text: str) -> bool:
    try:
        told = loads(text)
    except ValueError:
        return False
    return isinstance(told, dict) and "deletedAt" in told
