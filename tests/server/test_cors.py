"""Every answer may be read by any page."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from harness.server import ServerProcess
from server.support import change, rows, send, visit

ORIGIN = {"origin": "chrome-extension://abcdefghijklmnopabcdefghijklmnop"}
EXPOSED = {"retry-after", "ratelimit", "ratelimit-policy", "x-ratelimit-limit"}


def listed(response: httpx.Response, header: str) -> set[str]:
    return {name.strip().lower() for name in response.headers[header].split(",")}


def check(response: httpx.Response, status: int) -> None:
    assert response.status_code == status, response.text
    assert response.headers.get_list("access-control-allow-origin") == ["*"]
    assert listed(response, "access-control-expose-headers") >= EXPOSED


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (("GET", "/config", {}, b""), 200),
        (("POST", "/data/sync", {}, b"{}"), 200),
        (("POST", "/data/sync", {}, b"{"), 400),
        (("POST", "/data/sync", {"authorization": ""}, b"{}"), 401),
        (("GET", "/nothing", {}, b""), 404),
        (("DELETE", "/config", {}, b""), 405),
        (("POST", "/data/sync", {}, bytes(11_000_000)), 413),
        (("POST", "/data/sync", {"content-encoding": "br"}, b"{}"), 415),
    ],
)
def test_every_answer_has_the_headers(
    client: httpx.Client, request_: tuple[str, str, dict[str, str], bytes], status: int
) -> None:
    method, path, headers, content = request_
    check(client.request(method, path, headers=ORIGIN | headers, content=content), status)


def test_a_fault_of_the_server_is_500_with_the_headers_and_logs_no_address(tmp_path: Path) -> None:
    with (
        ServerProcess(tmp_path / "data") as server,
        httpx.Client(base_url=server.base, headers=server.headers | ORIGIN, timeout=60) as client,
    ):
        assert send(client, [visit("before")]).is_success
        change(server.data_dir, "DROP TABLE tab_aggregates")
        response = send(client, [visit("never")], [{"tabId": 1, "startTime": 1}])
        check(response, 500)
        assert response.json() == {
            "success": False,
            "message": "Data sync failed",
            "error_code": "INTERNAL_SERVER_ERROR",
        }
        response_id = response.headers["x-request-id"]
        assert rows(server.data_dir, "SELECT id FROM visits") == [("before",)]
        assert server.stop() == 0
        assert response_id in server.stderr
        assert "no such table: tab_aggregates" in server.stderr
        assert "example.org" not in server.stderr
        assert str(server.token) not in server.stderr


def test_a_web_page_reads_nothing_of_what_this_machine_alone_is_told(server: ServerProcess) -> None:
    for path in ("/metrics", "/ready", "/metrics/", "//metrics"):
        for headers in ({}, ORIGIN):
            answer = httpx.get(server.url + path, headers=headers)
            if answer.is_success:
                assert "access-control-allow-origin" not in answer.headers
    assert httpx.get(f"{server.url}/metrics", headers=ORIGIN).status_code == 404
    allowed = httpx.options(f"{server.url}/metrics", headers=ORIGIN).headers
    assert not any(name.startswith("access-control") for name in allowed)
    check(httpx.get(f"{server.url}/health", headers=ORIGIN), 200)


@pytest.mark.parametrize("path", ["/data/sync", "/config", "/data/summary", "/nothing"])
def test_preflights_are_answered_without_a_token(server: ServerProcess, path: str) -> None:
    response = httpx.options(
        server.base + path,
        headers=ORIGIN
        | {
            "access-control-request-method": "POST",
            "access-control-request-headers": (
                "authorization,content-encoding,content-type,x-heyho-trial"
            ),
            "access-control-request-private-network": "true",
        },
    )
    check(response, 204)
    assert listed(response, "access-control-allow-headers") == {
        "authorization",
        "content-type",
        "content-encoding",
        "x-heyho-trial",
    }
    assert "post" in listed(response, "access-control-allow-methods")
    assert response.headers["access-control-max-age"] == "86400"
    assert response.headers["access-control-allow-private-network"] == "true"
    assert response.content == b""
