"""Rate limits of a real server: who is refused, when, and what every answer says of it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

import httpx
import pytest

from harness.server import ServerProcess
from heyho.sync.pacing import Gate
from heyho.sync.quota import Policy, State, read_advice, read_policies
from heyho_server.errors import StartError
from heyho_server.limits.rates import Rate, Rates, read_rates
from server.support import add_user, change, refusal, send, visit

STRANGER = {"authorization": "Bearer nobody-has-this"}


class Limited(NamedTuple):
    """A server, and a client of it that is signed in."""

    server: ServerProcess
    client: httpx.Client


@contextmanager
def limited(data: Path, *, proxies: str = "", **limits: str) -> Iterator[Limited]:
    """A server with these limits alone, by the end of their settings' names."""
    env = {f"HEYHO_LIMIT_{name}": limit for name, limit in limits.items()}
    with (
        ServerProcess(data, env={**env, "HEYHO_TRUSTED_PROXIES": proxies}) as server,
        httpx.Client(base_url=server.base, headers=server.headers, timeout=60) as client,
    ):
        yield Limited(server, client)


def sync(client: httpx.Client, headers: Mapping[str, str] | None = None) -> httpx.Response:
    return client.post("/data/sync", content=b"{}", headers=headers)


def policies(answer: httpx.Response) -> tuple[Policy, ...]:
    """What the extension reads of policies."""
    return read_advice(answer.status_code, answer.headers, None, now_ms=0).policies


def left(answer: httpx.Response) -> dict[str, int]:
    """What the extension reads of states: how much is left, by the policy's name."""
    states = read_advice(answer.status_code, answer.headers, None, now_ms=0).states
    return {state.name: state.remaining for state in states}


def check_refusal(answer: httpx.Response, name: str, quota: int, window_s: int) -> None:
    """That this is how a request too many is answered, by this limit."""
    assert answer.status_code == 429
    wait_s = int(answer.headers["retry-after"])
    assert 1 <= wait_s <= window_s
    assert answer.json() == {
        "success": False,
        "message": "Rate limit exceeded. Please slow down.",
        "retry_after": wait_s,
        "error_code": "RATE_LIMIT_EXCEEDED",
    }
    advice = read_advice(429, answer.headers, None, now_ms=0)
    assert Policy(name, quota, window_s) in advice.policies
    assert State(name, 0, wait_s) in advice.states
    assert answer.headers["x-ratelimit-limit"] == str(quota)
    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert 0 < int(answer.headers["x-ratelimit-reset"]) - time.time() <= window_s + 1
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-request-id"]


def test_the_general_limit_step_by_step(tmp_path: Path) -> None:
    with limited(tmp_path, GENERAL="4/10 minutes") as (_, client):
        answers = [
            client.get("/config"),
            client.get("/data/summary", headers=STRANGER),
            client.get("/nothing"),
            client.delete("/config"),
        ]
        assert [answer.status_code for answer in answers] == [200, 401, 404, 405]
        assert [left(answer) for answer in answers] == [{"general": n} for n in (3, 2, 1, 0)]
        for answer in answers:
            assert policies(answer) == (Policy("general", 4, 600),)
            assert answer.headers["x-ratelimit-limit"] == "4"
            assert "retry-after" not in answer.headers
        check_refusal(client.get("/data/summary"), "general", 4, 600)
        assert sync(client).status_code == 200, "a sync has limits of its own"


def test_the_limits_of_syncs_step_by_step(tmp_path: Path) -> None:
    with limited(tmp_path, SYNC_ADDRESS="6/minute", SYNC_USER="3/minute") as (_, client):
        both = (Policy("sync-address", 6, 60), Policy("sync-user", 3, 60))
        answers = [send(client, [visit(f"v-{n}")]) for n in range(3)]
        assert [answer.status_code for answer in answers] == [200] * 3
        assert [left(answer) for answer in answers] == [
            {"sync-address": 5, "sync-user": 2},
            {"sync-address": 4, "sync-user": 1},
            {"sync-address": 3, "sync-user": 0},
        ]
        tightest = [answer.headers["x-ratelimit-remaining"] for answer in answers]
        assert tightest == ["2", "1", "0"]
        refused = send(client, [visit("too-many")])
        check_refusal(refused, "sync-user", 3, 60)
        assert left(refused) == {"sync-address": 2, "sync-user": 0}
        for n in (1, 0):
            stranger = sync(client, STRANGER)
            assert (stranger.status_code, left(stranger)) == (401, {"sync-address": n})
        check_refusal(sync(client, STRANGER), "sync-address", 6, 60)
        refused = sync(client)
        check_refusal(refused, "sync-address", 6, 60)
        # Whoever knows the policies beforehand must not forget one for such an answer.
        assert {policies(answer) for answer in (*answers, stranger, refused)} == {both}
        assert client.get("/config").json()["rateLimits"] == [
            {"name": "sync-address", "quota": 6, "windowSeconds": 60},
            {"name": "sync-user", "quota": 3, "windowSeconds": 60},
        ]
        assert client.get("/data/summary").json()["visits"] == 3


