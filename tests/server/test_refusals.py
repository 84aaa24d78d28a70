"""Requests that cannot be answered as they are: a clear 4xx, and nothing stored."""

from __future__ import annotations

import gzip
import json
import socket
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.server import ServerProcess
from server.support import address_of, rows, send, sync_head, visit

SYNC = "/data/sync"
GZIP = {"content-encoding": "gzip"}
GZIPPED = gzip.compress(b"{}", mtime=0)
MB = 1_000_000


def refused(response: httpx.Response, status: int) -> str:
    """The message of a refusal, after a look at its shape."""
    assert response.status_code == status, response.text
    body = response.json()
    assert body["success"] is False
    assert isinstance(body["error_code"], str)
    return str(body["message"])


def gzipped_zeros(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(MB)) for _ in range(size // MB)) + packer.flush()


def peak_bytes(pid: int) -> int:
    """The most memory the process ever had."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmHWM")


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer wrong-token-wrong-token", "Basic YTpi", "Bearer a b"],
)
@pytest.mark.parametrize(("method", "path"), [("POST", SYNC), ("GET", "/data/summary")])
def test_no_token_or_a_wrong_one(
    server: ServerProcess, authorization: str | None, method: str, path: str
) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    response = httpx.request(method, server.base + path, headers=headers)
    assert refused(response, 401) == "You need to sign in or sign up before continuing."
    assert response.headers["www-authenticate"] == "Bearer"


def test_the_answer_to_a_wrong_token_arrives_although_the_body_is_large(
    server: ServerProcess,
) -> None:
    response = httpx.post(server.base + SYNC, content=bytes(9 * MB))
    refused(response, 401)


def test_more_records_than_allowed(client: httpx.Client) -> None:
    batch = [visit(f"more-{n}") for n in range(1001)]
    message = "Batch size exceeded. Maximum 1000 records allowed, got 1001"
    assert refused(send(client, batch), 413) == message
    assert refused(send(client, batch[:1000], [{}]), 413) == message
    assert client.get("/data/summary").json()["visits"] == 0


def test_a_decompression_bomb_is_refused_without_being_unpacked(
    server: ServerProcess, client: httpx.Client
) -> None:
    bomb = gzipped_zeros(200 * MB)
    before = peak_bytes(server.pid)
    assert "10000000 bytes" in refused(client.post(SYNC, content=bomb, headers=GZIP), 413)
    assert peak_bytes(server.pid) - before < 40 * MB


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_that_is_too_large(client: httpx.Client, declared: bool) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(12):
            yield b" " * MB

    content = b" " * (12 * MB) if declared else pieces()
    assert "10000000 bytes" in refused(client.post(SYNC, content=content), 413)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b"{", "not valid JSON"),
        (b"visits", "not valid JSON"),
        (b'{"pageVisits": []} {}', "not valid JSON"),
        (b'{"pageVisits": NaN}', "NaN"),
        (b'{"pageVisits": "\xff"}', "UTF-8"),
        (b'{"pageVisits": [' + b"1" * 5000 + b"]}", "not valid JSON"),
        (b"[" * 500_000, "nested too deeply"),
        (b'{"pageVisits":' * 100_000, "nested too deeply"),
        (b"[]", "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (b'"visits"', "must be a JSON object"),
        (b'{"pageVisits": {}}', "pageVisits must be a list"),
        (b'{"pageVisits": [], "tabAggregates": 7}', "tabAggregates must be a list"),
        (b'{"anonymousClientId": 7}', "anonymousClientId must be text"),
        (b'{"anonymousClientId": "\\ud83d"}', "anonymousClientId must be text"),
    ],
)
def test_a_body_that_is_no_batch(client: httpx.Client, body: bytes, says: str) -> None:
    assert says in refused(client.post(SYNC, content=body), 400)
    assert says in refused(client.post(SYNC, content=gzip.compress(body), headers=GZIP), 400)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "cut off"),
        (b"{}", "cannot be decompressed"),
        (GZIPPED[:-1], "cut off"),
        (GZIPPED[:8], "cut off"),
        (GZIPPED[:-8] + bytes(8), "cannot be decompressed"),
        (GZIPPED + b"x", "goes on after its end"),
        (GZIPPED * 2, "goes on after its end"),
    ],
)
def test_a_body_that_is_no_gzip(client: httpx.Client, body: bytes, says: str) -> None:
    assert says in refused(client.post(SYNC, content=body, headers=GZIP), 400)


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, gzip"])
def test_an_unknown_encoding(client: httpx.Client, encoding: str) -> None:
    response = client.post(SYNC, content=b"{}", headers={"content-encoding": encoding})
    assert "gzip" in refused(response, 415)


@pytest.mark.parametrize("media_type", ["application/x-www-form-urlencoded", "text/html"])
def test_a_content_type_that_is_not_json(client: httpx.Client, media_type: str) -> None:
    response = client.post(SYNC, content=b"{}", headers={"content-type": media_type})
    assert "application/json" in refused(response, 415)


@pytest.mark.parametrize(
    "media_type", ["application/json", "application/json; charset=utf-8", "text/plain", ""]
)
def test_content_types_that_are_taken(client: httpx.Client, media_type: str) -> None:
    assert client.post(SYNC, content=b"{}", headers={"content-type": media_type}).is_success


def test_a_body_without_a_length(client: httpx.Client) -> None:
    body = json.dumps({"pageVisits": [visit("chunked")]}).encode()
    response = client.post(SYNC, content=(body[n : n + 7] for n in range(0, len(body), 7)))
    assert response.json()["data"]["page_visits_synced"] == 1


def test_a_body_that_breaks_off_leaves_nothing(server: ServerProcess, client: httpx.Client) -> None:
    body = json.dumps({"pageVisits": [visit("half")]}).encode()
    with socket.create_connection(address_of(server)) as connection:
        connection.sendall(sync_head(server, len(body)))
        assert b" 100 " in connection.recv(1024)
        connection.sendall(body[:-1])
    assert client.get("/data/summary").is_success
    assert rows(server.data_dir, "SELECT count(*) FROM visits WHERE id = 'half'") == [(0,)]


def test_a_path_that_is_not_there_and_a_method_that_is_not_taken(client: httpx.Client) -> None:
    assert "path" in refused(client.get("/nothing"), 404)
    assert "method" in refused(client.get(SYNC), 405)


def test_answers_do_not_tell_versions(client: httpx.Client) -> None:
    server = client.get("/config").headers.get("server", "")
    assert not any(char.isdigit() for char in server)


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)
ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=0, max_value=253_402_300_799_999)
    | st.sampled_from([2**63, -(2**64), 10**400])
    | st.floats(allow_nan=False, allow_infinity=False)
    | ANY_TEXT
    | st.sampled_from(["https://example.org/", "http://[::1", "https://\ud83d/", "a", "\x00"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)
VISIT_FIELDS = st.sampled_from(list(visit("")))
AGGREGATE_FIELDS = st.sampled_from(
    ["tabId", "startTime", "lastActiveTime", "domainDurations", "currentUrl", "pageCount"]
)
GOOD_VISIT = {"id": "a", "url": "https://example.org/", "startedAt": 5}
GOOD_AGGREGATE = {"tabId": 7, "startTime": 5}
NEARLY_BATCHES = st.fixed_dictionaries(
    {
        "pageVisits": st.lists(
            ANY_JSON
            | st.dictionaries(VISIT_FIELDS, ANY_JSON).map(lambda wrong: {**GOOD_VISIT, **wrong}),
            max_size=4,
        ),
        "tabAggregates": st.lists(
            ANY_JSON
            | st.dictionaries(AGGREGATE_FIELDS, ANY_JSON).map(
                lambda wrong: {**GOOD_AGGREGATE, **wrong}
            ),
            max_size=2,
        ),
    },
    optional={"anonymousClientId": ANY_JSON},
)
UNHURRIED = settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])


@UNHURRIED
@given(body=ANY_JSON | NEARLY_BATCHES)
def test_any_json_is_taken_or_refused_and_every_visit_accounted_for(
    client: httpx.Client, body: Any
) -> None:
    response = client.post(SYNC, content=json.dumps(body))
    assert response.status_code in (200, 400), response.text
    data = response.json().get("data")
    if data is not None:
        sent = len(body.get("pageVisits") or [])
        assert data["page_visits_synced"] + data["rejected_records_count"] == sent


@UNHURRIED
@given(body=st.binary(max_size=200), packed=st.booleans(), cut=st.integers(0, 30))
def test_any_bytes_are_refused_or_taken(
    client: httpx.Client, body: bytes, packed: bool, cut: int
) -> None:
    content = gzip.compress(body)[: len(body) + 30 - cut] if packed else body
    response = client.post(SYNC, content=content, headers=GZIP if packed else {})
    assert response.status_code in (200, 400)
