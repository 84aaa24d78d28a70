"""Reading visits back: paged, filtered and searched, on both kinds of database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heyho_server.incoming.rows import VisitRow
from heyho_server.storage.database import Database
from heyho_server.storage.devices import Caller
from heyho_server.storage.filters import Filter, Place
from heyho_server.storage.reading import find_visit, read_page
from heyho_server.storage.tables import visits
from heyho_server.words import matches, read_query
from server.kept import START_MS, add_person, index, opened, row, store

WORDS = ("cafe", "Café", "Über", "uber", "read", "reading", "left", "x1", "1e5", "naïve", "ЙОД")
FEW = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

texts = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
times = st.one_of(st.integers(START_MS, START_MS + 3), st.integers(START_MS, START_MS + 10_000))
hosts = st.sampled_from(("example.org", "www2.example.org", "myexample.org", "org", "other.net"))
# Each kind of database has an idea of its own of which marks end a word.
WITHOUT_MARKS = st.characters(codec="utf-8", exclude_categories=("Mn", "Mc", "Me"))
queries = st.lists(
    st.one_of(
        st.sampled_from(WORDS),
        st.sampled_from(WORDS).map(lambda word: f"-{word}"),
        texts.map(lambda text: f'"{text}"'),
        st.sampled_from(("re", "C", "-x", "example", "https", "ORG/re", "%00", '"', "AND", "*")),
        st.text(WITHOUT_MARKS, max_size=6),
    ),
    max_size=3,
).map(" ".join)


@st.composite
def histories(draw: st.DrawFn) -> list[VisitRow]:
    count = draw(st.integers(0, 25))
    return [
        row(
            f"v{number:02}",
            draw(times),
            title=draw(texts),
            url=f"https://{draw(hosts)}/{draw(texts).replace(' ', '-')}",
            domain=draw(hosts),
            anonymous_client_id=draw(st.sampled_from(("d1", "d 2"))),
            category=draw(st.sampled_from((None, "news"))),
        )
        for number in range(count)
    ]


def in_database(url: str, work: Callable[[Database, Caller, Caller], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with opened(url) as database:
            return await work(
                database, await add_person(database, "one"), await add_person(database, "other")
            )

    return asyncio.run(run())


async def pages(
    database: Database, caller: Caller, wanted: Filter, *, limit: int, ascending: bool = False
) -> list[str]:
    """The ids of all that is meant, read page by page."""
    found: list[str] = []
    place = None
    while True:
        async with database.read() as connection:
            page = await read_page(
                connection, caller, wanted, after=place, limit=limit, ascending=ascending
            )
        found += [it.id for it in page]
        if len(page) < limit:
            return found
        place = Place(page[-1].started_at, page[-1].id)


def is_meant(it: VisitRow, wanted: Filter) -> bool:
    """What a filter means, said plainly."""
    return (
        (wanted.from_at is None or it.started_at >= wanted.from_at)
        and (wanted.to_at is None or it.started_at < wanted.to_at)
        and (wanted.domain is None or f".{it.domain}".endswith(f".{wanted.domain}"))
        and wanted.device in (None, it.anonymous_client_id)
        and wanted.category in (None, it.category)
        and matches(wanted.query, it.title, it.url)
    )


async def empty(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(visits.delete())


class TestPages:
    def test_they_have_each_visit_once_in_order_whatever_is_asked(self, database_url: str) -> None:
        async def work(database: Database, caller: Caller, other: Caller) -> None:
            async def look(history: list[VisitRow], wanted: Filter, limit: int, up: bool) -> None:
                await empty(database)
                if history:
                    await store(database, caller, history)
                    await store(database, other, history)
                await index(database, limit * 3)
                found = await pages(database, caller, wanted, limit=limit, ascending=up)
                meant = [it for it in history if is_meant(it, wanted)]
                meant.sort(key=lambda it: (it.started_at, it.id), reverse=not up)
                assert found == [it.id for it in meant]

            run = asyncio.get_running_loop()

            @FEW
            @given(histories(), filters, st.integers(1, 12), st.booleans())
            def check(history: list[VisitRow], wanted: Filter, limit: int, up: bool) -> None:
                asyncio.run_coroutine_threadsafe(look(history, wanted, limit, up), run).result()

            await asyncio.to_thread(check)

        in_database(database_url, work)


filters = st.builds(
    Filter,
    from_at=st.none() | times,
    to_at=st.none() | times,
    domain=st.none() | hosts,
    device=st.sampled_from((None, None, "d1", "d 2")),
    category=st.sampled_from((None, None, "news")),
    query=queries.map(read_query),
)


class TestSearch:
    def found(self, url: str, asked: list[str], history: list[VisitRow]) -> list[set[str]]:
        """What each query finds, in the index and out of it alike."""

        async def work(database: Database, caller: Caller, _: Caller) -> list[set[str]]:
            await store(database, caller, history)
            answers = []
            for indexed in (0, 1, 500):
                await index(database, indexed)
                answers.append(
                    [
                        set(await pages(database, caller, Filter(query=read_query(q)), limit=9))
                        for q in asked
                    ]
                )
            assert answers[0] == answers[1] == answers[2]
            return answers[0]

        found: list[set[str]] = in_database(url, work)
        return found

    def test_words_are_prefixes_and_all_have_to_be_there(self, database_url: str) -> None:
        history = [
            row("a", title="Reading Café", url="https://a.example/x"),
            row("b", title="A cafe", url="https://b.example/re-use"),
            row("c", title="Bread", url="https://c.example/"),
        ]
        asked = ["rea", "CAFÉ", "caf re", "cafe -reading", "-cafe", "ead", "b.example", "https"]
        assert self.found(database_url, asked, history) == [
            *({"a"}, {"a", "b"}, {"a", "b"}, {"b"}, {"c"}, set(), {"b"}, {"a", "b", "c"}),
        ]

    def test_phrases_are_whole_words_in_a_row_and_never_cross_title_and_address(
        self, database_url: str
    ) -> None:
        history = [
            row("a", title="the quick fox", url="https://a.example/"),
            row("b", title="the fox is quick", url="https://a.example/quick/fox"),
        ]
        asked = ['"quick fox"', '"the quick"', '"quick fo"', '"fox https"', '-"the quick"', '"fox']
        assert self.found(database_url, asked, history) == [
            *({"a", "b"}, {"a"}, set(), set(), {"b"}, {"a", "b"}),
        ]

    def test_words_of_scripts_with_vowel_signs(self, database_url: str) -> None:
        history = [
            row("hindi", title="हिन्दी भाषा का इतिहास", url="https://a.example/"),
            row("thai", title="ภาษาไทย ที่นี่", url="https://b.example/"),
            row("bare", title="plain", url="https://c.example/"),
        ]
        asked = ["भाषा", "हिन्दी भाषा", '"भाषा का"', '"का भाषा"', "भाषा इति", "-भाषा", "भाषा a.ex"]
        asked += ["ภาษาไทย", "ที่นี่", "ภาษา", '"ภาษาไทย ที่นี่"', "-ที่นี่ -भाषा", "ी"]
        hindi, thai, bare = {"hindi"}, {"thai"}, {"bare"}
        assert self.found(database_url, asked, history) == [
            *(hindi, hindi, hindi, set(), hindi, thai | bare, hindi),
            *(thai, thai, thai, thai, bare, hindi | thai | bare),
        ]

    def test_any_text_is_a_query_and_what_has_no_word_asks_nothing(self, database_url: str) -> None:
        wordless = ["", " ", "*", '"', "-", "()", "\x00", "\ud800", "%_", "\\", "''", ":*"]
        absent = ["a OR", "NEAR(a b)", "title:a", "'a'", "a:*", "!a & |", "{a}", "^a", "a\x00"]
        absent += ["a" * 5000, "a " * 5000, "ꙮ", "owner:u1"]
        history = [row("v", title="b c", url="https://b.example/")]
        found = self.found(database_url, wordless + absent, history)
        assert found == [{"v"}] * len(wordless) + [set()] * len(absent)

    def test_nobody_finds_anothers(self, database_url: str) -> None:
        async def work(database: Database, caller: Caller, other: Caller) -> list[Any]:
            await store(database, caller, [row("mine")])
            await index(database)
            await store(database, caller, [row("waiting")])
            found: list[Any] = []
            for wanted in (
                Filter(),
                Filter(query=read_query("example")),
                Filter(query=read_query("-nothing")),
                Filter(domain="example.org"),
                Filter(device="device-1"),
            ):
                found += await pages(database, other, wanted, limit=5)
            async with database.read() as connection:
                found.append(await find_visit(connection, other, "mine"))
            return found

        assert in_database(database_url, work) == [None]
