"""Visits over HTTP."""

from __future__ import annotations

import csv
import io
import json

import httpx
import pytest

from harness.server import ServerProcess
from server.support import START_MS, add_user, send, visit

OTHER = {"authorization": "Bearer the-token-of-another-user"}


@pytest.fixture(scope="module", autouse=True)
def history(server: ServerProcess, client: httpx.Client) -> None:
    """Twelve visits, a second apart, the latest last; another user has none."""
    records = [
        visit(
            f"v{number:02}",
            startedAt=START_MS + 1000 * number,
            endedAt=START_MS + 1000 * number + 500,
            title="Even Café" if number % 2 == 0 else "Odd",
        )
        for number in range(12)
    ]
    assert send(client, records).status_code == 200
    add_user(server.data_dir, "the-token-of-another-user")


def ids(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [record["id"] for record in response.json()["visits"]]


def test_a_visit_comes_back_as_it_was_sent(client: httpx.Client) -> None:
    sent = visit("whole", startedAt=START_MS - 1, sourcePageVisitId="before", seq=12)
    send(client, [sent])
    got = client.get("/visits/whole").json()
    assert got.pop("syncedAt") > START_MS
    assert (got.pop("category"), got.pop("details")) == (None, None)
    duration = sent["endedAt"] - sent["startedAt"]
    assert got == {
        **sent,
        "durationSeconds": duration / 1000,
        "engagementRate": sent["activeDuration"] / duration,
    }


def test_pages_follow_one_another(client: httpx.Client) -> None:
    found, cursor = [], ""
    while cursor is not None:
        page = client.get(
            "/visits", params={"limit": 5, "q": "cafe", "from": START_MS, "cursor": cursor}
        )
        found += ids(page)
        cursor = page.json()["next"]
    assert found == [f"v{number:02}" for number in range(10, -1, -2)]


def test_times_are_numbers_or_iso(client: httpx.Client) -> None:
    asked = {"from": "2023-11-14T22:13:22+00:00", "to": str(START_MS + 4000), "order": "asc"}
    assert ids(client.get("/visits", params=asked)) == ["v02", "v03"]
    assert ids(client.get("/visits?from=2023-11-14T23:13:29%2B01:00&order=asc&limit=1")) == ["v09"]


def test_anothers_visits_are_not_there(server: ServerProcess, client: httpx.Client) -> None:
    cursor = client.get("/visits", params={"limit": 3}).json()["next"]
    with httpx.Client(base_url=server.base, headers=OTHER, timeout=60) as other:
        assert ids(other.get("/visits", params={"cursor": cursor, "q": "odd"})) == []
        answers = [other.get(f"/visits/{visit_id}") for visit_id in ("v01", "nothing", "%00")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1


def test_nothing_is_told_without_a_token(server: ServerProcess) -> None:
    for path in ("/visits", "/visits?limit=x", "/visits/v01", "/visits?q=odd"):
        assert httpx.get(f"{server.base}{path}").status_code == 401


@pytest.mark.parametrize(
    "asked",
    [
        *("limit=0", "limit=1001", "limit=ten", "limit=99999999999999999999999", "limit=%D9%A3"),
        *("order=up", "from=yesterday", "to=%00", "from=1e400", "from=2026-13-01", "cursor=x"),
        *("from=2026", "to=202601", "to=20260131%20"),
        *("cursor=%00", "cursor=MQ==", "cursor=LTEgYQ==", "cursor=" + "A" * 5000, "domain=%00"),
        *("device=" + "d" * 2000, "cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5OSBh", "category=a%00"),
    ],
)
def test_a_value_that_is_none_is_refused_with_a_sentence(client: httpx.Client, asked: str) -> None:
    refused = client.get(f"/visits?{asked}")
    assert refused.status_code == 400, refused.text
    assert refused.json()["error_code"] == "BAD_QUERY"
    assert refused.json()["message"].endswith(".")


@pytest.mark.parametrize(
    "asked",
    [
        *("from=-99999999999999999", "to=999999999999999999", "q=%00", "q=%ED%A0%80", "q=%22%27"),
        *("domain=%ED%A0%80", "device=%ff", "from=0001-01-01", "q=" + "%22" * 2000, "limit=&to="),
    ],
)
def test_odd_values_are_answered(client: httpx.Client, asked: str) -> None:
    assert client.get(f"/visits?{asked}").status_code == 200


def test_a_deletion_is_counted_first_and_then_listed(client: httpx.Client) -> None:
    send(client, [visit(f"d{number}", domain="gone.example") for number in range(3)])
    asked = {"domain": "gone.example", "from": "2001-01-01", "to": START_MS + 1}
    counted = client.post("/data/deletions", json={**asked, "dryRun": True})
    assert (counted.status_code, counted.json()) == (200, {"wouldDelete": 3})
    done = client.post("/data/deletions", json=asked).json()
    assert (done["visits"], done["to"]) == (3, START_MS + 1)
    assert client.get("/data/deletions").json() == {"deletions": [done], "next": None}
    later = client.post("/data/deletions", json={**asked, "from": START_MS}).json()
    first = client.get("/data/deletions?limit=1").json()
    second = client.get(f"/data/deletions?limit=1&cursor={first['next']}").json()
    assert [first["deletions"], second] == [[later], {"deletions": [done], "next": None}]
    for odd in ("limit=1001", "limit=0", "cursor=x"):
        assert client.get(f"/data/deletions?{odd}").status_code == 400
    assert ids(client.get("/visits?domain=gone.example")) == []


def test_a_deletion_of_too_many_labels_is_refused(client: httpx.Client) -> None:
    for dry in (True, False):
        asked = {"domain": "a." * 15 + "example", "dryRun": dry}
        assert client.post("/data/deletions", json=asked).is_success
        refused = client.post("/data/deletions", json={**asked, "domain": "a." * 16 + "example"})
        assert (refused.status_code, refused.json()["error_code"]) == (400, "BAD_QUERY")
        assert "at most 16 labels" in refused.json()["message"]


def test_a_visit_is_deleted_once(server: ServerProcess, client: httpx.Client) -> None:
    send(client, [visit("single")])
    assert httpx.delete(f"{server.base}/visits/single", headers=OTHER).status_code == 404
    assert [client.delete("/visits/single").status_code for _ in range(2)] == [204, 404]


@pytest.mark.parametrize(
    "body",
    [
        *("", "[]", "{}", '{"everything": true, "domain": "a"}', '{"everything": "yes"}'),
        *('{"from": 5, "to": 5}', '{"from": "soon"}', '{"domain": "a\\u0000"}', '{"a": 1}'),
        *('{"from": "20260131"}', '{"to": "202601"}', '{"to": " 2026"}'),
        *('{"domain": "\\ud800"}', '{"to": 1e999}', "[" * 5000, '{"dryRun": true}', "\xff"),
    ],
)
def test_what_is_no_deletion_deletes_nothing(client: httpx.Client, body: str) -> None:
    before = client.get("/data/summary").json()["visits"]
    refused = client.post("/data/deletions", content=body.encode("latin-1"))
    assert refused.status_code == 400, refused.text
    assert refused.json()["error_code"] in ("BAD_QUERY", "BAD_BODY")
    assert client.get("/data/summary").json()["visits"] == before


def test_a_json_number_is_milliseconds_however_long_it_is(client: httpx.Client) -> None:
    asked = {"from": 2026, "to": 20260131, "dryRun": True}
    counted = client.post("/data/deletions", json=asked)
    assert (counted.status_code, counted.json()) == (200, {"wouldDelete": 0})


def test_syncs_are_read(server: ServerProcess, client: httpx.Client) -> None:
    assert "syncs" in client.get("/data/syncs", params={"device": 1, "limit": 2}).json()
    assert client.get("/data/syncs?device=99999999999").status_code == 400
    assert client.get("/data/syncs?limit=100").is_success
    assert client.get("/data/syncs?limit=101").status_code == 400
    assert httpx.get(f"{server.base}/data/syncs").status_code == 401


def test_figures_are_of_a_zone(client: httpx.Client) -> None:
    asked = {"from": START_MS, "to": START_MS + 2000}
    figures = client.get("/data/figures", params={**asked, "zone": "Asia/Tokyo"}).json()
    assert (figures["visits"], figures["activeMs"], figures["zone"]) == (2, 1000, "Asia/Tokyo")
    assert figures["days"] == [{"day": "2023-11-15", "visits": 2, "activeMs": 1000}]
    assert figures["hours"] == [{"weekday": 2, "hour": 7, "visits": 2, "activeMs": 1000}]


@pytest.mark.parametrize("zone", ["Nowhere", "../etc/passwd", "%00", "/UTC", "Europe", "a" * 5000])
def test_an_unknown_zone_is_refused(client: httpx.Client, zone: str) -> None:
    refused = client.get(f"/data/figures?zone={zone}")
    assert (refused.status_code, refused.json()["error_code"]) == (400, "BAD_QUERY")


def test_an_export_is_a_file_of_what_is_meant(client: httpx.Client) -> None:
    aggregate = {"startTime": START_MS, "tabId": 7, "lastActiveTime": START_MS + 5}
    send(client, [visit("=1+1", title="=cmd()", startedAt=START_MS - 5)], [aggregate])
    asked = {"to": START_MS + 2000, "from": START_MS - 5}
    lines = client.get("/data/export", params={**asked, "records": "all"})
    assert lines.headers["content-disposition"] == 'attachment; filename="heyho.jsonl"'
    *found, last = [json.loads(line) for line in lines.text.splitlines()]
    assert [record["id"] for record in found if record["id"] != "whole"] == ["=1+1", "v00", "v01"]
    assert last["tabAggregate"]["tabId"] == 7
    table = client.get("/data/export", params={**asked, "format": "csv", "q": "cmd"})
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    head, cells = csv.reader(io.StringIO(table.text))
    assert dict(zip(head, cells, strict=True))["title"] == "'=cmd()"
    for odd in ("format=xml", "records=x", "format=csv&records=all"):
        assert client.get(f"/data/export?{odd}").status_code == 400
