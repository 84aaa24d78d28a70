"""Signing in and up, sessions, devices, pairing and users, over HTTP."""

from __future__ import annotations

import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from heyho_server.errors import StartError
from heyho_server.limits.rates import Rate
from heyho_server.people.agents import family_of
from heyho_server.people.emails import read_email
from heyho_server.people.passwords import Passwords, check_password
from heyho_server.settings import read_registration
from heyho_server.storage.accounts import change_account
from heyho_server.storage.devices import list_devices
from heyho_server.storage.sessions import close_sessions
from server.inside import NOW, PASSWORD, UNLIMITED, Inside, bearer, gather, inside
from server.support import visit

NOT_SIGNED_IN = {
    "success": False,
    "message": "You need to sign in or sign up before continuing.",
    "error_code": "UNAUTHORIZED",
}
ADA = "ada@example.org"
NEW = {"email": "eve@example.org", "password": PASSWORD, "first_name": "Eve", "last_name": "Moon"}


def refused(answer: httpx.Response, status: int, error_code: str) -> str:
    """The sentence of a refusal."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert (body["success"], body["error_code"]) == (False, error_code)
    assert body["message"].endswith(".")
    return str(body["message"])


async def signed_in(house: Inside, email: str = ADA) -> tuple[str, str]:
    """An access token and a refresh token."""
    answer = await house.login(email)
    data = answer.json()["data"]
    return data["AccessToken"], data["RefreshToken"]


@inside()
async def test_passwords_of_another_cost_are_hashed_anew_at_the_next_sign_in(
    house: Inside,
) -> None:
    await house.add(ADA)
    stored = "SELECT password_hash FROM users"

    async def read() -> str:
        async with house.database.read() as connection:
            return str(await connection.scalar(text(stored)))

    before = await read()
    assert (await house.login(ADA)).status_code == 200
    assert await read() == before
    old = await Passwords(time_cost=2, memory_kib=16).hash(PASSWORD)
    async with house.database.write() as connection:
        await connection.execute(text("UPDATE users SET password_hash = :old"), {"old": old})
    assert (await house.login(ADA, "not " + PASSWORD)).status_code == 401
    assert await read() == old
    assert (await house.login(ADA)).status_code == 200
    assert "t=1" in await read()
    assert (await house.login(ADA)).status_code == 200


@inside()
async def test_an_address_is_the_same_however_its_letters_are_put_together(
    house: Inside,
) -> None:
    await house.add(unicodedata.normalize("NFC", "jürgen@example.org"))
    typed = unicodedata.normalize("NFD", " JÜRGEN@example.org")
    assert (await house.login(typed)).status_code == 200


@inside()
async def test_a_session_from_sign_in_to_sign_out(house: Inside) -> None:
    await house.add(ADA)
    answer = await house.login(" Ada@Example.org ")
    assert answer.status_code == 200
    data = answer.json()["data"]
    assert answer.json() == {"data": data}
    assert data == {**data, "ExpiresIn": 900}
    assert data.keys() == {"AccessToken", "RefreshToken", "ExpiresIn"}
    access = bearer(data["AccessToken"])
    me = {"user": {"firstName": "Ada", "lastName": "Lovelace", "email": ADA}}
    assert (await house.get("/auth/me", access)).json() == me
    synced = await house.post("/data/sync", {"pageVisits": [visit("a")]}, access)
    assert synced.json()["data"]["page_visits_synced"] == 1
    house.now_ms += 900_000
    assert (await house.get("/auth/me", access)).json() == NOT_SIGNED_IN
    renewal = {"refresh_token": data["RefreshToken"]}
    renewed = await house.post("/auth/refresh", renewal)
    assert (renewed.status_code, renewed.json().keys()) == (200, {"access_token"})
    access = bearer(renewed.json()["access_token"])
    assert (await house.get("/auth/me", access)).json() == me
    assert (await house.post("/auth/logout", {}, access)).status_code == 200
    assert (await house.get("/auth/me", access)).status_code == 401
    assert (await house.post("/auth/refresh", renewal)).json() == NOT_SIGNED_IN
    assert (await house.post("/auth/logout", {}, access)).status_code == 200


@inside()
async def test_signing_out_is_never_refused(house: Inside) -> None:
    device = await house.add(ADA)
    headers: list[dict[str, str]] = [
        *({}, bearer("garbage"), {"authorization": "Basic x"}, bearer("x" * 9000), device),
    ]
    for each in headers:
        assert (await house.client.post("/auth/logout", headers=each)).status_code == 200
    assert (await house.get("/auth/me", device)).status_code == 200, "a device is no session"


@inside()
async def test_a_wrong_password_and_an_unknown_address_look_the_same(house: Inside) -> None:
    await house.add(ADA)
    checked: list[str | None] = []
    really = house.passwords.matches

    async def matches(stored: str | None, password: str) -> bool:
        checked.append(stored)
        return await really(stored, password)

    house.passwords.matches = matches  # type: ignore[method-assign]
    answers = [
        await house.login(ADA, "wrong horse battery"),
        await house.login(ADA, ""),
        await house.login(ADA, "x" * 9000),
        await house.login("eve@example.org"),
        await house.login("no address"),
    ]
    assert len({refused(answer, 401, "WRONG_PASSWORD") for answer in answers}) == 1
    assert len(checked) == 5, "each is worked for"
    assert [stored is None for stored in checked] == [False] * 3 + [True] * 2


def meanwhile(house: Inside, change: Callable[[], Awaitable[None]]) -> None:
    """Have something changed once while the next password is checked."""
    really, changes = house.passwords.matches, [change]

    async def matches(stored: str | None, password: str) -> bool:
        told = await really(stored, password)
        while changes:
            await changes.pop()()
        return told

    house.passwords.matches = matches  # type: ignore[method-assign]


@pytest.mark.parametrize("path", ["/auth/login", "http://heyho.test/sign-in"])
def test_a_password_that_is_changed_while_it_is_checked_opens_nothing(
    tmp_path: Path, path: str
) -> None:
    @inside()
    async def test(house: Inside) -> None:
        await house.add(ADA)
        new = await house.passwords.hash("x" + PASSWORD)

        async def change() -> None:
            async with house.database.write() as connection:
                await change_account(connection, 1, password_hash=new)
                await close_sessions(connection, 1, now_ms=NOW)

        meanwhile(house, change)
        credentials = {"email": ADA, "password": PASSWORD}
        form = {"data": credentials, "headers": {"origin": "http://heyho.test"}}
        sent: dict[str, Any] = {"json": credentials} if path.startswith("/") else form
        assert (await house.client.post(path, **sent)).status_code == 401
        async with house.database.read() as connection:
            opened = await list_devices(connection, now_ms=NOW)
        assert [device.kind for device in opened] == ["device"]

    test(tmp_path)


@inside()
async def test_a_password_that_is_hashed_anew_while_it_is_checked_is_still_right(
    house: Inside,
) -> None:
    await house.add(ADA)
    again = await house.passwords.hash(PASSWORD)

    async def change() -> None:
        async with house.database.write() as connection:
            await change_account(connection, 1, password_hash=again)

    meanwhile(house, change)
    assert (await house.login(ADA)).status_code == 200


@inside()
async def test_who_has_no_password_cannot_sign_in_by_one(house: Inside) -> None:
    admin = await house.add(ADA)
    assert (await house.post("/users", {"email": "eve@example.org"}, admin)).status_code == 201
    for password in ("", "None", PASSWORD):
        refused(await house.login("eve@example.org", password), 401, "WRONG_PASSWORD")


@inside(rates=replace(UNLIMITED, login=Rate("login", 2, 1200)))
async def test_attempts_are_limited_by_address_whether_or_not_it_is_known(house: Inside) -> None:
    await house.add(ADA)
    for email in (ADA, "nobody@example.org"):
        first = await house.login(email.upper(), "wrong horse battery")
        assert first.headers["x-ratelimit-remaining"] == "1"
        assert '"login";q=2;w=1200' in first.headers["ratelimit-policy"]
        await house.login(email, "wrong horse battery")
        refused(await house.login(f" {email}"), 429, "RATE_LIMIT_EXCEEDED")
    assert (await house.login("third@example.org")).status_code == 401


@inside()
async def test_registration_is_closed_unless_it_is_opened(house: Inside) -> None:
    answer = await house.post("/auth/register", NEW)
    assert "user add" in refused(answer, 403, "FORBIDDEN")
    assert (await house.login("eve@example.org")).status_code == 401


@inside(registration_open=True)
async def test_who_registers_is_signed_in(house: Inside) -> None:
    await house.add(ADA)
    answer = await house.post("/auth/register", {**NEW, "email": "Eve@Example.org"})
    assert answer.status_code == 200
    body = answer.json()
    user = {"firstName": "Eve", "lastName": "Moon", "email": "eve@example.org"}
    assert body.keys() == {"access_token", "refresh_token", "user"}
    assert body["user"] == user
    access = bearer(body["access_token"])
    assert (await house.get("/auth/me", access)).json() == {"user": user}
    assert (await house.get("/users", access)).status_code == 403
    renewed = await house.post("/auth/refresh", {"refresh_token": body["refresh_token"]})
    assert renewed.status_code == 200
    assert (await house.login("eve@example.org")).status_code == 200


@inside(registration_open=True)
async def test_what_cannot_be_registered(house: Inside) -> None:
    await house.add(ADA)
    taken = await house.post("/auth/register", {**NEW, "email": "ADA@example.org"})
    assert "sign in" in refused(taken, 409, "CONFLICT")
    for changes in (
        {"password": "x" * 11},
        {"password": "x" * 1025},
        {"email": "nobody"},
        {"email": "a b@example.org"},
        {"email": "x" * 250 + "@example.org"},
        {"first_name": 7},
        {"first_name": "x" * 101},
    ):
        refused(await house.post("/auth/register", {**NEW, **changes}), 400, "BAD_BODY")
    assert (await house.login(ADA)).status_code == 200, "nothing of theirs has changed"


BODIES = [
    *(b"", b"{", b"[]", b"null", b"7", b'"x"', b"{}", b"\xff", b"[" * 9000),
    b'{"email": 7, "password": "x"}',
    b'{"email": "\\ud83d", "password": "x", "code": "\\ud83d", "refresh_token": "\\ud83d"}',
    b'{"email": "a\\u0000", "password": "x", "code": "a\\u0000", "refresh_token": "\\u0000"}',
]


@inside(registration_open=True)
async def test_a_body_that_is_none_is_named(house: Inside) -> None:
    admin = await house.add(ADA)
    for path in ("/auth/login", "/auth/register", "/auth/refresh", "/pair", "/users"):
        for content in BODIES:
            answer = await house.client.post(path, content=content, headers=admin)
            refused(answer, 400, "BAD_BODY")
        large = await house.client.post(path, content=b" " * 20_000, headers=admin)
        refused(large, 413, "TOO_LARGE")


@inside()
async def test_garbage_tokens_open_nothing(house: Inside) -> None:
    await house.add(ADA)
    _, refresh = await signed_in(house)
    for token in ("x", "x" * 600, "é".encode().decode("latin-1"), refresh):
        for path in ("/auth/me", "/devices", "/users", "/data/summary"):
            headers = {"authorization": f"Bearer {token}".encode("latin-1")}
            answer = await house.client.get(path, headers=headers)  # type: ignore[arg-type]
            assert answer.json() == NOT_SIGNED_IN
        assert (await house.post("/pair/codes", None, bearer("x"))).status_code == 401
    assert (await house.post("/auth/refresh", {"refresh_token": "x"})).json() == NOT_SIGNED_IN


@inside()
async def test_devices_are_listed_and_revoked_by_their_user_alone(house: Inside) -> None:
    ada = await house.add(ADA)
    eve = await house.add("eve@example.org")
    chrome = "Mozilla/5.0 (X11; Linux) AppleWebKit/537.36 Chrome/156.0 Safari/537.36"
    credentials = {"email": ADA, "password": PASSWORD}
    answer = await house.post("/auth/login", credentials, {"user-agent": chrome})
    session = bearer(answer.json()["data"]["AccessToken"])
    (device, listed) = (await house.get("/devices", ada)).json()["devices"]
    assert device == {
        "id": device["id"],
        "name": "device",
        "kind": "device",
        "createdAt": NOW,
        "lastSeenAt": None,
        "revoked": False,
        "current": True,
    }
    assert (listed["name"], listed["kind"], listed["current"]) == ("Chrome", "session", False)
    (hers,) = (await house.get("/devices", eve)).json()["devices"]
    for wrong in (device["id"], listed["id"], 0, -1, 2**31, 2**70):
        refused(await house.delete(f"/devices/{wrong}", eve), 404, "NOT_FOUND")
    assert (await house.get("/auth/me", session)).status_code == 200
    revoked = await house.delete(f"/devices/{listed['id']}", ada)
    assert revoked.json() == {"success": True, "id": listed["id"]}
    assert (await house.get("/auth/me", session)).json() == NOT_SIGNED_IN
    assert (await house.get("/devices", ada)).json()["devices"][1]["revoked"]
    assert (await house.delete(f"/devices/{device['id']}", ada)).status_code == 200
    assert (await house.get("/devices", ada)).json() == NOT_SIGNED_IN
    assert (await house.delete(f"/devices/{hers['id']}", eve)).status_code == 200


@inside()
async def test_two_users_keep_visits_of_the_same_id(house: Inside) -> None:
    ada, eve = await house.add(ADA), await house.add("eve@example.org")
    for headers, end in ((ada, 10), (eve, 20)):
        sent = visit("same", endedAt=visit("same")["startedAt"] + end)
        await house.post("/data/sync", {"pageVisits": [sent]}, headers)
    for headers in (ada, eve):
        assert (await house.get("/data/summary", headers)).json()["visits"] == 1


@inside()
async def test_a_device_is_paired_by_a_code(house: Inside) -> None:
    ada, eve = await house.add(ADA), await house.add("eve@example.org")
    made = (await house.post("/pair/codes", None, eve)).json()
    assert (len(made["code"]), made["expiresIn"]) == (9, 600)
    typed = made["code"].replace("-", "").lower()
    paired = await house.post("/pair", {"code": typed, "deviceName": " Laptop "})
    assert paired.json() == {"token": paired.json()["token"], "deviceName": "Laptop"}
    token = bearer(paired.json()["token"])
    user = (await house.get("/auth/me", token)).json()["user"]
    assert user["email"] == "eve@example.org"
    names = [device["name"] for device in (await house.get("/devices", token)).json()["devices"]]
    assert names == ["device", "Laptop"]
    again = await house.post("/pair", {"code": typed})
    assert "make a new one" in refused(again, 400, "WRONG_CODE")
    late = (await house.post("/pair/codes", None, ada)).json()["code"]
    house.now_ms += 600_000
    refused(await house.post("/pair", {"code": late}), 400, "WRONG_CODE")


@inside()
async def test_a_code_is_used_once_by_however_many_at_once(house: Inside) -> None:
    ada = await house.add(ADA)
    code = (await house.post("/pair/codes", None, ada)).json()["code"]
    answers = await gather(*(house.post("/pair", {"code": code}) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7


@inside(rates=replace(UNLIMITED, pair=Rate("pair", 2, 600)))
async def test_attempts_to_pair_are_limited_by_address(house: Inside) -> None:
    for left in ("1", "0"):
        answer = await house.post("/pair", {"code": "x"})
        assert (answer.status_code, answer.headers["x-ratelimit-remaining"]) == (400, left)
        assert '"pair";q=2;w=600' in answer.headers["ratelimit-policy"]
    refused(await house.post("/pair", {"code": "x"}), 429, "RATE_LIMIT_EXCEEDED")


@inside()
async def test_administrators_add_and_remove_users(house: Inside) -> None:
    admin = await house.add(ADA)
    new = {"email": "Eve@example.org", "password": PASSWORD, "firstName": "Eve"}
    answer = await house.post("/users", new, admin)
    assert answer.status_code == 201
    eve = answer.json()
    assert eve == {
        "id": eve["id"],
        "email": "eve@example.org",
        "firstName": "Eve",
        "lastName": "",
        "role": "person",
        "createdAt": NOW,
    }
    refused(await house.post("/users", new, admin), 409, "CONFLICT")
    refused(await house.post("/users", {**new, "password": "short"}, admin), 400, "BAD_BODY")
    access, _ = await signed_in(house, "eve@example.org")
    await house.post("/data/sync", {"pageVisits": [visit("a")]}, bearer(access))
    listed = (await house.get("/users", admin)).json()["users"]
    assert [(user["email"], user["role"]) for user in listed] == [
        (ADA, "administrator"),
        ("eve@example.org", "person"),
    ]
    assert (await house.get("/data/summary", admin)).json()["visits"] == 0
    removed = await house.delete(f"/users/{eve['id']}", admin)
    assert removed.json() == {"success": True, "id": eve["id"]}
    assert (await house.get("/auth/me", bearer(access))).json() == NOT_SIGNED_IN
    for wrong in (eve["id"], 0, 2**70):
        refused(await house.delete(f"/users/{wrong}", admin), 404, "NOT_FOUND")
    refused(await house.delete(f"/users/{listed[0]['id']}", admin), 409, "CONFLICT")


@inside()
async def test_a_person_administers_nobody(house: Inside) -> None:
    await house.add(ADA)
    eve = await house.add("eve@example.org")
    answers = [
        await house.get("/users", eve),
        await house.post("/users", {"email": "x@example.org"}, eve),
        await house.delete("/users/1", eve),
    ]
    for answer in answers:
        assert "administrator" in refused(answer, 403, "FORBIDDEN")


@inside()
async def test_a_few_passwords_are_hashed_at_once(house: Inside) -> None:
    await house.add(ADA)
    answers = await gather(*(house.login(ADA) for _ in range(12)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["data"]["AccessToken"] for answer in answers}) == 12


def test_the_usual_cost_of_a_password() -> None:
    import asyncio

    async def work() -> Any:
        stored = await Passwords().hash(PASSWORD)
        cheap = Passwords(time_cost=1, memory_kib=8)
        return stored, await cheap.matches(stored, PASSWORD), await cheap.matches("x", PASSWORD)

    stored, right, broken = asyncio.run(work())
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert (right, broken) == (True, False)


@pytest.mark.parametrize(
    "email", ["", "a", "@", "a@", "@a", "a@b@c", "a b@c", "a@b\n.c", "ä\x00@b"]
)
def test_what_is_no_email_address(email: str) -> None:
    with pytest.raises(ValueError, match="is written as"):
        read_email(email)


@pytest.mark.parametrize("password", ["", "x" * 11, "x" * 1025, "correct horse \ud83d"])
def test_what_is_no_password(password: str) -> None:
    with pytest.raises(ValueError, match="password"):
        check_password(password)


def test_registration_is_open_or_closed() -> None:
    assert read_registration({"HEYHO_REGISTRATION": " Open "})
    assert not read_registration({"HEYHO_REGISTRATION": "closed"})
    assert not read_registration({})
    with pytest.raises(StartError, match="HEYHO_REGISTRATION is 'maybe'"):
        read_registration({"HEYHO_REGISTRATION": "maybe"})


@pytest.mark.parametrize(
    ("user_agent", "family"),
    [
        ("Mozilla/5.0 AppleWebKit/537.36 Chrome/156.0 Safari/537.36 Edg/156.0", "Edge"),
        ("Mozilla/5.0 AppleWebKit/537.36 Chrome/156.0 Safari/537.36", "Chrome"),
        ("Mozilla/5.0 Gecko/20100101 Firefox/150.0", "Firefox"),
        ("curl/8.0", "HeyHo"),
        ("", "HeyHo"),
    ],
)
def test_browsers_are_told_apart(user_agent: str, family: str) -> None:
    assert family_of(user_agent) == family
