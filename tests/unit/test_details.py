"""Visits as the original HeyHo tells them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heyho.details import CATEGORIES, time_of_text
from heyho.errors import RecordError
from heyho.model import IdlePeriod
from heyho.ports import Record
from heyho.wire import MAX_AT_MS, visit_from_record

T0 = 1_700_000_000_000
LEAST: Record = {"id": "a", "url": "https://www.example.org/read?q=1", "startedAt": T0}


def read(**changes: Any) -> Any:
    return visit_from_record({**LEAST, **changes})


def details(**changes: Any) -> Any:
    return json.loads(read(**changes).details or "null")


def test_the_names_of_old() -> None:
    visit = visit_from_record(
        {
            "visitId": "pv_1",
            "url": "https://example.org/",
            "visited_at": "2023-11-14T22:13:20Z",
            "source_page_visit_id": "pv_0",
            "duration_seconds": 90,
            "engagement_rate": 0.5,
            "idle_periods": [{"start": T0, "end": T0 + 5}],
            "anonymous_client_id": "device",
        }
    )
    assert (visit.id, visit.started_at, visit.ended_at) == ("pv_1", T0, T0 + 90_000)
    assert (visit.active_duration_ms, visit.source_page_visit_id) == (45_000, "pv_0")
    assert visit.idle_periods == (IdlePeriod(T0, T0 + 5, "idle"),)
    assert (visit.anonymous_client_id, visit.title) == ("device", "example.org")


@pytest.mark.parametrize("name", ["visited_at", "opened_at", "timestamp"])
def test_the_start_by_any_name(name: str) -> None:
    assert read(startedAt=None, **{name: T0 + 1}).started_at == T0 + 1
    assert read(**{name: T0 + 1}).started_at == T0


@pytest.mark.parametrize(
    ("changes", "length_ms"),
    [
        ({"closedAt": T0 + 1, "lastHeartbeat": T0 + 2, "duration": 3}, 1),
        ({"closedAt": None, "lastHeartbeat": T0 + 2, "duration": 3}, 2),
        ({"closedAt": "never", "last_heartbeat": "2023-11-14T22:13:20.002Z"}, 2),
        ({"duration": 3, "durationSeconds": 4}, 3),
        ({"duration": "x", "durationSeconds": 4.5}, 4500),
        ({"duration_seconds": 4}, 4000),
        ({"durationSeconds": 1e300}, 86_400_000),
        ({"duration": 10**400}, 86_400_000),
        ({"duration": -5}, 0),
        ({"lastHeartbeat": T0 - 5}, 0),
        ({"endedAt": T0 + 9, "closedAt": T0 + 1}, 9),
        ({}, 0),
    ],
)
def test_a_visit_without_an_end_ends_where_it_was_last_known(
    changes: Record, length_ms: int
) -> None:
    assert read(**changes).duration_ms == length_ms


def test_an_end_stays_within_the_calendar() -> None:
    assert read(startedAt=MAX_AT_MS - 5, duration=60_000).ended_at == MAX_AT_MS - 1


@pytest.mark.parametrize(
    ("idle", "period"),
    [
        (
            {"start": T0, "reason": "idle", "end": T0 + 7, "durationMs": 7, "resumeReason": "x"},
            IdlePeriod(T0, T0 + 7, "idle"),
        ),
        ({"start": T0, "end": None, "durationMs": 7}, IdlePeriod(T0, T0 + 7, "idle")),
        ({"start": T0 + 0.5, "durationMs": 10**400}, IdlePeriod(T0, T0, "idle")),
    ],
)
def test_idle_periods_of_the_original(idle: Record, period: IdlePeriod) -> None:
    assert read(idlePeriods=[idle]).idle_periods == (period,)


def test_categories_and_details_are_kept() -> None:
    visit = read(
        category="work_coding",
        categoryConfidence=0.8,
        categoryMethod="metadata",
        metadata={"hasVideo": False, "wordCount": 10**20, "cut": "\ud83d", "nul": "\\u0000\x00"},
        visitId="other",
        isActive=True,
        lastHeartbeat=T0 + 5,
        scroll_depth=100,
        synced=False,
        syncStatus="pending",
        unheardOf=[1],
    )
    assert visit.category == "work_coding"
    assert json.loads(visit.details) == {
        "categoryConfidence": 0.8,
        "categoryMethod": "metadata",
        "metadata": {
            "hasVideo": False,
            "wordCount": 10**20,
            "cut": "\ufffd",
            "nul": "\\u0000\ufffd",
        },
        "visitId": "other",
        "isActive": True,
        "lastHeartbeat": T0 + 5,
        "scrollDepth": 100,
    }
    assert {read(category=name).category for name in CATEGORIES} == CATEGORIES


def test_what_says_nothing_is_no_detail() -> None:
    assert read(category=None, metadata={}, visitId="a", duration=float("inf")).details is None
    assert details(categoryMethod="x" * 900) == {"categoryMethod": "x" * 500}
    assert details(categoryMethod=[1], isActive=False) == {"isActive": False}


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("category", ["sports", "", 7, ["news"], {}]),
        ("metadata", [[], "x", 7, {"a": "x" * 50_001}, {"a": "é" * 25_001}, {"a": float("inf")}]),
        ("scrollDepth", [-1, 101, "50", True]),
    ],
)
def test_what_is_refused(field: str, values: list[Any]) -> None:
    for value in values:
        with pytest.raises(RecordError) as caught:
            read(**{field: value})
        assert (caught.value.record_id, caught.value.field) == ("a", field)


def test_metadata_nested_beyond_reading_is_refused() -> None:
    nested: Any = {}
    for _ in range(100_000):
        nested = {"a": nested}
    with pytest.raises(RecordError):
        read(metadata=nested)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2023-11-14T22:13:20Z", T0),
        ("2023-11-14T22:13:20.000Z", T0),
        ("2023-11-14T23:13:20+01:00", T0),
        ("2023-11-14 22:13:20", T0),
        ("2023-11-14T22:13:20.123456Z", T0 + 123),
        ("1970-01-01", 0),
        ("", None),
        ("now", None),
        ("2023-13-01", None),
        ("1700000000000", None),
        ("2023-11-14T22:13:20Z" + " " * 50, None),
    ],
)
def test_times_as_text(text: str, at: int | None) -> None:
    assert time_of_text(text) == at


@given(
    st.dictionaries(
        st.sampled_from(
            [
                *("visitId", "closedAt", "lastHeartbeat", "duration", "durationSeconds"),
                *("endedAt", "scrollDepth", "metadata", "category", "timestamp", "idlePeriods"),
            ]
        ),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats()
            | st.text(st.characters(exclude_categories=()), max_size=5)
            | st.sampled_from([10**400, "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00"]),
            lambda inner: (
                st.lists(inner, max_size=2)
                | st.dictionaries(st.sampled_from(["start", "end", "durationMs", "\x00"]), inner)
            ),
            max_leaves=4,
        ),
    )
)
def test_anything_else_is_a_visit_or_named(changes: Record) -> None:
    try:
        visit = read(**changes)
    except RecordError as error:
        assert error.field in changes
        return
    assert T0 == visit.started_at <= visit.ended_at < MAX_AT_MS
    for text in (visit.details or "", visit.title):
        text.encode()
        assert "\x00" not in json.dumps(json.loads(text) if text.startswith("{") else text)
