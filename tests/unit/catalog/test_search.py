"""The search finds exactly what looking at each visit finds, and the figures are exact counts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heyho.catalog import blocks, service
from heyho.catalog.categories import Categories
from heyho.catalog.days import LocalTime
from heyho.catalog.query import parse
from heyho.catalog.rollups import counted, figures
from heyho.catalog.service import CatalogService
from heyho.errors import HeyhoError, SettingsError
from heyho.ports import Record
from heyho.ports.catalog import CatalogChange
from heyho.testing.catalog import MemoryCalendar, MemoryCatalogStore
from heyho.testing.loop import LoopClock, run_jumping
from heyho.testing.stores import MemoryDatabase, MemoryStateStore

DAY = 86_400_000
START = 1_767_225_600_000  # 2026-01-01
SITES = ["example.org", "docs.example.org", "github.com", "youtube.com", "127.0.0.1", "bücher.de"]
WORDS = ["red", "redder", "blue", "Straße", "Café", "r", "日本語", "x9", "pull", "shorts"]
titles = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
visits = st.builds(
    lambda site, path, title, at, active, device: {
        "url": f"https://{site}/{path}",
        "domain": site,
        "title": title,
        "startedAt": START + at,
        "endedAt": START + at + 1000,
        "activeDuration": active,
        "anonymousClientId": device,
        "sourcePageVisitId": None,
    },
    st.sampled_from(SITES),
    st.lists(st.sampled_from(["a", "pull/7", "shorts/red", "blue"]), max_size=2).map("/".join),
    titles,
    st.integers(0, 70).map(lambda n: n * DAY) | st.integers(0, 70 * DAY),
    st.integers(0, 5000),
    st.sampled_from(["laptop", "Phone"]),
)
pieces = (
    st.sampled_from(WORDS)
    | titles.map(lambda text: f'"{text}"')
    | st.sampled_from(WORDS).map(lambda word: f"-{word}")
    | st.sampled_from(SITES).flatmap(lambda s: st.sampled_from([f"site:{s}", f"-site:{s}"]))
    | st.sampled_from(
        [
            *("site:org", "site:", "after:2026-01-31", "before:2026-02", "on:2026-03", "on:2026"),
            *("on:2026-02-30", "after:x", "device:phone", "-device:LAPTOP", '"red', "re", "-", '"'),
            *("category:work_code_review", "category:unclassified", "category:news", "blue-red"),
            *("-category:entertainment_short_form", "category:reference category:news", "- red"),
        ]
    )
)
queries = st.lists(pieces, max_size=3).map(" ".join)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.lists(visits, min_size=1, max_size=12)),
        st.tuples(st.just("index"), st.integers(1, 9)),
        st.tuples(st.just("delete"), st.sets(st.integers(1, 40), max_size=6)),
        st.tuples(st.just("restore"), st.just(None)),
        st.tuples(st.just("purge"), st.just(None)),
        st.tuples(st.just("reclassify"), st.just(None)),
        st.tuples(st.just("rules"), st.sampled_from(["news", "shopping"])),
        st.tuples(st.just("zone"), st.sampled_from([-300, 0, 345])),
    ),
    max_size=9,
)


class World:
    """A catalog in memory, with small blocks."""

    def __init__(self, database: MemoryDatabase | None = None) -> None:
        self.database = database or MemoryDatabase()
        self.calendar = MemoryCalendar(60)
        self.deleted: list[Record] = []
        self.service = CatalogService(
            clock=LoopClock(),
            store=MemoryCatalogStore(self.database),
            state=MemoryStateStore(self.database),
            calendar=self.calendar,
            chunk=7,
        )
        self.service.index._block_size = 10

    @property
    def local(self) -> LocalTime:
        return LocalTime(self.calendar)

    async def do(self, kind: str, what: Any) -> None:
        if kind == "add":
            at = self.database.next_visit
            self.database.append_visits({**v, "id": f"v{at + n}"} for n, v in enumerate(what))
        elif kind == "index":
            await self.index(what)
        elif kind == "delete":
            gone = [visit for seq, visit in self.database.visits.items() if seq in what]
            await self.service.change(
                lambda: self.service.index.forgetting(gone), self.delete(gone)
            )
            self.deleted += gone
        elif kind == "restore":
            back, self.deleted = self.deleted, []
            await self.service.change(
                lambda: self.service.index.restoring(back), self.restore(back)
            )
        elif kind == "purge":
            await self.service._purge()
        elif kind == "reclassify":
            await self.service._reclassify()
        elif kind == "rules":
            rule = {"pattern": "example.org/a", "category": what}
            await self.service.handlers["categories"](rule)
        else:
            self.calendar.minutes = what

    def delete(self, gone: Sequence[Record]) -> Any:
        async def write(change: CatalogChange) -> None:
            self.database.change_catalog(change)
            for visit in gone:
                del self.database.visits[visit["seq"]]

        return write

    def restore(self, back: Sequence[Record]) -> Any:
        async def write(change: CatalogChange) -> None:
            self.database.change_catalog(change)
            self.database.visits |= {visit["seq"]: visit for visit in back}

        return write

    async def index(self, steps: int) -> None:
        for _ in range(steps):
            await self.service._advance(at_least=1)

    def newest_first(self) -> list[Record]:
        return sorted(
            self.database.visits.values(), key=lambda v: (v["startedAt"], v["seq"]), reverse=True
        )

    async def pages(self, text: str, limit: int) -> list[int]:
        found: list[int] = []
        before = None
        while True:
            request = {"text": text, "limit": limit, "before": before}
            reply = await self.service.handlers["search"](request)
            assert reply["missing"] == 0
            assert len(reply["visits"]) <= limit
            found += [visit["seq"] for visit in reply["visits"]]
            before = reply["next"]
            if before is None:
                return found

    async def categories(self) -> Categories:
        return await self.service.index.categories()


@given(steps=steps, text=queries, limit=st.sampled_from([1, 3, 100]))
@settings(max_examples=300, deadline=None)
def test_finds_what_looking_at_each_visit_finds(
    steps: list[tuple[str, Any]], text: str, limit: int
) -> None:
    async def check() -> None:
        world = World()
        for step in steps:
            await world.do(*step)
        query, categories = parse(text, world.local), await world.categories()
        naive = [v["seq"] for v in world.newest_first() if query.matches(v, categories)]
        assert await world.pages(text, limit) == naive

    with patch.multiple(blocks, TABLE_SIZE=4, PAGE_BYTES=60, SITES_BYTES=90):
        run_jumping(check())


@given(steps=steps, days=st.sampled_from([(None, None), ("2026-01-20", "2026-02-10")]))
@settings(max_examples=200, deadline=None)
def test_figures_are_exact_counts(
    steps: list[tuple[str, Any]], days: tuple[str | None, str | None]
) -> None:
    async def check() -> None:
        world = World()
        for step in steps:
            await world.do(*step)
        first, last = days
        naive = counted(world.database.visits.values(), world.local, await world.categories())
        within = {
            day: row for day, row in naive.items() if (first or "") <= day <= (last or "9999")
        }
        exact = {**figures(within), "missing": 0}
        ask = world.service.handlers["figures"]
        assert await ask({"from": first, "to": last}) == exact
        while await world.service._advance(at_least=1):
            pass
        assert await ask({"from": first, "to": last}) == exact
        assert world.database.days == naive

    run_jumping(check())


def test_figures_are_by_the_rules_and_in_the_time_zone_of_the_moment() -> None:
    async def check() -> None:
        world = World()
        world.service._chunk = world.service._most = service.CHUNK
        world.service.index._block_size = 16_384
        visit = {"url": "https://a.example/", "domain": "a.example", "title": "red"}
        moment = {"startedAt": START, "endedAt": START, "activeDuration": 1}
        count = service.RECENT + 1
        await world.do("add", [{**visit, **moment}] * count)
        assert await world.service.step()
        assert not await world.service.step()
        rule = {"pattern": "a.example", "category": "news"}
        await world.service.handlers["categories"](rule)
        ask = world.service.handlers["figures"]
        reply = await ask({})
        assert (reply["categories"], reply["missing"]) == ([["news", count, count]], 0)
        assert reply["days"] == [["2026-01-01", count, count]]
        world.calendar.minutes = -300
        reply = await ask({})
        assert (reply["days"], reply["missing"]) == ([["2025-12-31", count, count]], 0)

    run_jumping(check())


def test_figures_of_many_visits_tell_how_many_are_not_counted_by_new_rules_yet() -> None:
    async def check() -> None:
        world = World()
        visit = {"url": "https://a.example/", "domain": "a.example", "title": "red"}
        moment = {"startedAt": START, "endedAt": START, "activeDuration": 1}
        await world.do("add", [{**visit, **moment}] * 60)
        while await world.service.step():
            pass
        await world.service.handlers["categories"]({"pattern": "a.example", "category": "news"})
        ask = world.service.handlers["figures"]
        reply = await ask({})
        assert (reply["categories"], reply["missing"]) == ([["news", 7, 7]], 53)
        assert await ask({}) == reply, "the rest waits for a quiet moment"
        assert await world.pages("red", 100) == list(range(60, 0, -1))
        while await world.service.step():
            pass
        reply = await ask({})
        assert (reply["categories"], reply["missing"]) == ([["news", 60, 60]], 0)

    with patch.multiple(service, RECENT=4, FEW=20):
        run_jumping(check())


def test_there_is_nothing_left_of_old_blocks() -> None:
    async def check() -> None:
        world = World()
        visit = {"url": "https://a.example/", "domain": "a.example", "title": "red"}
        for n in range(35):
            more = {**visit, "startedAt": START + n, "endedAt": START + n, "activeDuration": 1}
            await world.do("add", [more])
            await world.index(1)
        blocks = {block["id"] for block in world.database.state["catalog"]["blocks"]}
        assert len(blocks) == 4
        assert {block for block, _ in world.database.words} == blocks
        assert await world.pages("red", 100) == list(range(35, 0, -1))

    run_jumping(check())


def test_what_was_deleted_for_good_leaves_no_word_behind() -> None:
    async def check() -> None:
        world = World()
        for n in range(25):
            title = f"secret{n} diary" if n % 3 else "open book"
            site = "hidden.example" if n % 3 else "a.example"
            visit = {"url": f"https://{site}/{title[:6]}", "domain": site, "title": title}
            moment = {"startedAt": START + n, "endedAt": START + n, "activeDuration": 1}
            await world.do("add", [{**visit, **moment}])
        await world.index(9)
        await world.do("delete", {seq for seq in range(1, 26) if (seq - 1) % 3})
        world.database.state["deletion"] = {"phase": "kept"}
        assert not await world.service.step()
        assert b"diary" in b"".join(world.database.words.values())
        world.database.state["deletion"] = None
        while await world.service.step():
            pass
        kept = b"".join(world.database.words.values()) + str(world.database.state).encode()
        assert b"secret" not in kept
        assert b"diary" not in kept
        assert b"hidden" not in kept
        assert await world.pages("book", 100) == list(range(25, 0, -3))
        assert await world.pages("", 100) == list(range(25, 0, -3))
        await is_exact(world)
        await world.do("delete", set(range(1, 26)))
        while await world.service.step():
            pass
        assert not world.database.words
        assert world.database.state["catalog"]["blocks"] == []

    run_jumping(check())


def test_few_visits_are_found_before_they_are_indexed_and_more_are_told_of() -> None:
    async def check() -> None:
        world = World()
        service_ = world.service
        service_._chunk = service_._most = service.CHUNK
        service_.index._block_size = 16_384
        visit = {"url": "https://a.example/", "domain": "a.example", "title": "red"}
        moment = {"startedAt": START, "endedAt": START, "activeDuration": 1}
        await world.do("add", [{**visit, **moment}] * (service.RECENT - 1))
        assert not await service_.step()
        assert len((await service_.handlers["search"]({"text": "red"}))["visits"]) == 50
        assert "catalog" not in world.database.state
        await world.do("add", [{**visit, **moment}] * (service.FEW + 1))
        reply = await service_.handlers["search"]({"text": "red"})
        assert (reply["visits"], reply["missing"]) == ([], service.RECENT + service.FEW)
        while await service_.step():
            pass
        reply = await service_.handlers["search"]({"text": "red", "limit": 1000})
        assert (len(reply["visits"]), reply["missing"]) == (200, 0)

    run_jumping(check())


@given(
    lots=st.lists(st.lists(visits, min_size=1, max_size=9), min_size=1, max_size=4),
    at=st.integers(0, 22),
)
@settings(max_examples=100, deadline=None)
def test_a_kill_at_any_moment_loses_and_doubles_nothing(lots: list[list[Record]], at: int) -> None:
    async def check() -> None:
        world = World()
        for lot in lots:
            await world.do("add", lot)
            killed = asyncio.ensure_future(world.index(2))
            for _ in range(at):
                await asyncio.sleep(0)
            killed.cancel()
            await asyncio.wait([killed])
        await is_exact(world)

    run_jumping(check())


@given(lot=st.lists(visits, min_size=1, max_size=40), turns=st.lists(st.integers(0, 9), max_size=9))
@settings(max_examples=100, deadline=None)
def test_two_engines_at_once_lose_and_double_nothing(lot: list[Record], turns: list[int]) -> None:
    async def check() -> None:
        one = World()
        two = World(one.database)
        await one.do("add", lot)

        async def late(world: World) -> None:
            for turn in turns:
                for _ in range(turn):
                    await asyncio.sleep(0)
                await world.index(1)

        await asyncio.gather(late(one), two.index(9), one.do("delete", {1, 5, 9}))
        await is_exact(one)

    run_jumping(check())


async def is_exact(world: World) -> None:
    """Once all is indexed, search and days have each visit once."""
    while await world.service._advance(at_least=1):
        pass
    visits = world.newest_first()
    assert await world.pages("", 100) == [visit["seq"] for visit in visits]
    catalog = await world.service.index.catalog()
    assert sum(b.count - b.deleted for b in catalog.blocks) == len(visits)
    assert world.database.days == counted(visits, world.local, await world.categories())


def test_rules_that_are_changed_at_once_are_all_kept() -> None:
    async def check() -> None:
        world = World()
        ask = world.service.handlers["categories"]
        rules = [{"pattern": f"{name}.example", "category": "news"} for name in "abc"]
        await asyncio.gather(*(ask(rule) for rule in rules))
        assert (await ask({}))["rules"] == rules
        await asyncio.gather(ask({**rules[0], "category": ""}), ask({**rules[1], "category": None}))
        assert (await ask({}))["rules"] == rules[2:]
        with pytest.raises(SettingsError):
            await ask({"pattern": "a.example", "category": "gossip"})
        assert (await world.categories()).own == rules[2:]

    run_jumping(check())


def test_a_chain_has_causes_and_effects() -> None:
    async def check() -> None:
        world = World()
        for n, source in enumerate([None, "v1", "v2", "v2", "v3"]):
            visit = {"url": f"https://a.example/{n}", "domain": "a.example", "title": "red"}
            times = {"startedAt": START + n * 10, "endedAt": START + n * 10 + 5}
            await world.do("add", [{**visit, **times, "sourcePageVisitId": source}])
        reply = await world.service.handlers["chain"]({"id": "v2"})
        assert [visit["id"] for visit in reply["visits"]] == ["v1", "v2"]
        assert [visit["id"] for visit in reply["next"]] == ["v3", "v4"]
        with pytest.raises(HeyhoError):
            await world.service.handlers["chain"]({"id": "v9"})

    run_jumping(check())


def test_a_chain_that_bites_its_tail_ends() -> None:
    async def check() -> None:
        world = World()
        visit = {"url": "https://a.example/", "domain": "a.example", "title": "red"}
        for source in ("v2", "v1"):
            times = {"startedAt": START, "endedAt": START + 5}
            await world.do("add", [{**visit, **times, "sourcePageVisitId": source}])
        reply = await world.service.handlers["chain"]({"id": "v2"})
        assert [visit["id"] for visit in reply["visits"]] == ["v1", "v2"]
        assert reply["next"] == []

    run_jumping(check())


def test_a_visit_that_names_itself_as_its_source_led_nowhere() -> None:
    async def check() -> None:
        world = World()
        visit = {"url": "https://a.example/", "domain": "a.example", "title": "red"}
        times = {"startedAt": START, "endedAt": START + 5}
        await world.do("add", [{**visit, **times, "sourcePageVisitId": "v1"}])
        reply = await world.service.handlers["chain"]({"id": "v1"})
        assert [visit["id"] for visit in reply["visits"]] == ["v1"]
        assert reply["next"] == []

    run_jumping(check())


def test_steps_grow_to_whole_chunks() -> None:
    async def check() -> None:
        world = World()
        world.service._chunk, world.service._most = service.FIRST_CHUNK, service.CHUNK
        world.service.index._block_size = 16_384
        visit = {"url": "https://a.example/", "domain": "a.example", "title": "red"}
        moment = {"startedAt": START, "endedAt": START, "activeDuration": 1}
        await world.do("add", [{**visit, **moment}] * 6000)
        reached = []
        for _ in range(4):
            await world.index(1)
            reached.append(world.database.state["catalog"]["upTo"])
        assert reached == [512, 1536, 3584, 5632]

    run_jumping(check())


@pytest.mark.parametrize("after", ["writing", "a change of the rules", "a quiet moment"])
def test_a_category_is_looked_up_only_where_the_rest_was_found(after: str) -> None:
    async def check() -> None:
        world = World()
        for n in range(40):
            site, title = ("bbc.com", "rare") if n == 25 else ("a.example", "red")
            visit = {"url": f"https://{site}/", "domain": site, "title": title}
            moment = {"startedAt": START + n, "endedAt": START + n, "activeDuration": 1}
            await world.do("add", [{**visit, **moment}])
            await world.index(1)
        if after != "writing":
            await world.do("rules", "shopping")
        if after == "a quiet moment":
            while await world.service.step():
                pass
        read: list[tuple[int, str]] = []
        rows = world.service._store.rows

        async def noted(keys: Sequence[tuple[int, str]]) -> list[bytes | None]:
            read.extend(keys)
            return await rows(keys)

        with patch.object(world.service._store, "rows", noted):
            assert await world.pages("rare category:news", 5) == [26]
            for_rare = {*read}
            read.clear()
            assert await world.pages("re category:news", 5) == []
        catalog = await world.service.index.catalog()
        assert len(catalog.blocks) == 4
        term, other = "\x03news", "\x01bbc.com"
        if after == "a change of the rules":
            term, other = other, term
        names = [(block.id, *block.by_page([term])) for block in catalog.blocks]
        assert len([name for name in names if name in for_rare]) == 1
        assert {*names} <= {*read}
        others = [(block.id, *block.by_page([other])) for block in catalog.blocks]
        assert not {*others} - {*names} & {*read}

    with patch.multiple(blocks, TABLE_SIZE=4, PAGE_BYTES=30, SITES_BYTES=30):
        run_jumping(check())


def test_a_search_for_what_is_nowhere_ends_after_so_many_visits_and_goes_on() -> None:
    async def check() -> None:
        world = World()
        world.service._chunk = world.service._most = service.CHUNK
        world.service.index._block_size = 16_384
        visit = {"url": "https://a.example/", "domain": "a.example", "activeDuration": 0}
        titles = ["red blue" if n == 3 else "blue red" for n in range(1500)]
        await world.do(
            "add",
            [
                {**visit, "startedAt": START + n, "endedAt": START + n, "title": title}
                for n, title in enumerate(titles)
            ],
        )
        await world.index(2)
        request = {"text": '"red blue"', "limit": 5, "before": None}
        reply = await world.service.handlers["search"](request)
        assert reply["visits"] == []
        assert reply["next"]
        reply = await world.service.handlers["search"]({**request, "before": reply["next"]})
        assert ([visit["seq"] for visit in reply["visits"]], reply["next"]) == ([4], None)

    run_jumping(check())
