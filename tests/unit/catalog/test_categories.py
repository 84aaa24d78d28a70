"""The kinds of pages, and the rules."""

from __future__ import annotations

from typing import Any

import pytest

from heyho.catalog.categories import CATEGORIES, MOST_RULES, Categories, Rule
from heyho.catalog.defaults import default_rules
from heyho.errors import SettingsError


@pytest.mark.parametrize(
    ("url", "category"),
    [
        ("https://github.com/python/cpython", "work_coding"),
        ("https://github.com/python/cpython/pull/1234/files", "work_code_review"),
        ("https://github.com/python/cpython/pulls?q=is%3Aopen", "work_code_review"),
        ("https://github.com/pullsar/tool", "work_coding"),
        ("https://docs.google.com/spreadsheets/d/1", "work_documentation"),
        ("https://www.youtube.com/watch?v=1", "entertainment_video"),
        ("https://www.youtube.com/shorts/abc", "entertainment_short_form"),
        ("https://www.youtube.com/@user?next=/shorts", "entertainment_video"),
        ("https://music.youtube.com/watch?v=1", "entertainment_browsing"),
        ("https://de.wikipedia.org/wiki/Uhu", "reference"),
        ("https://notwikipedia.org/", "unclassified"),
        ("http://localhost:3000/", "work_coding"),
        ("https://example.org/github.com", "unclassified"),
    ],
)
def test_default_rules(url: str, category: str) -> None:
    domain = url.split("/")[2].partition(":")[0].removeprefix("www.")
    assert Categories().of(domain, url) == category


def test_default_rules_are_rules_and_none_stands_twice() -> None:
    rules = [Rule.of(*pair) for pair in default_rules()]
    assert len(rules) > 150
    pages = [(rule.domain, rule.path) for rule in rules]
    assert [page for page in pages if pages.count(page) > 1] == []
    assert {rule.category for rule in rules} == {*CATEGORIES} - {"unclassified"}


def test_a_persons_rules_come_first() -> None:
    own = Categories().changed("https://www.Wikipedia.org/wiki/Sport*", "news")
    own = own.changed("github.com", "unclassified")
    assert own.of("en.wikipedia.org", "https://en.wikipedia.org/wiki/Sports") == "news"
    assert own.of("en.wikipedia.org", "https://en.wikipedia.org/wiki/Art") == "reference"
    assert own.of("github.com", "https://github.com/a/b/pull/1") == "unclassified"
    assert own.domains("news") >= {"wikipedia.org", "bbc.com"}
    assert own.version not in ("", Categories().version)
    assert own.version == Categories(own.own).version


def test_one_rule_changes_and_the_others_stay() -> None:
    own = Categories().changed("a.example", "news").changed("b.example", "shopping")
    own = own.changed("a.example", "reference")
    of_b, of_a = {"pattern": "b.example", "category": "shopping"}, {"pattern": "a.example"}
    assert own.own == [of_b, {**of_a, "category": "reference"}]
    for nothing in ("", None):
        assert own.changed("a.example", nothing).own == [of_b]
        assert own.changed("c.example", nothing).own == own.own


@pytest.mark.parametrize(
    ("pattern", "category"),
    [
        ("news.example", "gossip"),
        ("news.example", ["news"]),
        ("two words", "news"),
        ("", "news"),
    ],
)
def test_what_is_no_rule_is_told_in_a_sentence(pattern: str, category: Any) -> None:
    with pytest.raises(SettingsError) as raised:
        Categories().changed(pattern, category)
    assert raised.value.problems["rules"].endswith(".")


def test_there_is_an_end_to_rules() -> None:
    names = [f"{number}.example" for number in range(MOST_RULES)]
    full = Categories([{"pattern": name, "category": "news"} for name in names])
    assert len(full.changed("1.example", "shopping").own) == MOST_RULES
    with pytest.raises(SettingsError) as raised:
        full.changed("one-more.example", "news")
    assert raised.value.problems["rules"].endswith(".")
    assert len(full.changed("1.example", "").own) == MOST_RULES - 1
