"""Retention: drops visits from this device that are older than the person wants to keep here."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from heyho.archive.shelves import Shelves
from heyho.ports import Record
from heyho.ports.archive import ArchiveStore
from heyho.ports.catalog import CatalogChange
from heyho.ports.device import Clock
from heyho.ports.stores import LedgerStore, StateStore
from heyho.profile import Profile

AT_ONCE = 500
PASS_EVERY_MS = 12 * 3_600_000
DAY_MS = 24 * 3_600_000


@dataclass(slots=True, kw_only=True)
class Retention:
    """One pass over what is old every half a day. The state's `retention` says how far it is.

    What no server has acknowledged, and what one has refused, stays, unless the person has chosen
    otherwise. A clock that is far ahead makes nothing old: it is believed once there are visits of
    more than a day by it, and in the pass after the person's choice, who has seen what it drops.

    Attributes:
        store, state, ledger, clock: the ports.
        profile: where the person's choice is.
        catalog: what search and figures know of visits.
        turn: held by whoever takes visits away, so that none is taken off the figures twice.
    """

    store: ArchiveStore
    state: StateStore
    ledger: LedgerStore
    clock: Clock
    profile: Profile
    catalog: Shelves
    turn: asyncio.Lock

    async def step(self) -> bool:
        """Drop some of what is old; False where nothing is left to look at for now."""
        async with self.turn:
            return await self._step()

    async def _step(self) -> bool:
        settings = await self.profile.settings()
        if not settings.keep_months:
            return False
        now = self.clock.now_ms()
        told = await self.state.get("retention") or {}
        wish = [settings.keep_months, settings.keep_unsynced]
        if told.get("wish") != wish:
            told = {"wish": wish, "doneAt": None, "after": 0, "chosen": True}
        if told["doneAt"] is not None and 0 <= now - told["doneAt"] < PASS_EVERY_MS:
            return False
        chosen = told.get("chosen") is True
        until = now if chosen else await self._trusted(now)
        before = months_before(until, settings.keep_months)
        after = told["after"] if told["doneAt"] is None else 0
        # In this order: what is refused in between has to be met as one or the other.
        ledger = await self.ledger.ledger(settings.destination)
        old = await self.store.old(after_ms=after, before_ms=before, limit=AT_ONCE)
        visits = [
            each.visit
            for each in old
            if not settings.keep_unsynced or (each.visit["seq"] in ledger and not each.refused)
        ]
        if visits:
            await self.catalog.forget(visits, partial(self._drop, visits))
        more = len(old) == AT_ONCE
        if more:
            # Others of the same moment may follow; but what stays must not be met for ever.
            after = old[-1].visit["startedAt"] + (0 if visits else 1)
        done = {"doneAt": None if more else now, "after": after if more else 0}
        await self.state.put("retention", {"wish": wish, **done, "chosen": chosen and more})
        return more

    async def _trusted(self, now: float) -> float:
        """The time, or two days beyond the latest visit but for those of the newest day: by a clock
        that is ahead the first page makes a visit that is as far ahead."""
        newest = await self.store.latest()
        if newest is None:
            return now
        earlier = await self.store.latest(before_ms=newest - DAY_MS + 1)
        return min(now, newest if earlier is None else earlier + 2 * DAY_MS)

    async def _drop(self, visits: Sequence[Record], change: CatalogChange | None) -> None:
        await self.store.drop([visit["seq"] for visit in visits], change=change)


def months_before(now_ms: float, months: int) -> int:
    """The same day and time so many months earlier, or the last day of that month; epoch ms."""
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    if year < 1970:
        return 0
    day = now.day
    while True:
        try:
            then = now.replace(year=year, month=month + 1, day=day)
        except ValueError:
            day -= 1
            continue
        return int(then.timestamp() * 1000)
