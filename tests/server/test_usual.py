"""The quick way to read a batch: it stores what the slow way stores, or leaves it to that."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heyho.model import IdlePeriod, Visit
from heyho.wire import MAX_TITLE, MAX_URL, visit_to_record
from heyho_server.incoming.batches import read_any, read_batch
from heyho_server.incoming.rows import VisitRow
from heyho_server.incoming.usual import read_usual
from heyho_server.storage.tables import visits
from server.support import visit

T0 = 1_700_000_000_000
MAX_RECORDS = 5
WORDS = ("transition", "sourcePageVisitId", "anonymousClientId")

_texts = st.one_of(st.none(), st.just(""), st.text(max_size=40), st.just("x" * (MAX_TITLE + 1)))
_numbers = st.one_of(
    st.none(),
    st.integers(-1, 3),
    st.integers(T0, T0 + 9),
    st.sampled_from([2**53, -(2**53), 2**53 - 1, 10**30, 1.5, 2.0, -0.0, 1e300, True]),
)
_urls = st.sampled_from(
    [
        "https://a.example/",
        "HTTPS://WWW.A.Example:8080/x#y",
        "http://www./",
        "http://user@a.example/",
        "http://[::1]/",
        "ftp://a.example/",
        "https://a.example/" + "x" * MAX_URL,
        "https://ä.example/\x00",
        "",
        None,
    ]
)
_ids = st.one_of(
    st.sampled_from(["a", "a\n", "a b", "", "ä", "x" * 128, "x" * 129, None, 7]),
    st.uuids().map(str),
)
_idle = st.one_of(
    st.fixed_dictionaries(
        {"start": _numbers}, optional={"end": _numbers, "reason": _texts, "more": _texts}
    ),
    st.just("idle"),
)
_records = st.one_of(
    st.fixed_dictionaries(
        {"id": _ids, "url": _urls, "startedAt": _numbers},
        optional={
            "title": _texts,
            "domain": _texts,
            "endedAt": _numbers,
            "activeDuration": _numbers,
            "engagementRate": st.one_of(_numbers, st.floats(0, 1)),
            "idlePeriods": st.one_of(st.none(), st.lists(_idle, max_size=3)),
            "tabId": _numbers,
            "windowId": _numbers,
            "transition": _texts,
            "sourcePageVisitId": _texts,
            "anonymousClientId": _texts,
            "seq": _numbers,
            "more": _texts,
        },
    ),
    st.just(7),
)
_sound = st.fixed_dictionaries(
    {"id": st.uuids().map(str), "url": st.just("https://a.example/"), "startedAt": st.just(T0)},
    optional={
        "title": _texts,
        "domain": _texts,
        "endedAt": st.integers(T0 - 5, T0 + 5),
        "activeDuration": st.integers(0, 9),
        "idlePeriods": st.lists(
            st.fixed_dictionaries({"start": st.just(3), "end": st.integers(2, 9)}), max_size=2
        ),
        "anonymousClientId": _texts,
        "seq": st.integers(0, 9),
    },
)
_bodies = st.fixed_dictionaries(
    {},
    optional={
        "pageVisits": st.one_of(
            st.none(), st.lists(_sound, max_size=3), st.lists(_records, max_size=MAX_RECORDS)
        ),
        "anonymousClientId": st.one_of(_texts, st.just("\u2028")),
        "tabAggregates": st.one_of(st.none(), st.lists(st.integers(), max_size=2)),
    },
)


@given(_bodies, st.booleans())
def test_both_ways_store_the_same(body: dict[str, Any], ascii_only: bool) -> None:
    text = json.dumps(body, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    rows = read_usual(text, max_records=MAX_RECORDS)
    if rows is None:
        return
    batch = read_any(json.loads(text), max_records=MAX_RECORDS)
    assert (rows, []) == (batch.visits, batch.rejected)
    assert batch.aggregates == []


def test_what_the_extension_sends_goes_the_quick_way() -> None:
    idle = (IdlePeriod(T0, T0 + 5, "hidden"), IdlePeriod(T0 + 7, T0 + 9, "sleep"))
    page = Visit(
        id="0197",
        url="https://www.a.example/ä?q=1#x",
        title="Ä page — “quoted”",
        domain="a.example",
        started_at=T0,
        ended_at=T0 + 60_000,
        active_duration_ms=45_000,
        idle_periods=idle,
        tab_id=7,
        window_id=1,
        transition="link",
        source_page_visit_id="0196",
        anonymous_client_id="device",
        seq=3,
    )
    body: dict[str, Any] = {"anonymousClientId": "device", "tabAggregates": []}
    body["pageVisits"] = [visit_to_record(page), visit("another")]
    rows = read_usual(json.dumps(body).encode(), max_records=1000)
    assert rows is not None
    assert rows == read_any(body, max_records=1000).visits
    assert rows[0].idle_periods == f'[[{T0},{T0 + 5},"hidden"],[{T0 + 7},{T0 + 9},"sleep"]]'


def test_the_longest_words_go_the_quick_way() -> None:
    records = [visit(name, **{name: "\N{GRINNING FACE}" * 128}) for name in WORDS]
    rows = read_usual(json.dumps({"pageVisits": records}).encode(), max_records=3)
    assert rows == read_any({"pageVisits": records}, max_records=3).visits


@pytest.mark.parametrize(
    ("changes", "stored"),
    [
        ({"url": "http://user@a.example/"}, 2),
        ({"startedAt": T0 + 0.5}, 2),
        ({"title": "cut \ud83d"}, 2),
        ({"id": "a\n"}, 1),
        ({"title": 7}, 1),
        *(({name: "x" * 129}, 1) for name in WORDS),
    ],
)
def test_one_unusual_record_is_read_the_slow_way(changes: dict[str, Any], stored: int) -> None:
    body = {"pageVisits": [visit("good"), {**visit("odd"), **changes}]}
    text = json.dumps(body).encode()
    assert read_usual(text, max_records=2) is None
    batch = read_batch(text, max_records=2)
    assert (len(batch.visits), len(batch.rejected)) == (stored, 2 - stored)


def test_rows_have_the_columns_of_the_table() -> None:
    assert ("user_id", *VisitRow._fields, "stored_at") == tuple(visits.columns.keys())
