"""Search and figures, asked as pages ask: of the engine, by way of the service worker."""

from __future__ import annotations

from harness.backlog import seed
from harness.browser import Browser
from harness.desk import Desk

VISITS = 3000


def test_what_was_recorded_is_found_and_counted(browser: Browser) -> None:
    desk = Desk(browser)
    ids = seed(desk.page, VISITS)
    found = desk.ask("search", text='title 7 site:site-7.example "of a longer"', limit=5)
    assert found["ok"], found
    assert found["visits"][0]["domain"] == "site-7.example"
    assert found["visits"][0]["category"] == "unclassified"
    assert found["missing"] == 0
    assert found["highlight"] == ["title", "7", "of", "a", "longer"]

    desk.wait_until(f"async () => (await readState('catalog'))?.countedTo === {VISITS}")
    page = desk.ask("search", text="site:example", limit=200)
    assert [visit["id"] for visit in page["visits"]] == ids[::-1][:200]
    page = desk.ask("search", text="site:example", limit=200, before=page["next"])
    assert [visit["id"] for visit in page["visits"]] == ids[::-1][200:400]

    figures = desk.ask("figures")
    assert (figures["visits"], figures["missing"]) == (VISITS, 0)
    assert sum(day[1] for day in figures["days"]) == VISITS
    assert sum(count for day in figures["week"] for count, _ in day) == VISITS
    assert figures["categories"] == [["unclassified", VISITS, 500 * VISITS]]

    rule = {"pattern": "site-7.example", "category": "news"}
    assert desk.ask("categories", **rule)["rules"] == [rule]
    counted = "JSON.parse((await all('days')).at(-1)).categories.news"
    desk.wait_until(f"async () => (await all('days')).length && {counted}")
    found = desk.ask("search", text="category:news", limit=200)
    assert {visit["domain"] for visit in found["visits"]} == {"site-7.example"}
    assert not desk.ask("categories", pattern="", category="news")["ok"]

    chain = desk.ask("chain", id=ids[0])
    assert [visit["id"] for visit in chain["visits"]] == ids[:1]
    assert desk.ask("runs", limit=5) == {"ok": True, "runs": [], "next": None}
    assert browser.console() == []
