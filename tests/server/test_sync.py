"""What happens to the records of a batch."""

from __future__ import annotations

import json

import httpx
import pytest

from harness.server import ServerProcess
from heyho.replies import read_sync_reply
from server.support import add_user, rows, send, visit

OTHER_TOKEN = "the-token-of-another-user"


def synced(response: httpx.Response) -> int:
    assert response.status_code == 200, response.text
    count: int = response.json()["data"]["page_visits_synced"]
    return count


def test_a_visit_is_stored_whole(server: ServerProcess, client: httpx.Client) -> None:
    record = visit("whole", sourcePageVisitId="before", seq=12)
    assert synced(send(client, [record])) == 1
    stored = rows(
        server.data_dir,
        "SELECT url, title, domain, started_at, ended_at, active_duration_ms, idle_periods, "
        "tab_id, window_id, transition, source_page_visit_id, anonymous_client_id, seq "
        "FROM visits WHERE id = 'whole'",
    )
    (row,) = stored
    idle = record["idlePeriods"][0]
    assert json.loads(row[6]) == [[idle["start"], idle["end"], idle["reason"]]]
    assert [*row[:6], *row[7:]] == [
        record[name]
        for name in (
            *("url", "title", "domain", "startedAt", "endedAt", "activeDuration"),
            *("tabId", "windowId", "transition", "sourcePageVisitId", "anonymousClientId", "seq"),
        )
    ]


def test_the_reply_has_the_original_shape_and_is_an_acknowledgement(client: httpx.Client) -> None:
    response = send(client, [visit("shape")])
    assert response.json() == {
        "success": True,
        "message": "Data synced successfully",
        "data": {
            "page_visits_synced": 1,
            "page_visits_deleted": 0,
            "tab_aggregates_synced": 0,
            "rejected_records_count": 0,
            "data_quality_score": 100.0,
            "validation_errors": [],
        },
    }
    assert read_sync_reply(200, response.json(), sent=1).stored == 1


def test_a_bad_record_among_good_ones_is_named_with_its_reason(
    server: ServerProcess, client: httpx.Client
) -> None:
    batch = [visit("good-1"), {**visit("no-url"), "url": None}, visit("good-2")]
    response = send(client, batch)
    data = response.json()["data"]
    assert (response.status_code, data["page_visits_synced"]) == (200, 2)
    assert data["rejected_records_count"] == 1
    (error,) = data["validation_errors"]
    assert error.pop("timestamp").startswith("20")
    assert error == {
        "record_id": "no-url",
        "record_type": "page_visit",
        "index": 1,
        "field": "url",
        "message": "url is missing.",
    }
    stored = rows(
        server.data_dir, "SELECT id FROM visits WHERE id IN ('good-1', 'no-url', 'good-2')"
    )
    assert sorted(stored) == [("good-1",), ("good-2",)]


def test_a_batch_of_bad_records_alone_is_400_and_names_them(client: httpx.Client) -> None:
    response = send(client, [visit("bad-1", url="ftp://a.org/"), visit("bad-2", startedAt="now")])
    body = response.json()
    assert response.status_code == 400
    assert body["success"] is False
    assert body["message"] == "Validation failed for one or more records"
    assert body["errors"] == []
    assert [error["record_id"] for error in body["data"]["validation_errors"]] == ["bad-1", "bad-2"]
    acknowledged = read_sync_reply(400, response.json(), sent=2)
    assert [rejection.record_id for rejection in acknowledged.rejections] == ["bad-1", "bad-2"]


@pytest.mark.parametrize("record", [None, 7, [], {}, {"id": None}, {"id": 7}, {"id": ""}])
def test_a_record_without_a_usable_id_is_named_by_its_index(
    client: httpx.Client, record: object
) -> None:
    response = send(client, [visit("beside"), record])
    (error,) = response.json()["data"]["validation_errors"]
    assert (error["record_id"], error["index"]) == ("#1", 1)
    assert len(read_sync_reply(200, response.json(), sent=2).rejections) == 1


def test_an_unusable_id_that_is_text_is_given_back(client: httpx.Client) -> None:
    response = send(client, [visit("beside"), visit("with space")])
    (error,) = response.json()["data"]["validation_errors"]
    assert error["record_id"] == "with space"


def test_a_title_cut_in_the_middle_of_an_emoji_costs_no_visit(
    server: ServerProcess, client: httpx.Client
) -> None:
    assert synced(send(client, [visit("emoji", title="so \ud83d")])) == 1
    assert rows(server.data_dir, "SELECT title FROM visits WHERE id = 'emoji'") == [("so \ufffd",)]


def test_the_same_batch_twice_changes_nothing(server: ServerProcess, client: httpx.Client) -> None:
    batch = [visit(f"twice-{n}") for n in range(5)]
    assert synced(send(client, batch)) == 5
    query = "SELECT * FROM visits WHERE id LIKE 'twice-%'"
    before = rows(server.data_dir, query)
    assert synced(send(client, batch)) == 5
    assert rows(server.data_dir, query) == before
    assert len(before) == 5


def test_a_later_version_replaces_and_an_older_one_never_does(
    server: ServerProcess, client: httpx.Client
) -> None:
    def sent(ended_at: int, title: str) -> str:
        assert synced(send(client, [visit("grown", endedAt=ended_at, title=title)])) == 1
        (row,) = rows(server.data_dir, "SELECT title FROM visits WHERE id = 'grown'")
        return str(row[0])

    start = visit("grown")["startedAt"]
    assert sent(start + 20, "second") == "second"
    assert sent(start + 10, "first") == "second"
    assert sent(start + 20, "same end") == "second"
    assert sent(start + 30, "third") == "third"


