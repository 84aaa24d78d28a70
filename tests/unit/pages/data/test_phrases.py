"""What the page of a person's data says."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from harness.texts import source
from heyho import texts
from heyho.archive.exporting import export
from heyho.archive.job import Progress
from heyho.pages.data import phrases, schema
from unit.archive.archive_desk import NOW, visit


def day(at: float) -> str:
    return f"day {at:.0f}"


def job(**changes: Any) -> dict[str, Any]:
    return {**Progress(source="file").to_record(), **changes}


def test_a_preview_says_what_when_and_how_many() -> None:
    found = job(format="takeout", visits=1234, firstAt=1, lastAt=2)
    assert phrases.preview(found, day) == (
        "A Google Takeout file with 1,234 visits: day 1 to day 2."
    )
    one = job(format="csv", visits=1, firstAt=1, lastAt=1)
    assert phrases.preview(one, day) == "A table (CSV) with 1 visit: day 1."
    texts.use(source("de"))
    assert phrases.preview(found, day) == (
        "Eine Datei von Google Takeout mit 1.234 Besuchen: day 1 bis day 2."
    )
    assert phrases.preview(one, day) == "Eine Tabelle (CSV) mit 1 Besuch: day 1."


@pytest.mark.parametrize(
    ("changes", "waits"),
    [
        ({"state": "running"}, True),
        ({"state": "done", "visits": 1}, True),
        ({"state": "done", "excluded": 3}, False),
        ({"state": "failed", "visits": 1}, False),
        ({"state": "stopped", "visits": 1}, False),
        ({"state": "done", "visits": 1, "preview": False}, False),
    ],
)
def test_only_what_was_found_in_a_file_waits(changes: dict[str, Any], waits: bool) -> None:
    assert phrases.waits(job(**{"preview": True, **changes})) == waits


def test_what_is_left_out_is_told_with_its_reason() -> None:
    counts = {"known": 1, "doubled": 2, "excluded": 3, "others": 4, "bad": 5}
    assert phrases.aside(job(**counts)) == [
        "1 visit was here before.",
        "2 visits Heyho had recorded itself.",
        "3 visits are left out, since their pages are excluded.",
        "4 entries are no visits of web pages.",
        "5 entries cannot be read, such as:",
    ]
    assert phrases.aside(job()) == []
    problems = [{"number": 7, "reason": "It has no address."}, {"number": None, "reason": "x"}]
    assert phrases.problems(job(problems=problems)) == ["Number 7: It has no address.", "x"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"preview": True, "visits": 2}, "Looking at the file. 2 visits so far."),
        ({"added": 2}, "Importing. Keep this page open. 2 new visits so far."),
        (
            {"source": "history", "added": 1, "lastAt": 5},
            "Importing. You may close this page. 1 new visit, up to day 5.",
        ),
    ],
)
def test_an_import_under_way(changes: dict[str, Any], said: str) -> None:
    under_way = job(**changes)
    assert f"{phrases.under_way(under_way)} {phrases.reached(under_way, day)}" == said


def test_a_lost_import_is_begun_as_it_was_before() -> None:
    assert "Choose the file once more" in phrases.lost(job(source="file"))
    assert "Begin it once more" in phrases.lost(job(source="history"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": "done", "added": 1}, "Imported 1 new visit."),
        ({"state": "done"}, "There was nothing new to import."),
        (
            {"state": "stopped", "added": 3},
            "You stopped the import. 3 new visits are in your history.",
        ),
        ({"state": "failed", "error": "No."}, "No."),
    ],
)
def test_the_end_of_an_import(changes: dict[str, Any], said: str) -> None:
    assert phrases.outcome(job(**changes), day) == said


def test_how_much_is_done() -> None:
    assert phrases.percent(job(read=1, size=3)) == 33
    assert phrases.percent(job(read=9, size=3)) == 100
    assert phrases.percent(job()) == 0


def test_a_deletion_says_what_follows() -> None:
    found = {"visits": 1234, "firstAt": 1, "lastAt": 2, "endsUndo": False}
    assert phrases.warning(found, day) == "This deletes 1,234 visits: day 1 to day 2."
    assert phrases.warning({**found, "endsUndo": True}, day) == (
        "This deletes 1,234 visits: day 1 to day 2. "
        "What you deleted before can then no longer be undone."
    )
    deletion = {"visits": 1, "deadline": NOW + 60_001, "alsoServer": False, "query": {}}
    assert phrases.gone(deletion, NOW) == (
        "1 visit was deleted. You can undo this for 2 more minutes."
    )
    assert "for 10 more minutes" in phrases.gone({**deletion, "deadline": 2 * NOW}, NOW)
    deletion |= {"deadline": NOW + 1, "alsoServer": True}
    assert phrases.gone(deletion, NOW) == (
        "1 visit was deleted. You can undo this for one more minute. "
        "Then your server is asked to delete them too."
    )
    deletion["query"] = {"patterns": ["a.example"]}
    assert phrases.gone(deletion, NOW).endswith("it cannot delete by pattern.")
    going = {"visits": 3000, "total": 12_000}
    assert phrases.moved(going) == "3,000 of 12,000 visits."
    assert phrases.moved_percent(going) == 25
    assert phrases.moved_percent({"visits": 0, "total": None}) == 0
    assert phrases.orders(0, None) == ""
    assert phrases.orders(1, "It is down.") == (
        "Your server has one deletion to carry out. It is down."
    )


@pytest.mark.parametrize(
    ("count", "said", "in_german"),
    [
        (0, "0 kB", "0 kB"),
        (999_400, "999 kB", "999 kB"),
        (999_500, "1.0 MB", "1,0 MB"),
        (12_345_678, "12 MB", "12 MB"),
        (2_345_678_901, "2.3 GB", "2,3 GB"),
        (82_000_000_000_000, "82,000 GB", "82.000 GB"),
    ],
)
def test_bytes(count: float, said: str, in_german: str) -> None:
    assert phrases.size(count) == said
    texts.use(source("de"))
    assert phrases.size(count) == in_german


def test_the_meter() -> None:
    storage = {"visits": 1234, "words": 5, "days": 1, "events": 1, "rejected": 0, "trash": 7}
    assert [value for _, value in phrases.rows(storage)] == [
        "1,234 visits",
        "6 entries",
        "1 event",
        "0 visits",
        "7 visits",
    ]
    assert phrases.room({"usage": None, "quota": None}) == ""
    assert phrases.room({"usage": 1_500_000, "quota": 3_500_000}) == (
        "Heyho takes 1.5 MB on this device. 2.0 MB are free for it."
    )


def test_a_file_has_a_name_by_its_day() -> None:
    assert phrases.file_name("sqlite", "2026-11-25") == "heyho-2026-11-25.sqlite3"


def test_the_exported_database_has_all_columns() -> None:
    visits = [visit(n) for n in range(3)]
    visits[0] |= {"title": "=1+1 'ü'", "tabId": None, "transition": None}
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(schema.TABLE)
        for _ in range(2):  # the same piece twice is there once
            database.execute(schema.FILL, [export(visits, "rows", head=False)])
        database.executescript(schema.INDEXES)
        database.row_factory = sqlite3.Row
        rows = [dict(row) for row in database.execute("SELECT * FROM visits ORDER BY id")]
    assert len(rows) == 3
    first = rows[0]
    assert (first["title"], first["tab_id"], first["transition"]) == ("=1+1 'ü'", None, None)
    assert first["started_at"] == visits[0]["startedAt"]
    assert first["started"] == "2026-11-17T11:06:40.000Z"
    assert json.loads(first["idle_periods"]) == []
    assert first["engagement_rate"] == visits[0]["engagementRate"]
    assert (first["device"], rows[1]["transition"]) == ("device", "link")
