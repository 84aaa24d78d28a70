"""The dashboard's figures, visits in full and rules, as trees of elements."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from heyho.pages.dashboard import days, detail, rules, tables

TODAY = "2026-11-25"


def name(day: str, style: str) -> str:
    return f"{style} of {day}"


def hour(value: int) -> str:
    return f"{value}:00"


def texts_of(tree: Any) -> Iterator[str]:
    """Every text of a tree, in order."""
    if isinstance(tree, str):
        yield tree
        return
    for child in tree[2:]:
        yield from texts_of(child)


def trees_of(tree: Any, tag: str) -> Iterator[Any]:
    """Every element of a tag."""
    if isinstance(tree, list):
        if tree[0] == tag:
            yield tree
        for child in tree[2:]:
            yield from trees_of(child, tag)


def some_figures() -> dict[str, Any]:
    week = [[[0, 0] for _ in range(24)] for _ in range(7)]
    week[2][14] = [3, 60_000]
    return {
        "days": [[TODAY, 3, 60_000]],
        "week": week,
        "sites": [["a.example", 2, 40_000], ["b.example", 1, 20_000]],
        "categories": [["news", 3, 60_000]],
        "visits": 3,
        "activeMs": 60_000,
    }


def test_sums() -> None:
    rows = [("2026-11-24", 0, 0.0), (TODAY, 3, 60_000.0)]
    said = [list(texts_of(tree)) for tree in tables.sums(some_figures(), rows)]
    assert said == [
        ["Visits", "3"],
        ["Looked at", "1 min"],
        ["Days with visits", "1"],
        ["Visits a day, on average", "3"],
    ]


def test_each_period_leads_to_its_visits() -> None:
    [table] = tables.periods([(TODAY, 3, 60_000.0), ("2026-10", 1_234, 0.0)], name)
    links = [link[1]["href"] for link in trees_of(table, "a")]
    assert links == ["#q=on:2026-11-25", "#q=on:2026-10"]
    assert "date of 2026-11-25" in list(texts_of(table))
    assert "month of 2026-10-01" in list(texts_of(table))
    assert "1,234" in list(texts_of(table))


def test_a_calendar_says_in_words_what_it_shows() -> None:
    rows = [(day, 1 if day == TODAY else 0, 0.0) for day in days.between("2025-11-26", TODAY)]
    [calendar] = tables.year(rows, name)
    [image] = [tree for tree in trees_of(calendar, "div") if tree[1].get("role") == "img"]
    assert image[1]["aria-label"] == "Visits on 1 day. The most were on date of 2026-11-25: 1."
    cells = [cell for cell in trees_of(image, "i") if "data-day" in cell[1]]
    assert len(cells) == 365
    assert cells[-1][1] == {"data-day": TODAY, "data-level": "4"}
    assert cells[0][1]["data-level"] == "0"


def test_nothing_is_said_to_be_nothing() -> None:
    [calendar] = tables.year([(TODAY, 0, 0.0)], name)
    assert "Nothing in this time" in json.dumps(calendar)
    empty = {**some_figures(), "sites": [], "categories": []}
    assert list(texts_of(tables.sites(empty, 10, str)[0])) == ["Nothing in this time"]
    assert list(texts_of(tables.categories(empty, str)[0])) == ["Nothing in this time"]


def test_hours_of_the_week() -> None:
    grid, hint = tables.week(some_figures(), name, hour)
    assert grid[1]["aria-label"] == "Most visits: long-weekday of 2024-01-03, 14:00"
    assert list(texts_of(hint)) == [grid[1]["aria-label"]]
    cells = list(trees_of(grid, "i"))
    assert len(cells) == 7 * 24
    assert cells[2 * 24 + 14][1]["data-level"] == "4"
    [table] = tables.week_table(some_figures(), name, hour)
    assert len(list(trees_of(table, "tr"))) == 25
    assert len(list(trees_of(table, "td"))) == 7 * 24


def test_bars() -> None:
    first, second = tables.sites(some_figures(), 10, lambda text: text.upper())
    assert first[1] == {"--part": "1.000"}
    assert second[1] == {"--part": "0.500"}
    assert [link[1]["href"] for link in trees_of(first, "a")] == ["#q=site:A.EXAMPLE"]
    assert len(tables.sites(some_figures(), 1, str)) == 1
    [category] = tables.categories(some_figures(), str)
    assert list(texts_of(category))[:2] == ["News", "3 visits, 1 min"]


def a_visit(**more: Any) -> dict[str, Any]:
    visit = {
        "id": "one",
        "url": "https://a.example/",
        "title": "A title",
        "domain": "a.example",
        "startedAt": 1_000.0,
        "endedAt": 61_000.0,
        "activeDuration": 5_000.0,
        "category": "news",
    }
    return {**visit, **more}


def test_a_visit_in_full() -> None:
    facts, ways = detail.body(a_visit(), lambda at: f"at {at:.0f}")
    said = list(texts_of(facts))
    assert said[1::2] == ["https://a.example/", "at 1000", "at 61000", "1 min", "5 s", "News"]
    search, sort = trees_of(ways, "button")
    assert (search[1]["data-site"], sort[1]["data-sort"]) == ("a.example", "a.example")
    facts, _ = detail.body(a_visit(url="javascript:alert(1)"), str)
    assert list(trees_of(facts, "a")) == []


def test_when_nobody_looked() -> None:
    assert detail.idle(a_visit(), []) == []
    periods = [
        {"start": 2_000, "end": 7_000, "reason": "locked"},
        {"start": 8_000, "end": 9_000, "reason": "unheard of"},
    ]
    moments = [["d", "1"], ["d", "2"], ["d", "3"], ["d", "4"]]
    [tree] = detail.idle(a_visit(idlePeriods=periods), moments)
    said = list(texts_of(tree))
    assert said[0] == "Not looked at 2 times"
    assert said[1:4] == ["1\u20132", " screen locked ", "5 s"]


def test_a_chain() -> None:
    before, after = a_visit(id="zero", title="Before"), a_visit(id="two", title="")
    moments = {"zero": "9:00", "one": "9:01", "two": "9:02"}
    trees = detail.chain({"visits": [before, a_visit()], "next": [after]}, moments, "one")
    assert [tree[2] for tree in trees if tree[0] == "h3"] == ["How you came here", "Where it led"]
    buttons = [button for tree in trees for button in trees_of(tree, "button")]
    assert [button[1]["data-visit"] for button in buttons] == ["zero", "two"]
    assert next(texts_of(buttons[1])) == "a.example", "a visit without a title has its site"
    [alone] = detail.chain({"visits": [a_visit()], "next": []}, moments, "one")
    assert "Nothing led here" in alone[2]


def test_rules_of_a_site() -> None:
    known = [{"pattern": "a.example/x", "category": "news"}]
    assert rules.chosen(known, "a.example") == rules.NONE
    known.append({"pattern": "a.example", "category": "shopping"})
    assert rules.chosen(known, "a.example") == "shopping"
