"""The catalog's requests, and its work in quiet moments."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from heyho import texts
from heyho.catalog.categories import CATEGORIES, Categories
from heyho.catalog.days import LocalTime, span
from heyho.catalog.index import Catalog, Index
from heyho.catalog.query import parse
from heyho.catalog.rollups import added, counted, figures, spans
from heyho.catalog.search import Found, Moment, search
from heyho.errors import HeyhoError
from heyho.ports import Record
from heyho.ports.catalog import Calendar, CatalogChange, CatalogStore, Outdated
from heyho.ports.device import Clock
from heyho.ports.stores import StateStore
from heyho.service import Handler

CHUNK = 2_048
FIRST_CHUNK = 512
"""An engine that has just begun is slower: its steps grow to whole chunks."""
RECENT = 256
"""So many visits are looked at one by one, and wait to be indexed together."""
FEW = 4_096
"""So many visits are indexed before a search answers; it does not wait for more."""
MOST_VISITS = 200
MOST_CAUSES = 50
NEXT_WITHIN_MS = 60_000
MOST_CANDIDATES = 10_000
TRIES = 5


class CatalogService:
    """A Service: search, figures and chains.

    - `search` {text, limit, before}: replies `visits`, `next`, `highlight`, `missing`, `ms`.
    - `figures` {from, to}: replies what `rollups.figures` makes, and `missing`.
    - `chain` {id}: replies `visits`, from the first cause to this one, and `next`.
    - `categories` {pattern, category}: gives a pattern another rule of the person's, or none where
      the category is empty; without a pattern nothing changes. Replies all `rules` and the
      `categories` there are.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        store: CatalogStore,
        state: StateStore,
        calendar: Calendar,
        chunk: int = CHUNK,
    ) -> None:
        self._clock = clock
        self._store = store
        self._state = state
        self._local = LocalTime(calendar)
        self._most = chunk
        self._chunk = min(FIRST_CHUNK, chunk)
        self._writing = asyncio.Lock()
        self._ruling = asyncio.Lock()
        self.index = Index(store, state, self._local)
        self.handlers: dict[str, Handler] = {
            "search": self._answer_search,
            "figures": self._answer_figures,
            "chain": self._answer_chain,
            "categories": self._answer_categories,
        }

    async def step(self) -> bool:
        """Take a chunk of visits in, once there are enough of them to be worth it.

        Or else let go of the words of visits that were deleted, once that is for good; or else
        follow a change of the rules.
        """
        return (
            await self._advance(at_least=RECENT) or await self._purge() or await self._reclassify()
        )

    async def change(self, plan: Callable[[], Any], write: Callable[[CatalogChange], Any]) -> None:
        """Plan a change and write it, again if the catalog has changed in between.

        Args:
            plan: makes the change, such as `index.forgetting(visits)`.
            write: writes it, in a transaction with whatever belongs to it; raises Outdated.
        """
        async with self._writing:
            await self._until_current(lambda: _in_turn(plan, write))

    async def _advance(self, *, at_least: int) -> bool:
        async with self._writing:
            catalog = await self.index.catalog()
            if await self.index.is_current(catalog):
                waiting = await self._store.count_after(
                    min(catalog.up_to, catalog.counted_to), most=at_least
                )
                level = catalog.up_to == catalog.counted_to
                if not waiting or (level and waiting < at_least):
                    return False
            with suppress(Outdated):  # another engine was faster; what is left is done next time
                await self.index.advance(chunk=self._chunk)
                self._chunk = min(2 * self._chunk, self._most)
            return True

    async def _purge(self) -> bool:
        async with self._writing:
            if await self._state.get("deletion"):
                return False
            with suppress(Outdated):
                return await self.index.purge()
            return False

    async def _reclassify(self) -> bool:
        async with self._writing:
            with suppress(Outdated):
                return await self.index.reclassify()
            return False

    async def _until_current(self, attempt: Callable[[], Any]) -> Any:
        for _ in range(TRIES):
            with suppress(Outdated):
                return await attempt()
        raise HeyhoError(texts.text("error_changing"))

    async def _answer_search(self, request: Record) -> Record:
        begun = self._clock.now_ms()
        query = parse(str(request.get("text") or ""), self._local)
        limit = _within(request.get("limit"), MOST_VISITS)
        before = _moment(request.get("before"))
        categories = await self.index.categories()
        missing = 0

        async def attempt() -> Found:
            nonlocal missing
            catalog = await self.index.catalog()
            waiting = await self._store.count_after(catalog.up_to, most=FEW + 1)
            for _ in range(-(-FEW // self._chunk)):
                if not RECENT < waiting <= FEW:
                    break
                await self._advance(at_least=1)
                catalog = await self.index.catalog()
                waiting = await self._store.count_after(catalog.up_to, most=FEW + 1)
            missing = waiting if waiting > RECENT else 0
            recent = (
                await self._store.after(catalog.up_to, limit=RECENT)
                if 0 < waiting <= RECENT
                else []
            )
            return await search(
                self._store, catalog, query, categories, recent=recent, before=before, limit=limit
            )

        found: Found = await self._until_current(attempt)
        return {
            "visits": [_shown(visit, categories) for visit in found.visits],
            "next": {"startedAt": found.next[0], "seq": found.next[1]} if found.next else None,
            "highlight": list(query.highlight),
            "missing": missing,
            "ms": self._clock.now_ms() - begun,
        }

    async def _answer_figures(self, request: Record) -> Record:
        first, last = _day(request.get("from"), "0001-01-01"), _day(request.get("to"), "9999-12-31")

        async def attempt() -> Record:
            catalog = await self._current()
            wanted = spans(first, last)
            rows: dict[str, Record] = {}
            for span_of_rows in wanted:
                rows |= await self._store.days_between(*span_of_rows)
            waiting = await self._store.count_after(catalog.counted_to, most=FEW + 1)
            if 0 < waiting <= FEW:
                recent = await self._store.after(catalog.counted_to, limit=FEW)
                categories = await self.index.categories()
                for name, more in counted(recent, self._local, categories).items():
                    if any(low <= name <= high for low, high in wanted):
                        rows[name] = added(rows.get(name), more) or more
                waiting = 0
            if (await self.index.catalog()).revision != catalog.revision:
                raise Outdated
            return {**figures(rows), "missing": waiting}

        reply: Record = await self._until_current(attempt)
        return reply

    async def _current(self) -> Catalog:
        """The catalog, begun anew where it was made by other rules or in another time zone."""
        catalog = await self.index.catalog()
        if not await self.index.is_current(catalog):
            await self._advance(at_least=1)
            catalog = await self.index.catalog()
        return catalog

    async def _answer_chain(self, request: Record) -> Record:
        categories = await self.index.categories()
        visit = await self._store.by_id(str(request.get("id")))
        if visit is None:
            raise HeyhoError(texts.text("error_visit_gone"))
        chain = [visit]
        seen = {visit["id"]}
        while len(chain) < MOST_CAUSES:
            source = chain[0].get("sourcePageVisitId")
            cause = await self._store.by_id(source) if source and source not in seen else None
            if cause is None:
                break
            seen.add(cause["id"])
            chain.insert(0, cause)
        near = await self._store.begun_between(
            visit["startedAt"], visit["endedAt"] + NEXT_WITHIN_MS, limit=MOST_CANDIDATES
        )
        led_to = [
            other
            for other in near
            if other.get("sourcePageVisitId") == visit["id"] and other["id"] not in seen
        ]
        return {
            "visits": [_shown(each, categories) for each in chain],
            "next": [_shown(each, categories) for each in led_to],
        }

    async def _answer_categories(self, request: Record) -> Record:
        pattern = request.get("pattern")
        async with self._ruling:  # two pages may change a rule each at once
            categories = await self.index.categories()
            if pattern is not None:
                categories = categories.changed(str(pattern), request.get("category"))
                await self._state.put("categories", categories.own)
        return {"rules": categories.own, "categories": list(CATEGORIES)}


async def _in_turn(plan: Callable[[], Any], write: Callable[[CatalogChange], Any]) -> None:
    await write(await plan())


def _shown(visit: Mapping[str, Any], categories: Categories) -> Record:
    """A visit as pages get it."""
    names = ("seq", "id", "url", "title", "domain", "startedAt", "endedAt", "activeDuration")
    return {
        **{name: visit.get(name) for name in names},
        "category": categories.of(str(visit.get("domain") or ""), str(visit.get("url") or "")),
    }


def _within(limit: Any, most: int) -> int:
    return min(max(limit, 1), most) if isinstance(limit, int) else min(50, most)


def _moment(record: Any) -> Moment | None:
    if not isinstance(record, dict):
        return None
    at, seq = record.get("startedAt"), record.get("seq")
    if isinstance(at, (int, float)) and isinstance(seq, (int, float)):
        return int(at), int(seq)
    return None


def _day(text: Any, default: str) -> str:
    days = span(text) if isinstance(text, str) else None
    return days[0].isoformat() if days else default