def test_of_two_versions_in_one_batch_the_later_wins(
    server: ServerProcess, client: httpx.Client
) -> None:
    start = visit("pair")["startedAt"]
    later, older = (visit("pair", endedAt=start + end, title=str(end)) for end in (20, 10))
    assert synced(send(client, [later, older])) == 2
    assert rows(server.data_dir, "SELECT title FROM visits WHERE id = 'pair'") == [("20",)]


def test_users_do_not_see_or_touch_each_other(server: ServerProcess, client: httpx.Client) -> None:
    add_user(server.data_dir, OTHER_TOKEN)
    headers = {"authorization": f"Bearer {OTHER_TOKEN}"}
    mine = visit("shared", title="mine")
    theirs = visit("shared", title="theirs", endedAt=mine["endedAt"] + 1)
    assert synced(send(client, [mine])) == 1
    with httpx.Client(base_url=server.base, headers=headers, timeout=60) as other:
        assert other.get("/data/summary").json() == {
            "visits": 0,
            "tabAggregates": 0,
            "devices": 1,
            "firstVisitAt": None,
            "lastVisitAt": None,
        }
        assert synced(send(other, [theirs])) == 1
        assert other.get("/data/summary").json()["visits"] == 1
    stored = rows(
        server.data_dir, "SELECT user_id, title FROM visits WHERE id = 'shared' ORDER BY user_id"
    )
    assert stored == [(1, "mine"), (2, "theirs")]


def test_tab_aggregates_are_kept_and_grow(server: ServerProcess, client: httpx.Client) -> None:
    def aggregate(last_active_at: int, pages: int) -> dict[str, object]:
        return {
            "tabId": 7,
            "startTime": 1000,
            "lastActiveTime": last_active_at,
            "totalActiveDuration": 5,
            "domainDurations": {"example.org": 5},
            "pageCount": pages,
            "currentUrl": "https://example.org/",
            "currentDomain": "example.org",
            "statistics": {"mostVisitedDomain": "example.org", "averagePageDuration": 2.5},
        }

    def stored() -> list[tuple[object, ...]]:
        return rows(
            server.data_dir, "SELECT id, json_extract(record, '$.pageCount') FROM tab_aggregates"
        )

    for last_active_at, pages, kept in ((2000, 1, 1), (3000, 2, 2), (1500, 3, 2)):
        data = send(client, [], [aggregate(last_active_at, pages)]).json()["data"]
        assert (data["tab_aggregates_synced"], data["page_visits_synced"]) == (1, 0)
        assert stored() == [("agg_1000_7", kept)]
    assert client.get("/data/summary").json()["tabAggregates"] == 1


@pytest.mark.parametrize(
    "record",
    [
        None,
        {"tabId": 7},
        {"tabId": True, "startTime": 5},
        {"tabId": 7, "startTime": -1},
        {"tabId": 7, "startTime": 10**400},
        {"tabId": 7, "startTime": 5, "lastActiveTime": 1e300},
        {"tabId": 7, "startTime": 5, "domainDurations": {"a": [1]}},
        {"tabId": 7, "startTime": 5, "currentUrl": "\ud83d"},
        {"tabId": 7, "startTime": 5, "currentUrl": "\x00"},
        {"tabId": 7, "startTime": 5, "currentUrl": "x" * 60_000},
    ],
)
def test_a_bad_tab_aggregate_is_named_and_counts_for_no_visit(
    client: httpx.Client, record: object
) -> None:
    response = send(client, [visit("beside")], [record])
    data = response.json()["data"]
    assert (response.status_code, data["page_visits_synced"]) == (200, 1)
    assert (data["rejected_records_count"], data["tab_aggregates_synced"]) == (0, 0)
    assert [error["record_type"] for error in data["validation_errors"]] == ["tab_aggregate"]


@pytest.mark.parametrize("body", [{}, {"pageVisits": None}, {"pageVisits": [], "more": 1}])
def test_an_empty_batch_is_nothing_done(client: httpx.Client, body: dict[str, object]) -> None:
    response = client.post("/data/sync", json=body)
    assert synced(response) == 0


def test_a_thousand_records_are_taken(client: httpx.Client) -> None:
    assert synced(send(client, [visit(f"many-{n}") for n in range(1000)])) == 1000


def test_the_summary_counts_the_first_and_the_last_visit(server: ServerProcess) -> None:
    token = "a-token-for-the-summary-test"
    add_user(server.data_dir, token)
    headers = {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=server.base, headers=headers, timeout=60) as client:
        send(client, [visit(str(at), startedAt=at, endedAt=at) for at in (30, 10, 20)])
        assert client.get("/data/summary").json() == {
            "visits": 3,
            "tabAggregates": 0,
            "devices": 1,
            "firstVisitAt": 10,
            "lastVisitAt": 30,
        }


def test_the_config_needs_no_token(server: ServerProcess) -> None:
    assert httpx.get(f"{server.base}/config").json() == {
        "maxRecords": 1000,
        "maxBodyBytes": 10_000_000,
        "rateLimits": [],
        "trials": True,
    }
