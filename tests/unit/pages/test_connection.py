"""What the test of a connection says of every kind of server, and of none."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from heyho.pages.connection import ELSEWHERE, NO_ANSWER, TOO_LATE, Verdict, examine

BASE = "https://history.example/api/v1"
CONFIG: dict[str, Any] = {
    "maxRecords": 1000,
    "maxBodyBytes": 10_000_000,
    "rateLimits": [
        {"name": "sync-address", "quota": 10, "windowSeconds": 1},
        {"name": "sync-user", "quota": 5, "windowSeconds": 1},
    ],
}
LIMITS = "It takes up to 1,000 visits or 10 MB at once. No more than 5 requests a second."
UNKNOWN = (401, {"success": False, "message": "You need to sign in."})
ADA = (200, {"user": {"firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.org"}})
NOBODY = (200, {"user": {"firstName": "", "lastName": "", "email": None}})
KEPT = (200, {"visits": 1234})
HEYHO = {"/api/v1/config": (200, CONFIG), "/health": (200, {"status": "ok", "version": "0.1.0"})}


class Net:
    """Servers that are scripted: answers by path, and origins that answer to a knock."""

    def __init__(
        self,
        answers: dict[str, tuple[int, Any]],
        *,
        knocks: tuple[str, ...] = (),
        online: bool = True,
    ) -> None:
        self.answers, self.knocks, self.online = answers, knocks, online
        self.tokens: dict[str, str] = {}

    async def get(self, url: str, token: str) -> tuple[int, Any]:
        path = "/" + url.split("/", 3)[3]
        self.tokens[path] = token
        return self.answers.get(path, (NO_ANSWER, None))

    async def knock(self, url: str) -> bool:
        return url in self.knocks

    def is_online(self) -> bool:
        return self.online


def judge(net: Net, *, token: str = "t", base: str = BASE) -> Verdict:
    return asyncio.run(examine(base, token, net))


def signed_in(me: tuple[int, Any], kept: tuple[int, Any] = KEPT) -> Net:
    return Net({**HEYHO, "/api/v1/auth/me": me, "/api/v1/data/summary": kept})


def test_all_is_well() -> None:
    net = signed_in(ADA)
    verdict = judge(net)
    assert (verdict.tone, verdict.lines) == (
        "calm",
        [
            "history.example answers. It is Heyho 0.1.0.",
            "You are signed in as Ada Lovelace (ada@example.org).",
            "1,234 visits of yours are kept there.",
            LIMITS,
        ],
    )
    assert net.tokens["/api/v1/config"] == net.tokens["/health"] == ""


@pytest.mark.parametrize("me", [NOBODY, (200, None), (200, {"user": 7}), (200, {"user": {}})])
def test_the_servers_owner_has_no_name(me: tuple[int, Any]) -> None:
    verdict = judge(signed_in(me, (200, {"visits": 1})))
    assert verdict.lines[1:3] == [
        "The token is valid: you are signed in as the server's owner.",
        "One visit of yours is kept there.",
    ]


def test_a_name_or_an_address_alone() -> None:
    for user, name in [({"firstName": "Ada"}, "Ada"), ({"email": "a@b.example"}, "a@b.example")]:
        assert judge(signed_in((200, {"user": user}))).lines[1] == f"You are signed in as {name}."


def test_without_a_token_something_is_left_to_do() -> None:
    verdict = judge(Net(HEYHO), token="")
    assert verdict.tone == "trouble"
    assert "not signed in yet" in verdict.lines[1]


def test_a_wrong_token() -> None:
    verdict = judge(signed_in(UNKNOWN))
    assert (verdict.tone, len(verdict.lines)) == ("fault", 2)
    assert "does not know this token" in verdict.lines[1]


@pytest.mark.parametrize(
    ("status", "says"), [(429, "slow down"), (500, "(500)"), (TOO_LATE, "(0)")]
)
def test_who_one_is_may_stay_open(status: int, says: str) -> None:
    verdict = judge(signed_in((status, None)))
    assert verdict.tone == "trouble"
    assert says in verdict.lines[1]


@pytest.mark.parametrize("kept", [(500, None), (200, None), (200, {"visits": "many"})])
def test_figures_are_left_out_where_there_are_none(kept: tuple[int, Any]) -> None:
    assert len(judge(signed_in(ADA, kept)).lines) == 3


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"maxRecords": 1}, "It takes up to 1 visit or 10 MB at once."),
        ({"maxRecords": 50, "maxBodyBytes": 5, "rateLimits": 7}, "50 visits or 1 MB at once."),
        ({"maxRecords": 5, "rateLimits": [7, {"quota": 0, "windowSeconds": 1}]}, "at once."),
        (
            {
                "maxRecords": 5,
                "rateLimits": [{"quota": 30, "windowSeconds": 60}, *CONFIG["rateLimits"]],
            },
            "No more than 30 requests in 60 seconds.",
        ),
        (
            {"maxRecords": 5, "rateLimits": [{"quota": 1, "windowSeconds": 1}]},
            "No more than 1 request a second.",
        ),
        (
            {"maxRecords": 5, "rateLimits": [{"quota": 1, "windowSeconds": 60}]},
            "No more than 1 request in 60 seconds.",
        ),
    ],
)
def test_limits_in_words(config: dict[str, Any], says: str) -> None:
    net = signed_in(ADA)
    net.answers["/api/v1/config"] = (200, config)
    assert judge(net).lines[-1].endswith(says)


def test_a_version_that_is_not_told() -> None:
    net = signed_in(ADA)
    for health in [(404, None), (200, {"version": 7}), (200, None)]:
        net.answers["/health"] = health
        assert judge(net).lines[0] == "history.example answers. It is Heyho."
    other = Net({"/h/config": (200, CONFIG), "/h/auth/me": ADA, "/h/data/summary": KEPT})
    assert judge(other, base="https://history.example/h").lines[0].endswith("It is Heyho.")
    assert "/health" not in other.tokens


@pytest.mark.parametrize("config", [(404, None), (NO_ANSWER, None), (401, {"success": False})])
def test_a_server_of_the_original(config: tuple[int, Any]) -> None:
    class Original(Net):
        async def get(self, url: str, token: str) -> tuple[int, Any]:
            known = await super().get(url, token)
            return UNKNOWN if url.endswith("/auth/me") and not token else known

    answers = {"/api/v1/config": config, "/api/v1/auth/me": ADA}
    verdict = judge(Original(answers))
    assert verdict.tone == "calm"
    assert "original HeyHo" in verdict.lines[0]
    assert "Ada Lovelace" in verdict.lines[1]
    assert "not signed in yet" in judge(Original(answers), token="").lines[1]


@pytest.mark.parametrize(
    ("status", "answer", "says"),
    [
        (200, None, "answers (200), but it is no Heyho server"),
        (200, {"maxRecords": "many"}, "it is no Heyho server"),
        (404, {"error": "no"}, "answers (404)"),
        (401, None, "it is no Heyho server"),
        (429, None, "asks to slow down"),
        (502, None, "an error of its own (502)"),
        (ELSEWHERE, None, "sends Heyho on to another address"),
        (TOO_LATE, None, "within eight seconds"),
    ],
)
def test_strangers_and_trouble(status: int, answer: Any, says: str) -> None:
    verdict = judge(Net({"/api/v1/config": (status, answer)}))
    assert verdict.tone in ("trouble", "fault")
    assert says in verdict.lines[0]


@pytest.mark.parametrize(
    ("base", "net", "says"),
    [
        (BASE, Net({}, knocks=("https://history.example/",)), "not to Heyho"),
        (BASE, Net({}, knocks=("http://history.example/",)), "speaks http://, not https://"),
        (
            "http://nas:1/api/v1",
            Net({}, knocks=("https://nas:1/",)),
            "speaks https://, not http://",
        ),
        (BASE, Net({}), "cannot be reached securely"),
        (BASE, Net({}, online=False), "This device is offline"),
        ("http://127.0.0.1:9/x", Net({}, online=False), "Nobody answers at 127.0.0.1:9."),
        ("http://[::1]:9/x", Net({}, online=False), "Nobody answers at [::1]:9."),
        ("http://localhost:9/x", Net({}, online=False), "Nobody answers at localhost:9."),
        ("http://nas/x", Net({}), "Nobody answers at nas."),
    ],
)
def test_nobody_whom_a_page_may_read(base: str, net: Net, says: str) -> None:
    verdict = judge(net, base=base)
    assert verdict.tone == "fault"
    assert says in verdict.lines[0]


@pytest.mark.parametrize(
    "config",
    [
        {**CONFIG, "rateLimits": [{"quota": 10**400, "windowSeconds": 1}]},
        {**CONFIG, "rateLimits": [{"quota": 1, "windowSeconds": 10**400}, None, 5, {}]},
        {**CONFIG, "rateLimits": {"quota": 1}, "maxBodyBytes": 10**400},
        {**CONFIG, "maxRecords": 10**400},
        {"maxRecords": [[[[]]]]},
    ],
)
def test_nonsense_comes_to_a_verdict(config: dict[str, Any]) -> None:
    verdict = judge(Net({**HEYHO, "/api/v1/config": (200, config)}))
    assert verdict.lines
    assert all(len(line) < 300 for line in verdict.lines)


def test_a_name_without_an_end_is_cut() -> None:
    person = {"firstName": "A" * 100_000, "lastName": [], "email": "e" * 100_000}
    verdict = judge(signed_in((200, {"user": person})))
    assert all(len(line) < 300 for line in verdict.lines)
