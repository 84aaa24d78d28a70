"""What is typed, and how it is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heyho.catalog.days import DAY_MS, LocalTime, span
from heyho.catalog.query import Query, parse
from heyho.catalog.terms import DEVICE, LONGEST_WORD, MOST_WORDS, SITE, sites, terms_of, words
from heyho.testing.catalog import MemoryCalendar

NEW_YEAR = 1_767_225_600_000  # 2026-01-01 in UTC
LOCAL = LocalTime(MemoryCalendar(60))


def read(text: str) -> Query:
    return parse(text, LOCAL)


class TestWords:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("Hello, World_wide: 42x", ["hello", "world", "wide", "42x"]),
            ("Café à la crème – naïve", ["cafe", "a", "la", "creme", "naive"]),
            ("Straße ﬁne ÅNGSTRÖM", ["strasse", "fine", "angstrom"]),
            ("日本 語 한국어", ["日", "本", "語", "한국어"]),
            ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
            ("x" * 99, ["x" * LONGEST_WORD]),
            ("", []),
        ],
    )
    def test_words(self, text: str, found: list[str]) -> None:
        assert words(text) == found

    def test_typed_and_written_in_any_case_are_the_same(self) -> None:
        assert words("STRASSE ÉCOLE") == words("straße école")

    @given(st.text())
    def test_no_word_is_empty_or_looks_like_a_mark(self, text: str) -> None:
        assert all(word and word[0] not in SITE + DEVICE for word in words(text))

    def test_sites_are_a_domain_and_all_above_it(self) -> None:
        assert sites("www.Docs.Example.org") == [
            SITE + name for name in ("docs.example.org", "example.org", "org")
        ]
        assert sites("127.0.0.1") == [SITE + "127.0.0.1"]

    def test_terms_of_a_visit(self) -> None:
        visit = {
            "title": "Grüße",
            "url": "https://www.example.org/a%20b/%C3%BC?q=x-1#top",
            "domain": "example.org",
            "anonymousClientId": "Laptop",
        }
        plain = {"grusse", "www", "example", "org", "a", "b", "u", "q", "x", "1", "top"}
        marked = {SITE + "example.org", SITE + "org", DEVICE + "laptop"}
        assert terms_of(visit) == plain | marked

    def test_a_visit_has_so_many_words_at_most(self) -> None:
        title = " ".join(map(str, range(100)))
        found = terms_of({"title": title, "url": "https://a.example/", "domain": "a.example"})
        assert sum(term.isprintable() for term in found) == MOST_WORDS


class TestQuery:
    def test_words_phrases_and_what_must_not_be_there(self) -> None:
        query = read('Red "blue sky" -green -"dark night" red')
        assert query.prefixes == ("red",)
        assert query.phrases == (("blue", "sky"),)
        assert query.without == (("green",), ("dark", "night"))

    def test_a_phrase_need_not_end(self) -> None:
        assert read('"blue sky').phrases == (("blue", "sky"),)
        assert read('"').phrases == ()

    def test_sites_and_devices(self) -> None:
        query = read("site:WWW.Example.org -site:https://a.example/path device:Phone")
        assert query.terms == (SITE + "example.org", DEVICE + "phone")
        assert query.without_terms == (SITE + "a.example",)
        assert read('device:"my phone"').terms == (DEVICE + "my phone",)

    def test_categories(self) -> None:
        assert read("category:news").category == "news"
        assert read("-category:news").without_categories == ("news",)
        assert read("category:news category:shopping").category == ""

    @pytest.mark.parametrize(
        ("text", "first", "after"),
        [
            ("on:2026-01-01", 0, 1),
            ("on:2026-01", 0, 31),
            ("on:2026", 0, 365),
            ("after:2026-01-02 before:2026-01-05", 1, 4),
            ("after:2026-01-02 after:2026-01-03 before:2027", 2, 365),
        ],
    )
    def test_dates_are_local(self, text: str, first: int, after: int) -> None:
        query = read(text)
        assert query.from_ms == NEW_YEAR - 3_600_000 + first * DAY_MS
        assert query.to_ms == NEW_YEAR - 3_600_000 + after * DAY_MS

    @pytest.mark.parametrize(
        ("text", "prefixes"),
        [
            ("after:soon", ("after", "soon")),
            ("on:2026-02-30", ("on", "2026", "02", "30")),
            ("site:", ("site",)),
            ("category:nothing", ("category", "nothing")),
            ("https://example.org/a", ("https", "example", "org", "a")),
            ("C++ a.b", ("c", "a", "b")),
            ("- -- :", ()),
        ],
    )
    def test_what_makes_no_sense_is_searched_as_words(
        self, text: str, prefixes: tuple[str, ...]
    ) -> None:
        query = read(text)
        assert query.prefixes == prefixes
        assert (query.terms, query.from_ms, query.to_ms) == ((), None, None)

    def test_highlights_what_was_typed(self) -> None:
        assert read('Café "Blue Sky" -red site:a.example').highlight == (
            *("café", "cafe", "blue", "sky"),
        )

    @given(st.text())
    def test_never_refuses(self, text: str) -> None:
        read(text)

    @given(st.dates())
    def test_a_day_lasts_until_the_next(self, day: object) -> None:
        days = span(str(day))
        assert days is None or (days[1] - days[0]).days == 1
