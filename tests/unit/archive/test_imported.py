"""What other browsers and files tell, as records."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from harness.texts import source
from heyho import texts
from heyho.archive.imported import Importer, LeftOut, read_time
from heyho.errors import RecordError
from heyho.exclusions import Exclusions
from heyho.wire import visit_from_record

NOW = 1_795_000_000_000
AT = 1_700_000_000_123


def importer(*excluded: str) -> Importer:
    return Importer(client_id="device", exclusions=Exclusions(excluded), now_ms=NOW)


def entry(**changes: Any) -> dict[str, Any]:
    return {"url": "https://www.a.example/1?q=2", "title": " A  title ", "time": AT, **changes}


def test_a_record_is_what_the_wire_has() -> None:
    record = importer().read(entry(page_transition="FORM_SUBMIT"))
    assert isinstance(record, dict)
    visit = visit_from_record(record)
    assert (visit.url, visit.title) == ("https://www.a.example/1?q=2", "A title")
    assert (visit.started_at, visit.ended_at, visit.duration_ms) == (AT, AT, 0)
    assert (visit.domain, visit.transition, visit.tab_id) == ("a.example", "form_submit", None)
    assert visit.anonymous_client_id == "device"
    assert UUID(visit.id).version == 7


def test_the_same_page_at_the_same_time_has_the_same_id_whoever_tells_of_it() -> None:
    one = importer().read({"url": "https://a.example/", "time_usec": AT * 1000 + 456})
    two = Importer(client_id="other", exclusions=Exclusions(()), now_ms=NOW).read(
        {"URL": "https://a.example/", "Visit Time": "2023-11-14T22:13:20.123Z", "Title": "x"}
    )
    assert isinstance(one, dict)
    assert isinstance(two, dict)
    assert one["id"] == two["id"]
    other = importer().read({"url": "https://a.example/", "time": AT + 1})
    assert isinstance(other, dict)
    assert other["id"] != one["id"]


@pytest.mark.parametrize(
    ("value", "at"),
    [
        (1_700_000_000, 1_700_000_000_000),
        (1_700_000_000.5, 1_700_000_000_500),
        ("1700000000", 1_700_000_000_000),
        (AT, AT),
        (str(AT), AT),
        (AT * 1000 + 999, AT),
        (str(AT * 1000), AT),
        ((AT + 11_644_473_600_000) * 1000, AT),
        ("2023-11-14T22:13:20.123Z", AT),
        ("2023-11-14 23:13:20.123+01:00", AT),
        ("2023-11-14", 1_699_920_000_000),
        ("yesterday", None),
        ("", None),
        (True, None),
        (-1, None),
        (float("nan"), None),
        (None, None),
    ],
    ids=repr,
)
def test_times(value: object, at: int | None) -> None:
    assert read_time(value) == at


def test_a_day_and_a_time_may_have_a_column_each() -> None:
    record = importer().read(
        {"url": "https://a.example/", "date": "2023-11-14", "time": "22:13:20"}
    )
    assert isinstance(record, dict)
    assert record["startedAt"] == 1_700_000_000_000


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"url": "chrome://settings"}, "other"),
        ({"url": "file:///etc/passwd"}, "other"),
        ({"url": "https://bank.example/login"}, "excluded"),
        ({"url": "https://user:secret@www.bank.example/"}, "excluded"),
        ({"transition": "auto_subframe"}, "other"),
        ({"tabAggregate": {}}, "other"),
    ],
)
def test_what_is_left_out(changes: dict[str, Any], why: str) -> None:
    assert importer("bank.example").read(entry(**changes)) == LeftOut(why)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"title": "x", "time": AT}, "no address"),
        ({"url": "https://a.example/"}, "no time"),
        (entry(time=1), "before the web"),
        (entry(time=NOW + 2 * 86_400_000), "in the future"),
        (entry(url="https://a.example/" + "x" * 5000), "too long"),
        (5, "no JSON object"),
    ],
)
def test_what_cannot_be_a_visit(broken: object, reason: str) -> None:
    with pytest.raises(RecordError, match=reason):
        importer().read(broken)


def test_credentials_are_left_out() -> None:
    record = importer().read(entry(url="https://me:secret@a.example/"))
    assert isinstance(record, dict)
    assert "secret" not in str(record)


def test_what_heyho_has_exported_keeps_its_id_and_all_it_has() -> None:
    own = {
        "id": "0199-own",
        "url": "https://a.example/",
        "title": "",
        "startedAt": AT,
        "endedAt": AT + 5000,
        "activeDuration": 2000,
        "idlePeriods": [{"start": AT, "end": AT + 3000, "reason": "hidden"}],
        "tabId": 4,
        "anonymousClientId": "another device",
        "category": "news",
        "details": {"scrollDepth": 40},
        "seq": 17,
    }
    record = importer().read(own)
    assert isinstance(record, dict)
    assert "seq" not in record
    assert (record["id"], record["tabId"], record["durationSeconds"]) == ("0199-own", 4, 5)
    assert (record["category"], record["scrollDepth"]) == ("news", 40)
    assert record["anonymousClientId"] == "another device"
    assert visit_from_record(record) == visit_from_record({**own, "scrollDepth": 40, "seq": None})


def own(**changes: Any) -> dict[str, Any]:
    """A visit as Heyho exports it."""
    visit = {"id": "own-1", "url": "https://a.example/", "title": "A", "domain": "a.example"}
    return {**visit, "startedAt": AT, "endedAt": AT + 1000, **changes}


def test_no_file_brings_credentials_or_gets_round_an_exclusion_by_them() -> None:
    record = importer().read(own(url="https://ada:secret@a.example/x"))
    assert isinstance(record, dict)
    assert record["url"] == "https://a.example/x"
    excluded = own(url="https://ada@bank.example/")
    assert importer("bank.example").read(excluded) == LeftOut("excluded")
    with pytest.raises(RecordError):
        importer("bank.example").read(own(url="https://ada@mail@bank.example/"))


def test_a_visit_belongs_to_the_site_of_its_address_whatever_a_file_says() -> None:
    record = importer().read(own(url="https://evil.example/", domain="bank.example"))
    assert isinstance(record, dict)
    assert record["domain"] == "evil.example"


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "javascript:alert(1)"},
        {"url": "data:text/html,<script>alert(1)</script>"},
        {"url": "https://a.example/\x00"},
        {"url": "https://a.example/ \nb"},
        {"url": "https://a.example/\ud800"},
        {"url": "https://"},
        {"url": "https://[a.example/"},
        {"url": "https://a.example/" + 100_000 * "x"},
        {"transition": 100_000 * "x"},
        {"anonymousClientId": 100_000 * "x"},
        {"sourcePageVisitId": 100_000 * "x"},
        {"idlePeriods": [[]]},
        {"startedAt": 1e300},
        {"activeDuration": float("nan")},
    ],
)
def test_what_a_hostile_file_holds_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(RecordError):
        importer().read(own(**changes))


def test_it_is_refused_in_the_persons_language() -> None:
    texts.use(source("de"))
    with pytest.raises(RecordError, match="lässt sich nicht aufbewahren"):
        importer().read(own(activeDuration=-1))