def test_errors_tell_how_things_stand_as_well(tmp_path: Path) -> None:
    with limited(tmp_path, SYNC_USER="9/minute") as (server, client):
        change(server.data_dir, "DROP TABLE visits")
        answers = [
            client.post("/data/sync", content=b"{"),
            client.post("/data/sync", content=bytes(10_000_001)),
            client.post("/data/sync", content=b"{}", headers={"content-encoding": "br"}),
            send(client, [{"id": "no-address"}]),
            send(client, [visit("no-table")]),
        ]
        assert [answer.status_code for answer in answers] == [400, 413, 415, 400, 500]
        assert [left(answer) for answer in answers] == [{"sync-user": n} for n in (8, 7, 6, 5, 4)]


def test_a_refused_body_may_be_large(tmp_path: Path) -> None:
    with limited(tmp_path, SYNC_USER="1/minute") as (_, client):
        sync(client)
        for _ in range(3):
            check_refusal(client.post("/data/sync", content=bytes(9_000_000)), "sync-user", 1, 60)


def test_whoever_waits_for_the_window_to_move_on_is_let_in(tmp_path: Path) -> None:
    """Asked without pause; what is certain of the window's length, whatever the machine does."""
    with limited(tmp_path, SYNC_USER="1/second") as (_, client):
        assert sync(client).status_code == 200
        for _ in range(2):
            first_s = time.monotonic()  # the last one was let in before this
            sent_s = []
            while True:
                sent_s.append(time.monotonic())
                answer = sync(client)
                if answer.status_code == 200:
                    break
                assert answer.headers["retry-after"] == "1"
            for refused_s in sent_s[-2:-1]:  # a slow machine may have let the window pass
                assert refused_s - first_s < 1.0, "refused no longer than the window is"
            assert left(answer) == {"sync-user": 0}


def test_two_users_do_not_share_and_two_devices_of_one_do(tmp_path: Path) -> None:
    other = {"authorization": "Bearer token-of-another-person"}
    with limited(tmp_path, SYNC_USER="2/minute") as (server, client):
        add_user(tmp_path, "token-of-another-person")
        assert [sync(client).status_code for _ in range(3)] == [200, 200, 429]
        assert [sync(client, other).status_code for _ in range(3)] == [200, 200, 429]
    with limited(tmp_path, SYNC_USER="2/minute") as (server, client):
        server.stop()
        server.token = "token-of-another-device"
        server.start()
        client.base_url = httpx.URL(server.base)
        device = {"authorization": "Bearer token-of-another-device"}
        assert [sync(client).status_code for _ in range(2)] == [200, 200]
        assert sync(client, device).status_code == 429


def test_preflights_are_neither_counted_nor_refused(tmp_path: Path) -> None:
    with limited(tmp_path, GENERAL="1/minute", SYNC_ADDRESS="1/minute") as (_, client):
        for _ in range(2):
            for path in ("/data/sync", "/config"):
                answer = client.options(path, headers={"access-control-request-method": "POST"})
                assert answer.status_code == 204
                assert "ratelimit" not in answer.headers
            assert sync(client).status_code in {200, 429}
            assert client.get("/config").status_code in {200, 429}
        assert left(sync(client)) == {"sync-address": 0}


def test_off_is_off(tmp_path: Path) -> None:
    with limited(tmp_path) as (_, client):
        answers = [sync(client) for _ in range(20)]
        answers += [client.get("/config") for _ in range(3)]
        assert {answer.status_code for answer in answers} == {200}
        assert not any("ratelimit" in name for answer in answers for name in answer.headers)
        assert client.get("/config").json()["rateLimits"] == []


def test_what_applies_where_nothing_is_set(tmp_path: Path) -> None:
    with (
        ServerProcess(tmp_path, limits=True) as server,
        httpx.Client(base_url=server.base, headers=server.headers, timeout=60) as client,
    ):
        general = client.get("/config")
        assert policies(general) == (Policy("general", 300, 300),)
        assert left(general) == {"general": 299}, "the server's own start does not count"
        told = (Policy("sync-address", 10, 1), Policy("sync-user", 5, 1))
        assert policies(sync(client)) == told
        assert read_policies(general.json()["rateLimits"]) == told


def test_behind_a_proxy_its_clients_are_told_apart(tmp_path: Path) -> None:
    with limited(tmp_path, proxies="127.0.0.0/8", GENERAL="2/minute") as (_, client):

        def ask(*forwarded_for: str) -> int:
            fields = [("x-forwarded-for", entry) for entry in forwarded_for]
            return client.get("/config", headers=fields).status_code

        assert [ask("198.51.100.1") for _ in range(3)] == [200, 200, 429]
        assert ask("198.51.100.2") == 200
        assert ask("192.0.2.7", "198.51.100.1") == 429, "only the proxy's own word counts"
        assert [ask(f"2001:db8::{n}") for n in (1, 2, 3)] == [200, 200, 429]


