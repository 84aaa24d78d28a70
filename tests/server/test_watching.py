"""Health, readiness, metrics, and what the log says of requests and never says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from harness.redis import RedisProcess
from harness.server import ServerProcess
from heyho_server.version import VERSION
from server.support import change, send, visit

METRICS_TOKEN = "metrics-token-0123456789"
PROXIED = {"x-forwarded-for": "198.51.100.1"}
SECRET = "c0ffee-nobody-may-read-this"


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    env = {
        "HEYHO_METRICS_TOKEN": METRICS_TOKEN,
        "HEYHO_LIMIT_SYNC_USER": "4/hour",
        "HEYHO_LIMIT_GENERAL": "3/hour",
    }
    with ServerProcess(tmp_path_factory.mktemp("watched") / "data", env=env) as server:
        yield server


def measured(server: ServerProcess) -> dict[str, float]:
    """The samples of /metrics, each by its name and its labels."""
    answer = httpx.get(f"{server.url}/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def requests(method: str, route: str, status: int) -> str:
    labels = [("method", method), ("route", route), ("status", str(status))]
    return f"heyho_requests_total{labels}"


def test_watching_is_neither_counted_nor_limited(watched: ServerProcess) -> None:
    for path in ("/health", "/ready", "/metrics") * 3:
        answer = httpx.get(watched.url + path)
        assert answer.status_code == 200
        assert "ratelimit" not in answer.headers
    assert httpx.get(f"{watched.url}/health").json() == {"status": "ok", "version": VERSION}
    assert httpx.get(f"{watched.url}/ready").json() == {
        "status": "ok",
        "database": "ok",
        "rateLimits": "ok",
    }


def test_metrics_count_what_happened(watched: ServerProcess) -> None:
    before = measured(watched)
    with httpx.Client(base_url=watched.base, headers=watched.headers, timeout=60) as client:
        for path in ("/data/summary", f"/nothing/{SECRET}", f"/config?q={SECRET}"):
            client.get(path)
        assert client.get("/config").status_code == 429
        send(client, [visit("good"), {"id": "bad"}])
        client.request(SECRET, "/data/sync")
        change(watched.data_dir, "ALTER TABLE tab_aggregates RENAME TO gone")
        assert send(client, [visit("lost")], [{"tabId": 1, "startTime": 1}]).status_code == 500
        change(watched.data_dir, "ALTER TABLE gone RENAME TO tab_aggregates")
        sent = client.post("/data/sync", content=b"{")
        assert sent.status_code == 400
    after = measured(watched)

    def more(name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    assert more(requests("GET", "/api/v1/data/summary", 200)) == 1
    assert more(requests("GET", "/api/v1/config", 200)) == 1
    assert more(requests("GET", "/api/v1/config", 429)) == 1
    assert more(requests("GET", "other", 404)) == 1
    assert more(requests("POST", "/api/v1/data/sync", 200)) == 1
    assert more(requests("POST", "/api/v1/data/sync", 500)) == 1
    assert more(requests("POST", "/api/v1/data/sync", 400)) == 1
    assert more("heyho_visits_stored_total[]") == 1
    assert more("heyho_records_rejected_total[]") == 1
    assert more("heyho_rate_limited_total[('rate', 'general')]") >= 1
    assert more("heyho_database_errors_total[]") == 1
    assert more("heyho_received_bytes_total[]") > 100
    assert after["heyho_requests_in_flight[]"] == 1, "the one that asks"
    assert after[f"heyho_build_info[('version', '{VERSION}')]"] == 1
    assert after["heyho_rate_limits_alone[]"] == 0
    assert not any(SECRET in name for name in after)


def test_metrics_are_for_this_machine_or_for_who_has_the_token(watched: ServerProcess) -> None:
    def ask(**headers: str) -> int:
        return httpx.get(f"{watched.url}/metrics", headers=PROXIED | headers).status_code

    assert ask() == 401
    assert ask(authorization=f"Bearer {watched.token}") == 401
    assert ask(authorization=f"Basic {METRICS_TOKEN}") == 401
    assert ask(authorization=f"Bearer {METRICS_TOKEN}") == 200


def test_without_a_token_others_find_no_metrics(server: ServerProcess) -> None:
    for name in ("x-forwarded-for", "forwarded", "via", "x-real-ip", "origin"):
        answer = httpx.get(f"{server.url}/metrics", headers={name: "198.51.100.1"})
        assert (answer.status_code, answer.json()["error_code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        *(("localhost", 200), ("LOCALHOST:{port}", 200), ("[::1]:{port}", 200)),
        *(("127.0.0.1", 200), ("127.0.0.9:1", 200), ("[::ffff:127.0.0.1]", 200)),
        *(("rebound.example:{port}", 404), ("rebound.example", 404), ("192.0.2.1:{port}", 404)),
        *(("127.0.0.1.example", 404), ("localhost.example:{port}", 404), ("0.0.0.0", 404)),
    ],
)
def test_metrics_are_not_for_a_host_that_only_leads_here(
    server: ServerProcess, host: str, status: int
) -> None:
    port = httpx.URL(server.url).port
    headers = {"host": host.format(port=port)}
    assert httpx.get(f"{server.url}/metrics", headers=headers).status_code == status


def test_a_server_that_cannot_store_is_not_ready(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server:
        change(tmp_path, "UPDATE alembic_version SET version_num = '9999'")
        answer = httpx.get(f"{server.url}/ready")
        assert (answer.status_code, answer.json()["database"]) == (503, "other tables")
        change(tmp_path, "ALTER TABLE alembic_version RENAME COLUMN version_num TO gone")
        answer = httpx.get(f"{server.url}/ready")
        assert answer.status_code == 503
        assert answer.json() == {
            "status": "unready",
            "database": "out of reach",
            "rateLimits": "ok",
        }
        change(tmp_path, "DROP TABLE alembic_version")
        answer = httpx.get(f"{server.url}/ready")
        assert (answer.status_code, answer.json()["database"]) == (503, "other tables")
        assert httpx.get(f"{server.url}/health").status_code == 200


def test_a_server_whose_redis_is_gone_says_so_and_goes_on(tmp_path: Path) -> None:
    with RedisProcess(tmp_path / "redis") as redis:
        env = {"HEYHO_RATE_LIMIT_URL": redis.url, "HEYHO_LIMIT_GENERAL": "9/hour"}
        with ServerProcess(tmp_path / "data", env=env) as server:
            assert httpx.get(f"{server.url}/ready").json()["status"] == "ok"
            redis.kill()
            answer = httpx.get(f"{server.url}/ready")
            assert answer.status_code == 200
            assert answer.json()["status"] == "degraded"
            assert answer.json()["rateLimits"] == "counting alone"
            assert measured(server)["heyho_rate_limits_alone[]"] == 1
            redis.start()
            assert httpx.get(f"{server.url}/ready").json()["status"] == "ok"


def test_the_log_has_a_line_for_each_request_and_no_secret(tmp_path: Path) -> None:
    """Also where the database fails, the body is broken, and the framework is what answers."""
    page = f"https://example.org/{SECRET}"
    with (
        ServerProcess(tmp_path) as server,
        httpx.Client(base_url=server.base, headers=server.headers, timeout=60) as client,
    ):
        good = send(client, [visit("good", url=page, title=SECRET), {"id": SECRET, "url": page}])
        for content in (f'{{"pageVisits": "{SECRET}', f'{{"pageVisits": "{SECRET}"}}'):
            assert client.post("/data/sync", content=content).status_code == 400
        client.post("/data/sync", content=SECRET, headers={"content-type": SECRET})
        client.get(f"/config?q={SECRET}")
        client.get(f"/data/{SECRET}")
        client.get("/config", headers={"authorization": f"Bearer {SECRET}", "cookie": SECRET})
        client.get("/data/summary", headers={"authorization": f"Bearer {SECRET}"})
        client.get("/config", headers={"host": f"{SECRET}@"})
        client.request(SECRET.upper(), "/config")
        change(tmp_path, "DROP TABLE visits")
        failed = send(client, [visit("bad", url=page, title=SECRET)])
        assert failed.status_code == 500
        change(tmp_path, "DROP TABLE devices")
        assert client.get("/data/summary").status_code == 500
        server.stop()
    for secret in (SECRET, SECRET.upper(), str(server.token), "example.org"):
        assert secret not in server.stderr
    lines = [json.loads(line) for line in server.stderr.splitlines()]
    seen = {line["request_id"]: line for line in lines if line["event"] == "request"}
    assert len(seen) == 12
    line = seen[good.headers["x-request-id"]]
    assert (line["method"], line["route"], line["status"]) == ("POST", "/api/v1/data/sync", 200)
    assert line["sent"] == len(good.content)
    assert line["received"] > 0
    assert line["ms"] >= 0
    assert seen[failed.headers["x-request-id"]]["status"] == 500
    assert {line["route"] for line in seen.values()} == {
        *("/api/v1/data/sync", "/api/v1/config", "/api/v1/data/summary", "other"),
    }
