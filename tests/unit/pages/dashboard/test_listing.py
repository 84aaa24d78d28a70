"""Visits in the dashboard's list."""

from __future__ import annotations

import unicodedata
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as some

from heyho.pages.dashboard import listing


def fold(text: str) -> str:
    return "".join(unicodedata.normalize("NFKD", char).lower()[0] for char in text)


@pytest.mark.parametrize(
    ("active_ms", "said"),
    [
        (0, "0 s"),
        (499, "0 s"),
        (8_400, "8 s"),
        (59_600, "1 min"),
        (3 * 60_000, "3 min"),
        (3_600_000, "1 h"),
        (3_900_000, "1 h 5 min"),
        (1_234 * 3_600_000, "1,234 h"),
    ],
)
def test_durations(active_ms: float, said: str) -> None:
    assert listing.duration(active_ms) == said
    assert listing.duration(active_ms) == said


def test_days_have_names() -> None:
    def name(day: str) -> str:
        return f"the day {day}"

    assert listing.day_name("2026-03-01", "2026-03-01", name) == "Today"
    assert listing.day_name("2026-02-28", "2026-03-01", name) == "Yesterday"
    assert listing.day_name("2026-02-27", "2026-03-01", name) == "the day 2026-02-27"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://a.example/", ""),
        ("https://a.example", ""),
        ("https://a.example/x?y=1#z", "/x?y=1#z"),
        ("https://a.example/?q=1", "/?q=1"),
        ("https://a.example/Stra%C3%9Fe%20b", "/Straße b"),
        ("https://a.example/100%25", "/100%25"),
        ("https://a.example/%C3", "/%C3"),
        ("https://a.example/%0a%7f%zz%4", "/%0a%7f%zz%4"),
        ("https://a.example/%E2%80%AEfdp", "/%E2%80%AEfdp"),
        ("no address", ""),
    ],
)
def test_short_addresses(url: str, path: str) -> None:
    assert listing.path(url) == path


@given(some.text(alphabet=some.characters(categories=["L", "N"]), max_size=20))
def test_letters_of_an_address_are_readable(text: str) -> None:
    assert listing.readable(quote(text)) == text


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://a.example/", "https://a.example/"),
        ("HTTP://a.example/", "HTTP://a.example/"),
        ("javascript:alert(1)//https://", ""),
        ("data:text/html,x", ""),
        ("", ""),
    ],
)
def test_only_addresses_of_the_web_are_links(url: str, link: str) -> None:
    assert listing.link(url) == link


@pytest.mark.parametrize(
    ("text", "words", "pieces"),
    [
        ("Weather in Málaga", ["weath", "mala"], ["", "Weath", "er in ", "Mála", "ga"]),
        ("Underweather", ["weather"], ["Underweather"]),
        ("a-b", ["b"], ["a-", "b", ""]),
        ("garden gardener", ["garden", "gar"], ["", "garden", " ", "garden", "er"]),
        ("nothing", [], ["nothing"]),
        ("", ["x"], [""]),
    ],
)
def test_beginnings_of_words_are_marked(text: str, words: list[str], pieces: list[str]) -> None:
    assert listing.marked(text, words, fold) == pieces


@given(
    some.text(alphabet="abé -", max_size=30),
    some.lists(some.text(alphabet="ab e", min_size=1, max_size=4), max_size=4),
)
def test_marking_changes_no_text(text: str, words: list[str]) -> None:
    pieces = listing.marked(text, words, fold)
    assert "".join(pieces) == text
    assert len(pieces) % 2 == 1
    assert all(any(fold(piece).startswith(word[:1]) for word in words) for piece in pieces[1::2])


def test_a_row() -> None:
    visit: dict[str, Any] = {
        "id": "one",
        "url": "https://a.example/b",
        "title": "",
        "domain": "a.example",
        "activeDuration": 5_000,
        "category": "news",
    }
    row = listing.row(visit, "14:05", ["exam"], fold)
    assert row == {
        "id": "one",
        "link": "https://a.example/b",
        "clock": "14:05",
        "name": ["a.", "exam", "ple"],
        "site": ["a.", "exam", "ple"],
        "path": ["/b"],
        "span": "5 s",
        "kind": "News",
    }
    assert listing.row({**visit, "category": "unclassified"}, "", [], fold)["kind"] == ""


def test_visits_are_grouped_by_day() -> None:
    visits = [{"id": str(number)} for number in range(4)]
    moments = [["b", ""], ["b", ""], ["a", ""], ["b", ""]]
    assert listing.by_day(visits, moments) == [("b", [0, 1]), ("a", [2]), ("b", [3])]
    assert listing.by_day([], []) == []