def test_whoever_is_not_trusted_forwards_nothing(tmp_path: Path) -> None:
    with limited(tmp_path, GENERAL="2/minute") as (_, client):
        answers = [
            client.get("/config", headers={"x-forwarded-for": f"198.51.100.{n}"}) for n in range(3)
        ]
        assert [answer.status_code for answer in answers] == [200, 200, 429]


@pytest.mark.parametrize(
    ("text", "quota", "window_s"),
    [
        ("5/second", 5, 1),
        (" 5 / Second ", 5, 1),
        ("300/5 minutes", 300, 300),
        ("300/5minutes", 300, 300),
        ("1/hour", 1, 3600),
        ("10000/1 day", 10_000, 86_400),
        ("7/86400 seconds", 7, 86_400),
    ],
)
def test_how_a_limit_may_be_written(text: str, quota: int, window_s: int) -> None:
    rates = read_rates({"HEYHO_LIMIT_SYNC_USER": text})
    assert rates == Rates(sync_user=Rate("sync-user", quota, window_s))


def test_each_can_be_switched_off_by_itself() -> None:
    for setting in ("general", "sync_address", "sync_user", "login"):
        rates = read_rates({f"HEYHO_LIMIT_{setting.upper()}": "OFF"})
        assert getattr(rates, setting) is None
        assert rates != Rates()
    assert read_rates({"HEYHO_LIMIT_GENERAL": ""}) == Rates()


@pytest.mark.parametrize(
    "text",
    [
        *("5", "0/second", "-1/second", "1.5/second", "5/fortnight", "5/second;9/day", "none"),
        *("10001/second", "9999999999/second", "5/0 seconds", "5/86401 seconds", "5/2 days"),
    ],
)
@pytest.mark.parametrize("setting", ["GENERAL", "SYNC_ADDRESS", "SYNC_USER", "LOGIN"])
def test_what_is_no_limit_is_refused_with_a_sentence(setting: str, text: str) -> None:
    with pytest.raises(StartError) as refused:
        read_rates({f"HEYHO_LIMIT_{setting}": text})
    sentence = str(refused.value)
    assert sentence.startswith(f"HEYHO_LIMIT_{setting} is '{text}', which is ")
    assert "off" in sentence
    assert sentence.endswith(".")


def test_a_server_with_a_setting_that_is_no_limit_does_not_start(tmp_path: Path) -> None:
    for name, value in (("HEYHO_LIMIT_LOGIN", "often"), ("HEYHO_TRUSTED_PROXIES", "me")):
        assert name in refusal(ServerProcess(tmp_path / "data", env={name: value}))
    assert not (tmp_path / "data").exists()


class WallClock:
    def now_ms(self) -> float:
        return time.time() * 1000


class Sent(NamedTuple):
    """A request: when it was let go, and how it was answered."""

    at_s: float
    status: int


async def send_at_the_gates_pace(base: str, headers: dict[str, str], seconds: float) -> list[Sent]:
    """Let ten lanes send as fast as the extension's gate admits them, knowing what it knows."""
    gate, loop = Gate(clock=WallClock()), asyncio.get_running_loop()
    sent: list[Sent] = []
    async with httpx.AsyncClient(base_url=base, headers=headers, timeout=60) as client:
        gate.expect(read_policies((await client.get("/config")).json()["rateLimits"]))
        end_s = loop.time() + seconds

        async def lane() -> None:
            while True:
                ticket = await gate.admit()
                at_s = loop.time()
                if at_s > end_s:
                    return gate.lost(ticket)
                answer = await client.post("/data/sync", content=b"{}")
                body = json.loads(answer.content)
                now_ms = time.time() * 1000
                gate.heard(
                    ticket, read_advice(answer.status_code, answer.headers, body, now_ms=now_ms)
                )
                sent.append(Sent(at_s, answer.status_code))

        await asyncio.gather(*(lane() for _ in range(10)))
    return sorted(sent)


def test_the_extensions_gate_is_never_refused(
    tmp_path: Path, report: Callable[[str], None]
) -> None:
    """Each `quota` requests should take one window; the median passes over those that had to wait
    for the machine."""
    quota, window_s = 10, 2
    user = {"HEYHO_LIMIT_SYNC_USER": f"{quota}/{window_s} seconds"}
    with ServerProcess(tmp_path, limits=True, env=user) as server:
        sent = asyncio.run(send_at_the_gates_pace(server.base, server.headers, 3 * window_s))
    assert {request.status for request in sent} == {200}
    assert len(sent) > quota
    steps = zip(sent, sent[quota:], strict=False)
    used = window_s / median(later.at_s - request.at_s for request, later in steps)
    report(f"{len(sent)} requests at the gate's pace: {used:.1%} of the quota used")
