"""Deletions that the person's server is still to be asked for, until it accepts them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from heyho import texts
from heyho.errors import HeyhoError, Refused, SyncError
from heyho.ports import Record
from heyho.ports.device import Browser, Clock
from heyho.ports.network import Caller
from heyho.ports.stores import StateStore
from heyho.profile import Profile
from heyho.service import Handler
from heyho.shallow import loads

TIMEOUT_S = 60.0
GLANCE_S = 0.5
PAUSE_MS = 5 * 60_000
OK = 200
NOT_THERE = (404, 405)
NEVER_SO = (400, 422)


@dataclass(slots=True, kw_only=True)
class Orders:
    """The state's `orders`, the oldest first: {server, body}, for its call `data/deletions`.

    A service, see `heyho.service.Service`, that comes last, for a server may take a minute.

    An order is for the server that was named when the person gave it, and for no other: that may
    hold what the person never meant. It waits until that one is named again.

    One that the server does not take as it is comes last from then on, so that it keeps no other
    from being asked for; a newer server may take it.

    Attributes:
        turn: held by whoever changes the list.
        not_before: until when the server is left alone after a failure, epoch ms.
        problem: why the last one that was asked for has not been accepted, as a sentence.
    """

    state: StateStore
    caller: Caller
    clock: Clock
    browser: Browser
    profile: Profile
    turn: asyncio.Lock
    not_before: float = 0.0
    problem: str | None = None
    _asking: asyncio.Task[bool] | None = field(default=None, init=False)

    async def waiting(self) -> list[Record]:
        """What the present server is still to be asked for."""
        settings = await self.profile.settings()
        orders: list[Record] = await self.state.get("orders") or []
        return [order for order in orders if order["server"] == settings.server_url]

    @property
    def handlers(self) -> dict[str, Handler]:
        return {}

    async def step(self) -> bool:
        """Ask for the oldest; False where there is none, or the server is to be left alone.

        While the server has not answered, it returns after `GLANCE_S`, so that whatever else
        there is to do is done meanwhile.
        """
        if self._asking is None:
            self._asking = asyncio.ensure_future(self._ask_for_oldest())
        asking = self._asking
        await asyncio.wait([asking], timeout=GLANCE_S)
        if not asking.done():
            return True
        self._asking = None
        return asking.result()

    async def _ask_for_oldest(self) -> bool:
        if 0 < self.not_before - self.clock.now_ms() <= PAUSE_MS:  # more: it was set back
            return False
        settings = await self.profile.settings()
        orders = await self.waiting()
        if not orders or not settings.can_sync:
            return False
        try:
            await self._ask(orders[0]["server"], settings.token, orders[0]["body"])
        except HeyhoError as error:
            self.problem = error.sentence
            self.not_before = self.clock.now_ms() + PAUSE_MS
            self._tell()
            await self.browser.set_alarm("forget", delay_minutes=PAUSE_MS / 60_000)
            if isinstance(error, Refused):
                await self._take_out(orders[0], [orders[0]])
            return False
        self.problem = None
        await self._take_out(orders[0])
        self._tell()
        return True

    async def _take_out(self, order: Record, back: Sequence[Record] = ()) -> None:
        """Take an order out of the list, and put some at its end."""
        async with self.turn:
            left: list[Record] = await self.state.get("orders") or []
            if order in left:
                left.remove(order)
                await self.state.put("orders", [*left, *back])

    def _tell(self) -> None:
        """Have pages ask what is left, and why."""
        self.browser.publish({"target": "page", "kind": "deletions", "moving": None})

    async def _ask(self, base: str, token: str, body: Record) -> None:
        reply = await self.caller.call(
            f"{base}/data/deletions", body, token=token, timeout_s=TIMEOUT_S
        )
        if reply.status == OK and _is_deletion(reply.text):
            return
        if reply.status in NOT_THERE:
            raise SyncError(texts.text("error_deletion_unknown"))
        sentence = texts.text("error_deletion_refused", reply.status)
        raise Refused(sentence) if reply.status in NEVER_SO else SyncError(sentence)


def _is_deletion(text: str) -> bool:
    try:
        told = loads(text)
    except ValueError:
        return False
    return isinstance(told, dict) and "deletedAt" in told
