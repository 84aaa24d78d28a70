"""The wire: what is written can be read, and whatever else comes is refused by name."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heyho.errors import (
    RecordError,
)
from heyho.model import IdlePeriod, Visit
from heyho.ports import Record
from heyho.wire import (
    MAX_AT_MS,
    MAX_DOMAIN,
    MAX_ID,
    MAX_IDLE_PERIODS,
    MAX_TITLE,
    MAX_URL,
    domain_of,
    visit_from_record,
    visit_to_record,
)

T0 = 1_700_000_000_000
VISIT = Visit(
    id="0190a1b2-0000-7000-8000-000000000001",
    url="https://www.example.com/path?q=1#part",
    title="A page",
    domain="example.com",
    started_at=T0,
    ended_at=T0 + 10_000,
    active_duration_ms=4000,
    idle_periods=(IdlePeriod(T0 + 1000, T0 + 7000, "hidden"),),
    tab_id=7,
    window_id=1,
    transition="typed",
    source_page_visit_id="0190a1b2-0000-7000-8000-000000000000",
    anonymous_client_id="device",
    seq=12,
)

keepable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
ids = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=MAX_ID)
words = keepable.map(lambda text: text[:MAX_ID])
times = st.integers(0, MAX_AT_MS - 1)
numbers = st.none() | st.integers(-(2**53) + 1, 2**53 - 1)


@st.composite
def visits(draw: st.DrawFn) -> Visit:
    """Any visit that there can be."""
    started_at, ended_at = sorted([draw(times), draw(times)])
    pairs = draw(st.lists(st.tuples(times, times, keepable.filter(bool)), max_size=3))
    host = draw(st.from_regex(r"[a-v0-9]{1,20}(\.[a-z0-9]{1,20}){0,3}", fullmatch=True))
    return Visit(
        id=draw(ids),
        url=f"{draw(st.sampled_from(['http', 'HTTPS']))}://{host}/{draw(keepable)}"[:MAX_URL],
        title=draw(keepable)[:MAX_TITLE],
        domain=host,
        started_at=started_at,
        ended_at=ended_at,
        active_duration_ms=draw(st.integers(0, ended_at - started_at)),
        idle_periods=tuple(
            IdlePeriod(min(one, other), max(one, other), reason[:32])
            for one, other, reason in pairs
        ),
        tab_id=draw(numbers),
        window_id=draw(numbers),
        transition=draw(st.none() | words),
        source_page_visit_id=draw(st.none() | words),
        anonymous_client_id=draw(words),
        seq=draw(numbers),
    )


def through_json(record: Record) -> Any:
    return json.loads(json.dumps(record))


class TestRecords:
    @given(visits())
    def test_what_is_written_is_read(self, visit: Visit) -> None:
        assert visit_from_record(through_json(visit_to_record(visit))) == visit

    def test_the_names_on_the_wire(self) -> None:
        assert visit_to_record(VISIT) == {
            "id": "0190a1b2-0000-7000-8000-000000000001",
            "url": "https://www.example.com/path?q=1#part",
            "title": "A page",
            "domain": "example.com",
            "startedAt": T0,
            "endedAt": T0 + 10_000,
            "durationSeconds": 10.0,
            "activeDuration": 4000,
            "engagementRate": 0.4,
            "idlePeriods": [{"start": T0 + 1000, "end": T0 + 7000, "reason": "hidden"}],
            "tabId": 7,
            "windowId": 1,
            "transition": "typed",
            "sourcePageVisitId": "0190a1b2-0000-7000-8000-000000000000",
            "anonymousClientId": "device",
            "seq": 12,
        }

    def test_a_visit_has_no_number_before_it_is_stored(self) -> None:
        visit = Visit(id="a", url="http://a/", title="", domain="a", started_at=5, ended_at=5)
        record = visit_to_record(visit)
        assert "seq" not in record
        assert record["engagementRate"] == 0

    def test_the_least_that_is_a_visit(self) -> None:
        visit = visit_from_record({"id": "a", "url": "http://www.A.example:80/", "startedAt": T0})
        assert visit == Visit(
            id="a",
            url="http://www.A.example:80/",
            title="www.A.example:80",
            domain="a.example",
            started_at=T0,
            ended_at=T0,
        )

    @pytest.mark.parametrize(
        ("changes", "attribute", "value"),
        [
            ({"title": None}, "title", "www.example.com/path"),
            ({"title": ""}, "title", ""),
            ({"title": "x" * 501}, "title", "x" * MAX_TITLE),
            ({"title": "cut \ud83d"}, "title", "cut \ufffd"),
            ({"title": "nul\x00"}, "title", "nul\ufffd"),
            ({"domain": None}, "domain", "example.com"),
            ({"domain": ""}, "domain", "example.com"),
            ({"domain": "www.shop.example"}, "domain", "shop.example"),
            ({"domain": "WWW.Shop.Example"}, "domain", "shop.example"),
            ({"domain": "d" * 300}, "domain", "d" * MAX_DOMAIN),
            ({"endedAt": T0 - 1}, "ended_at", T0),
            ({"endedAt": None}, "ended_at", T0 + 10_000),
            ({"endedAt": None, "durationSeconds": None}, "ended_at", T0),
            ({"startedAt": T0 + 0.75}, "started_at", T0),
            ({"activeDuration": 99_999}, "active_duration_ms", 10_000),
            ({"activeDuration": None}, "active_duration_ms", 4000),
            ({"activeDuration": None, "engagementRate": None}, "active_duration_ms", 0),
            ({"activeDuration": 17.9}, "active_duration_ms", 17),
            ({"engagementRate": None}, "engagement_rate", 0.4),
            ({"engagementRate": 1}, "engagement_rate", 0.4),
            ({"anonymousClientId": None}, "anonymous_client_id", "the batch's"),
            ({"anonymousClientId": ""}, "anonymous_client_id", "the batch's"),
            ({"tabId": 7.0}, "tab_id", 7),
            ({"idlePeriods": None}, "idle_periods", ()),
            ({"category": "news", "unheard-of": [1]}, "tab_id", 7),
            (
                {"idlePeriods": [{"start": T0, "end": None}]},
                "idle_periods",
                (IdlePeriod(T0, T0, "idle"),),
            ),
            (
                {"idlePeriods": [{"start": T0, "end": T0 + 1.5, "reason": "r" * 33}]},
                "idle_periods",
                (IdlePeriod(T0, T0 + 1, "r" * 32),),
            ),
        ],
    )
    def test_what_is_put_right(self, changes: Record, attribute: str, value: object) -> None:
        record = {**visit_to_record(VISIT), **changes}
        assert getattr(visit_from_record(record, client_id="the batch's"), attribute) == value

    @pytest.mark.parametrize(
        ("field", "values", "reason"),
        [
            (
                "id",
                [None, "", 7, "a b", "é", "a\n", "x" * (MAX_ID + 1)],
                "id must be 1 to 128 printable ASCII characters without spaces.",
            ),
            ("url", [None, "", 7], "url is missing."),
            ("url", ["https://a/" + "x" * MAX_URL], "url is longer than 2048 characters."),
            (
                "url",
                [
                    "ftp://a.example/",
                    "file:///etc/passwd",
                    "javascript:alert(1)",
                    " https://a.example/",
                    "a.example",
                    "https:///path",
                    "https://[::1/",
                ],
                "url must be an http or https address.",
            ),
            (
                "url",
                ["https://a.example/\x00", "https://a.example/\ud83d"],
                "url holds characters that no database can keep.",
            ),
            ("startedAt", [None], "startedAt is missing."),
            (
                "startedAt",
                [-1, MAX_AT_MS, True, "now", [], float("nan"), float("inf"), 10**400],
                "startedAt must be a time in epoch milliseconds, or ISO 8601.",
            ),
            (
                "endedAt",
                [-1, MAX_AT_MS, False, {}, "", "1969-12-31", "\ud800", float("-inf")],
                "endedAt must be a time in epoch milliseconds, or ISO 8601.",
            ),
            (
                "engagementRate",
                [-0.01, 1.01, "0.5", True, float("nan")],
                "engagementRate must be a number from 0 to 1.",
            ),
            (
                "activeDuration",
                [-1, "5", True, float("inf")],
                "activeDuration must be a number of milliseconds, 0 or more.",
            ),
            ("title", [5, ["a"]], "title must be text."),
            ("domain", [5], "domain must be text."),
            ("transition", [5], "transition must be text."),
            ("sourcePageVisitId", [{}], "sourcePageVisitId must be text."),
            ("anonymousClientId", [7], "anonymousClientId must be text."),
            (
                "transition",
                ["\ud800", "a\x00"],
                "transition holds characters that no database can keep.",
            ),
            *(
                (field, ["x" * (MAX_ID + 1)], f"{field} is longer than 128 characters.")
                for field in ("transition", "sourcePageVisitId", "anonymousClientId")
            ),
            ("tabId", ["7", 7.5, True, 2**53, float("nan")], "tabId must be a whole number."),
            ("windowId", [[]], "windowId must be a whole number."),
            ("seq", [-(2**53), 1e300], "seq must be a whole number."),
            (
                "idlePeriods",
                ["none", {}, [{}] * (MAX_IDLE_PERIODS + 1)],
                "idlePeriods must be a list of at most 1000.",
            ),
            (
                "idlePeriods",
                [
                    [None],
                    [[T0, T0]],
                    [{}],
                    [{"start": 2, "end": 1}],
                    [{"start": 1, "end": MAX_AT_MS}],
                    [{"start": -1, "end": 1}],
                    [{"start": 1, "end": 2, "reason": 3}],
                ],
                "Each of idlePeriods must be {start, end, reason}, times in order.",
            ),
            (
                "idlePeriods",
                [[{"start": 1, "end": 2, "reason": "\ud800"}]],
                "idlePeriods holds characters that no database can keep.",
            ),
        ],
    )
    def test_what_is_refused(self, field: str, values: list[Any], reason: str) -> None:
        for value in values:
            with pytest.raises(RecordError) as caught:
                visit_from_record({**visit_to_record(VISIT), field: value})
            error = caught.value
            assert (error.field, error.reason, error.sentence) == (field, reason, reason)
            assert error.record_id == (None if field == "id" else VISIT.id)

    @given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
    def test_what_is_no_object_is_no_record(self, value: object) -> None:
        with pytest.raises(RecordError) as caught:
            visit_from_record(value)
        assert (caught.value.record_id, caught.value.field) == (None, "record")

    @given(st.data())
    def test_anything_is_a_visit_or_a_record_error(self, data: st.DataObject) -> None:
        """Records with anything in them, some of it right so that the rest is looked at."""
        anything = st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["start", "end", "reason"]), inner)
            ),
            max_leaves=5,
        )
        right = visit_to_record(VISIT)
        record = {**right, **data.draw(st.dictionaries(st.sampled_from(sorted(right)), anything))}
        try:
            visit = visit_from_record(record)
        except RecordError as error:
            assert error.field in record
            return
        assert 0 <= visit.started_at <= visit.ended_at < MAX_AT_MS
        assert 0 <= visit.active_duration_ms <= visit.duration_ms
        assert 0 <= visit.engagement_rate <= 1
        assert len(visit.title) <= MAX_TITLE
        assert len(visit.domain) <= MAX_DOMAIN
        assert visit_from_record(through_json(visit_to_record(visit))) == visit


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://www.Example.COM:8443/path", "example.com"),
        ("https://www.www.example/", "www.example"),
        ("https://wwwx.example/", "wwwx.example"),
        ("https://name:secret@host.example/", "host.example"),
        ("http://127.0.0.1:80/", "127.0.0.1"),
        ("http://[::1]:80/", "::1"),
        ("http://" + "a" * 300 + "/", "a" * MAX_DOMAIN),
        ("https:///path", ""),
        ("nothing", ""),
        ("", ""),
        ("https://[", ""),
    ],
)
def test_domain_of(url: str, domain: str) -> None:
    assert domain_of(url) == domain


@given(st.from_regex(r"(?i)https?://([a-z0-9.-]{0,9}@)?[a-z0-9.-]{1,9}(:[0-9]{0,3})?[/?#]?\w{0,3}"))
def test_the_short_way_to_a_domain_is_the_long_way(url: str) -> None:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    assert domain_of(url) == host.lower().removeprefix("www.")
