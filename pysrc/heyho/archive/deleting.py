"""Deleting: found first, then moved into the trash, then brought back or gone for good.

The state's `deletion` says how far it is, so that the next start goes on after a kill:

- `moving`: visits are on their way into the trash;
- `kept`: the trash waits for an undo, or for the end of its time;
- `restoring`: they are on their way back;
- `forgetting`: they are on their way out, and the order for the server waits in `orders`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from heyho import texts
from heyho.archive.importing import NEAR_MS
from heyho.archive.selection import Selection
from heyho.archive.shelves import Shelves
from heyho.archive.telling import Telling
from heyho.errors import HeyhoError
from heyho.ports import Record
from heyho.ports.archive import ArchiveStore, Found
from heyho.ports.catalog import CatalogChange
from heyho.ports.device import Browser, Clock
from heyho.ports.stores import StateStore, VisitStore

UNDO_MS = 10 * 60_000
# Later than this, the clock was set ahead or the browser was away: nobody can tell which.
LEAP_MS = 3_600_000
AT_ONCE = 1000
COUNTED_AT_ONCE = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleter:
    """Carries deletions out.

    Attributes:
        store, state, visits, clock, browser: the ports.
        fold: makes visits of what the recorder has seen so far.
        halt: ends the sync under way, and tells whether there was one.
        let_go: forgets what was read for the next one, which pages may have asked for meanwhile.
        resume: starts one again.
        catalog: what search and figures know of visits.
        telling: tells pages.
        turn: held by whoever takes visits away, or moves them into the trash or out of it.
    """

    store: ArchiveStore
    state: StateStore
    visits: VisitStore
    clock: Clock
    browser: Browser
    fold: Callable[[], Awaitable[None]]
    halt: Callable[[], Awaitable[bool]]
    let_go: Callable[[], None]
    resume: Callable[[], Awaitable[None]]
    catalog: Shelves
    telling: Telling
    turn: asyncio.Lock

    async def find(self, selection: Selection) -> Record:
        """What a selection means: {visits, firstAt, lastAt, sites}."""
        await self.fold()
        visits, after = 0, 0
        times: list[int] = []
        sites: set[str] = set()
        while True:
            found = await self.store.find(selection, after=after, limit=COUNTED_AT_ONCE)
            visits += found.visits
            times += _times(found)
            sites |= found.sites
            if found.after is None:
                break
            after = found.after
        return {
            "visits": visits,
            "firstAt": min(times, default=None),
            "lastAt": max(times, default=None),
            "sites": len(sites),
        }

    async def delete(
        self, selection: Selection, *, server: str = "", request: object = None
    ) -> Record:
        """Delete what a selection means; an earlier deletion cannot be undone any more.

        Open visits that are meant go as well, and no undo brings them back: they have not ended,
        so that there is nothing of them to keep.

        Gives what `find` does and, if there were visits, when it was done: `at`.

        Args:
            server: the server that is to delete it as well, once there is no undo; empty for none.
            request: what tells this request from others: it comes again where the engine that
                carried it out was ended, and is then carried on.
        """
        async with self.turn, self._halted():
            await self._finish()
            before = await self.state.get("deletion")
            if before and request is not None and before.get("request") == request:
                names = ("visits", "firstAt", "lastAt", "sites", "at")
                return {name: before[name] for name in names}
            found = await self.find(selection)
            if found["visits"]:
                found = {**found, "at": int(self.clock.now_ms())}
                await self._delete(selection, found, server=server, request=request)
            return found

    @asynccontextmanager
    async def _halted(self) -> AsyncIterator[None]:
        """No sync is under way in the block; one that was goes on behind it, whatever happens."""
        ran = await self.halt()
        try:
            yield
        finally:
            if ran:
                await self.resume()

    async def _delete(
        self, selection: Selection, found: Record, *, server: str, request: object
    ) -> None:
        await self._forget_now()
        await self.store.delete(
            {
                **found,
                "request": request,
                "query": selection.to_record(),
                "deadline": found["at"] + UNDO_MS,
                "phase": "moving",
                "alsoServer": bool(server),
                "server": server,
                "after": 0,
                "visits": 0,
                "total": found["visits"],
            },
            meant=selection,
        )
        await self._finish()
        await self.browser.set_alarm("forget", delay_minutes=UNDO_MS / 60_000)

    async def undo(self, at: object = None, *, request: object = None) -> int:
        """Put back what was deleted last, and tell how much.

        Args:
            at: when the deletion began that the person means; None for any.
            request: what tells this request from others, as for `delete`.

        Raises:
            HeyhoError: there is nothing to put back, or it is another deletion's.
        """
        async with self.turn:
            pending = await self.state.get("deletion")
            undone = await self.state.get("undone")
            begun = undone and request is not None and undone["request"] == request
            if begun and (not pending or pending["at"] != undone["at"]):
                return int(undone["visits"])
            if pending and at is not None and pending["at"] != at:
                raise HeyhoError(texts.text("error_undo_other"))
            if not pending or pending["phase"] == "forgetting":
                raise HeyhoError(texts.text("error_undo_nothing"))
            async with self._halted():
                await self._finish()
                if pending["phase"] != "restoring":  # as it is where this request comes again
                    pending = await self.state.get("deletion")
                    undone = {name: pending[name] for name in ("at", "visits")}
                    await self.state.put("undone", {"request": request, **undone})
                    await self.store.turn("restoring")
                    await self._finish()
                await self.browser.clear_alarm("forget")
            return int(pending["visits"])

    async def pending(self) -> Record | None:
        """The deletion that can be undone, or is on its way there or back, if there is one."""
        deletion: Record | None = await self.state.get("deletion")
        if not deletion or deletion["phase"] == "forgetting":
            return None
        names = ("query", "phase", "at", "deadline", "visits", "total", "firstAt", "lastAt")
        return {name: deletion.get(name) for name in (*names, "alsoServer")}

    async def can_undo(self) -> bool:
        """Whether there is a deletion that can be undone, or will be once it is done."""
        pending = await self.pending()
        return pending is not None and pending["phase"] != "restoring"

    async def undone(self) -> Record | None:
        """The last undo: when its deletion began, and how much it brought back."""
        undone: Record | None = await self.state.get("undone")
        return {name: undone[name] for name in ("at", "visits")} if undone else None

    async def finish(self) -> None:
        """Carry on what a kill has left half done: visits to be deleted must not be sent."""
        async with self.turn:
            await self._finish()

    async def step(self) -> bool:
        """Go on with what is half done, and forget what is out of time, a piece at a time."""
        async with self.turn:
            deletion = await self.state.get("deletion")
            if not deletion:
                return False
            if deletion["phase"] == "kept":
                if not await self._is_over(deletion):
                    return False
                await self._give_up(deletion)
                return True
            return await self._piece(deletion["phase"])

    async def _is_over(self, deletion: Record) -> bool:
        """Whether the time for an undo is over. Where the clock was set, it begins once more: back,
        it would last for as long as that; ahead, nobody would have had it."""
        now = self.clock.now_ms()
        left_ms: float = deletion["deadline"] - now
        leapt = left_ms < -LEAP_MS and not deletion.get("renewed")
        if not leapt and left_ms <= UNDO_MS:
            return left_ms <= 0
        renewed = {"deadline": int(now) + UNDO_MS, "renewed": leapt or deletion.get("renewed")}
        await self.state.put("deletion", {**deletion, **renewed})
        await self.browser.set_alarm("forget", delay_minutes=UNDO_MS / 60_000)
        return False

    async def _finish(self) -> None:
        while True:
            deletion = await self.state.get("deletion")
            if not deletion or deletion["phase"] not in ("moving", "restoring"):
                return
            await self._piece(deletion["phase"])

    async def _forget_now(self) -> None:
        deletion = await self.state.get("deletion")
        if not deletion:
            return
        if deletion["phase"] == "kept":
            await self._give_up(deletion)
        while await self.store.forget(limit=AT_ONCE):
            pass

    async def _give_up(self, deletion: Record) -> None:
        await self.state.put("undone", None)  # of this one, if at all, it came to nothing
        orders = [_order(deletion)] if deletion["alsoServer"] else []
        await self.store.turn("forgetting", [order for order in orders if order])

    async def _piece(self, phase: str) -> bool:
        if phase == "moving":
            return await self._move()
        if phase == "restoring":
            return await self._restore()
        return await self.store.forget(limit=AT_ONCE) > 0

    async def _move(self) -> bool:
        deletion = await self.state.get("deletion")
        selection, last = Selection.from_record(deletion["query"]), deletion["last"]
        found, after = await self.store.read(selection, after=deletion["after"], limit=AT_ONCE)
        visits = [visit for visit in found if visit["seq"] <= last]
        if after is not None and after >= last:
            after = None
        await self.catalog.forget(visits, partial(self._move_these, visits, after))
        self.let_go()
        if after is None:
            self.telling.is_over()
        else:
            self.telling.goes_on({**deletion, "visits": deletion["visits"] + len(visits)})
        return True

    async def _move_these(
        self, visits: list[Record], after: int | None, change: CatalogChange | None
    ) -> None:
        await self.store.move([visit["seq"] for visit in visits], after=after, change=change)

    async def _restore(self) -> bool:
        thrown = await self.store.thrown(limit=AT_ONCE)
        await self._drop_copies([each.visit for each in thrown])
        seqs = [each.visit["seq"] for each in thrown]
        fresh = [each.visit for each in thrown if not each.known]

        async def write(change: CatalogChange | None) -> None:
            await self.store.restore(seqs, change=change)

        await self.catalog.bring_back(fresh, write)
        self.let_go()  # what was read meanwhile lacks what has come back
        if not thrown:
            self.telling.is_over()
        return bool(thrown)

    async def _drop_copies(self, visits: list[Record]) -> None:
        """What was imported while these were away, and would not have been beside them, goes."""
        deletion, within = await self.state.get("deletion"), await self.visits.bounds()
        if within is None or within.last <= deletion["last"]:
            return
        copies = await self.store.copies(visits, since=deletion["last"], near_ms=NEAR_MS)

        async def write(change: CatalogChange | None) -> None:
            await self.store.drop([copy["seq"] for copy in copies], change=change)

        await self.catalog.forget(copies, write)


def _order(deletion: Record) -> Record | None:
    """What its server is asked to delete; None for patterns, which no server knows.

    It ends with the deletion, or with the latest visit that it took: what was recorded in the
    meantime is none of its business.
    """
    query = deletion["query"]
    if query.get("patterns") or query.get("presets"):
        return None
    ends = max(int(deletion["at"]), int(deletion.get("lastAt") or 0) + 1)
    body: Record = {"to": min(query.get("to") or ends, ends)}
    if query.get("site"):
        body["domain"] = query["site"]
    if query.get("from"):
        body["from"] = query["from"]
    return {"server": deletion["server"], "body": body}


def _times(found: Found) -> list[Any]:
    return [at for at in (found.first_at, found.last_at) if at is not None]
