"""The page for people: who gets in, what they see, and that nobody else's page does anything."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import httpx
import pytest

from heyho_server.limits.rates import Rate, Rates
from heyho_server.storage.devices import revoke_device
from heyho_server.storage.page_sessions import PAGE_S
from server.inside import NOW, PASSWORD, UNLIMITED, Headers, Inside, bearer, inside
from server.support import visit

ROOT = "http://heyho.test"
OWN = {"origin": ROOT}
EMAIL = "ada@example.org"
DAY_MS = 86_400_000


async def enter(house: Inside, email: str = EMAIL) -> None:
    """Sign in; the client keeps the cookie."""
    answer = await send_form(house, "/sign-in", {"email": email, "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def send_form(
    house: Inside, path: str, fields: dict[str, str] | None = None, headers: Headers = OWN
) -> httpx.Response:
    return await house.client.post(f"{ROOT}{path}", data=fields or {}, headers=headers)


async def look(house: Inside, query: str = "") -> str:
    answer = await house.client.get(f"{ROOT}/{query}")
    assert answer.status_code == 200
    return answer.text


async def sync(house: Inside, headers: Headers, visits: list[Any]) -> None:
    body = {"anonymousClientId": "device-1", "pageVisits": visits, "tabAggregates": []}
    answer = await house.client.post(
        "/data/sync",
        content=gzip.compress(json.dumps(body).encode()),
        headers={**headers, "content-type": "application/json", "content-encoding": "gzip"},
    )
    assert answer.status_code == 200, answer.text


def words(page: str) -> str:
    """What a person reads of a page, in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@inside()
async def test_who_has_not_signed_in_sees_a_form_alone(house: Inside) -> None:
    await sync(house, await house.add(EMAIL), [visit("a")])
    answer = await house.client.get(ROOT)
    assert answer.status_code == 200
    assert "Password" in answer.text
    assert "example.org" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "script" not in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    style = await house.client.get(f"{ROOT}/style.css")
    assert style.headers["content-type"].startswith("text/css")


@inside()
async def test_signing_in_and_out_by_a_password(house: Inside) -> None:
    await house.add(EMAIL)
    wrong = await send_form(house, "/sign-in", {"email": EMAIL, "password": "not " + PASSWORD})
    assert wrong.status_code == 401
    assert "password is wrong" in wrong.text
    assert f'value="{EMAIL}"' in wrong.text
    assert PASSWORD not in wrong.text
    assert not house.client.cookies
    answer = await send_form(house, "/sign-in", {"email": "Ada@Example.org", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert {"httponly", "samesite=strict", "path=/"} <= set(cookie.split("; "))
    assert "max-age" not in cookie
    assert "secure" not in cookie
    assert EMAIL in await look(house)
    assert (await send_form(house, "/sign-out")).status_code == 303
    assert "Password" in await look(house)


@inside()
async def test_signing_in_by_the_token_of_a_device(house: Inside) -> None:
    headers = await house.add()
    token = headers["authorization"].removeprefix("Bearer ")
    refused = await send_form(house, "/sign-in", {"token": token[:-1]})
    assert refused.status_code == 403
    assert "mistyped" in refused.text
    assert token[:-1] not in refused.text
    assert (await send_form(house, "/sign-in", {"token": f" {token}\n"})).status_code == 303
    assert "Ada" in await look(house)


@inside()
async def test_the_cookie_is_for_encrypted_ways_alone_where_there_is_one(house: Inside) -> None:
    await house.add(EMAIL)
    fields = {"email": EMAIL, "password": PASSWORD}
    behind_a_proxy = {"origin": ROOT.replace("http:", "https:")}
    answer = await send_form(house, "/sign-in", fields, behind_a_proxy)
    assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
        {"origin": ROOT, "sec-fetch-site": "cross-site"},
        {"origin": ROOT, "sec-fetch-site": "same-site"},
    ],
)
def test_a_form_of_another_sites_page_does_nothing(headers: Headers, tmp_path: Any) -> None:
    @inside()
    async def attempt(house: Inside) -> None:
        device = await house.add(EMAIL)
        await enter(house)
        fields = {"email": EMAIL, "password": PASSWORD}
        paths = ("/sign-in", "/sign-out", "/pair", "/devices/1/revoke")
        for path in paths:
            answer = await send_form(house, path, fields, headers)
            assert answer.status_code == 403, path
            assert "own page" in answer.text
            assert "set-cookie" not in answer.headers
        assert "Sign out" in await look(house)
        assert (await house.get("/data/summary", device)).status_code == 200

    attempt(tmp_path)


@inside()
async def test_the_cookie_opens_the_page_and_nothing_else(house: Inside) -> None:
    headers = await house.add(EMAIL)
    await enter(house)
    token = house.client.cookies["heyho"]
    assert (await house.get("/data/summary")).status_code == 401
    given = {"authorization": f"Bearer {token}"}
    assert (await house.get("/data/summary", given)).status_code == 401
    renewal = await house.post("/auth/refresh", {"refresh_token": token})
    assert renewal.status_code == 401
    house.client.cookies.clear()
    house.client.cookies["heyho"] = headers["authorization"].removeprefix("Bearer ")
    assert "Password" in await look(house)


@inside()
async def test_a_session_ends_by_itself_and_by_being_revoked(house: Inside) -> None:
    headers = await house.add(EMAIL)
    await enter(house)
    house.now_ms = NOW + PAGE_S * 1000 - 1
    assert "Sign out" in await look(house)
    house.now_ms += 1
    assert "Password" in await look(house)
    assert (await send_form(house, "/pair")).status_code == 401
    await enter(house)
    listed = (await house.get("/devices", headers)).json()["devices"]
    (session,) = (device for device in listed if device["kind"] == "page")
    await house.delete(f"/devices/{session['id']}", headers)
    assert "Password" in await look(house)


@inside()
async def test_a_device_is_paired_by_a_code_from_the_page_and_revoked_there(house: Inside) -> None:
    await house.add(EMAIL)
    await enter(house)
    shown = await send_form(house, "/pair")
    (code,) = re.findall(r"<strong>([0-9A-Z]{4}-[0-9A-Z]{4})</strong>", shown.text)
    assert code not in await look(house)
    paired = (await house.post("/pair", {"code": code, "deviceName": "<Laptop>"})).json()
    headers = {"authorization": f"Bearer {paired['token']}"}
    page = await look(house)
    assert "&lt;Laptop&gt;" in page
    (path,) = re.findall(r'action="(/devices/\d+/revoke)">\s*<button aria-label="Revoke &lt;', page)
    assert (await send_form(house, path)).headers["location"] == "/"
    assert "Laptop" not in await look(house)
    assert (await house.get("/data/summary", headers)).status_code == 401


async def waiting(
    house: Inside, request: Coroutine[Any, Any, httpx.Response]
) -> asyncio.Task[httpx.Response]:
    """A request that has come as far as to wait for its turn to write."""
    before = house.database.writes
    task = asyncio.create_task(request)
    for _ in range(10_000):
        if house.database.writes > before:
            break
        await asyncio.sleep(0.001)
    return task


@pytest.mark.parametrize("way", ["/pair", "/pair/codes"])
def test_who_is_being_revoked_gets_no_pairing_code(way: str, tmp_path: Any) -> None:
    @inside()
    async def attempt(house: Inside) -> None:
        ada = await house.add(EMAIL)
        await enter(house)
        code = (await house.post("/pair/codes", None, ada)).json()["code"]
        other = bearer((await house.post("/pair", {"code": code})).json()["token"])
        kind = "page" if way == "/pair" else "device"
        listed = (await house.get("/devices", ada)).json()["devices"]
        asking = next(it["id"] for it in listed if it["kind"] == kind)

        async with house.database.writer:
            revoking = await waiting(house, house.delete(f"/devices/{asking}", other))
            asked = send_form(house, way) if way == "/pair" else house.post(way, None, ada)
            pairing = await waiting(house, asked)
        assert (await revoking).status_code == 200
        assert (await pairing).status_code == 401

    attempt(tmp_path)


@pytest.mark.parametrize("by", ["the API", "the page", "the command line"])
def test_a_session_that_a_device_opened_goes_with_it(by: str, tmp_path: Any) -> None:
    @inside()
    async def attempt(house: Inside) -> None:
        stolen, bob = await house.add(EMAIL), await house.add("bob@example.org")
        (device,) = (await house.get("/devices", stolen)).json()["devices"]
        fields = {"token": stolen["authorization"].removeprefix("Bearer ")}
        assert (await send_form(house, "/sign-in", fields)).status_code == 303
        thief = house.client.cookies["heyho"]
        house.client.cookies.clear()
        await enter(house, "bob@example.org")
        others = house.client.cookies["heyho"]
        house.client.cookies.clear()
        await enter(house)
        asking = house.client.cookies["heyho"]
        if by == "the page":
            await send_form(house, f"/devices/{device['id']}/revoke")
        elif by == "the API":
            access = (await house.login(EMAIL)).json()["data"]["AccessToken"]
            await house.delete(f"/devices/{device['id']}", bearer(access))
        else:
            async with house.database.write() as connection:
                assert await revoke_device(connection, device["id"], now_ms=NOW)
        seen = {}
        for name, cookie in (("thief", thief), ("others", others), ("asking", asking)):
            house.client.cookies.clear()
            house.client.cookies["heyho"] = cookie
            seen[name] = "Sign out" in await look(house)
        assert seen == {"thief": False, "others": True, "asking": by == "the page"}
        house.client.cookies.clear()
        house.client.cookies["heyho"] = thief
        refused = await send_form(house, "/pair")
        assert (refused.status_code, "Sign in again" in refused.text) == (401, True)
        assert (await house.get("/devices", bob)).status_code == 200

    attempt(tmp_path)


@inside()
async def test_nobody_sees_or_revokes_what_is_anothers(house: Inside) -> None:
    hers = await house.add(EMAIL)
    await house.add("bob@example.org")
    await sync(house, hers, [visit("a", url="https://secret.example/", domain="secret.example")])
    await enter(house, "bob@example.org")
    page = await look(house)
    assert "secret.example" not in page
    assert "Nothing was synced yet" in page
    for device_id in ("1", "0", "-1", "99999999999999999999"):
        answer = await send_form(house, f"/devices/{device_id}/revoke")
        assert answer.status_code in (303, 404), device_id
    assert (await house.get("/data/summary", hers)).status_code == 200


@inside()
async def test_figures_are_those_of_the_chosen_zone(house: Inside) -> None:
    headers = await house.add(EMAIL)
    # NOW is 22:13:20 in London and 9:13:20 on the next day in Auckland.
    await sync(
        house,
        headers,
        [visit("today", startedAt=NOW - 60_000, endedAt=NOW)]
        + [visit(f"{number}", startedAt=NOW - 29 * DAY_MS, endedAt=NOW) for number in range(2)]
        + [visit("older", startedAt=NOW - 40 * DAY_MS, endedAt=NOW)],
    )
    await enter(house)
    page = await look(house)
    assert "4 visits kept" in words(page)
    assert "3 in the last 30 days" in words(page)
    assert "Tuesday, 14 November: 1 visit," in page
    assert "Monday, 16 October: 2 visits," in page
    assert "Friday, 10 November: 0 visits</title>" in page
    assert "example.org 3 visits" in words(page)
    moved = await look(house, "?zone=Pacific/Auckland")
    assert "Wednesday, 15 November: 1 visit," in moved
    assert "Tuesday, 17 October: 2 visits," in moved
    assert moved == await look(house)  # which is remembered
    for odd in ("Mars/Olympus", "../../etc/passwd", "%00"):
        assert "Tuesday, 14 November: 1 visit," in await look(house, f"?zone={odd}")


@inside()
async def test_syncs_tell_what_was_refused_and_why(house: Inside) -> None:
    headers = await house.add(EMAIL)
    bad = visit("<b>bad", url=None)
    await sync(house, headers, [visit("a"), visit("b"), bad])
    await enter(house)
    page = await look(house)
    assert "2 visits, 1 refused" in words(page)
    assert "<b>bad" not in page
    assert "&lt;b&gt;bad" in page
    assert re.search(r"</code> [^<]*url", page)


@inside(rates=replace(UNLIMITED, login=Rates().login))
async def test_attempts_are_limited_with_those_of_the_api(house: Inside) -> None:
    await house.add(EMAIL)
    fields = {"email": EMAIL, "password": "wrong"}
    for _ in range(3):
        assert (await send_form(house, "/sign-in", fields)).status_code == 401
    for _ in range(2):
        assert (await house.login(EMAIL, "wrong")).status_code == 401
    answer = await send_form(house, "/sign-in", {"email": EMAIL, "password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert re.search(r"Too many attempts\. Wait \d+ min", answer.text)


@inside(rates=replace(UNLIMITED, general=Rate("general", 3, 60)))
async def test_the_page_counts_as_any_other_request(house: Inside) -> None:
    for _ in range(3):
        await look(house)
    assert (await house.client.get(ROOT)).status_code == 429


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"email=a", "application/json", 415),
        (b"email=a", "multipart/form-data; boundary=x", 415),
        (b"email=" + b"a" * 20_000, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"f%d=1" % number for number in range(50)), None, 400),
        (b"\xff\xfe=\xff", None, 400),
        (b"email=%ff%fe&password=x", None, 400),
        (b"", None, 401),
        (b"email=%00&password=%00", None, 401),
        (b"token=%00", None, 403),
        (b"token=", None, 401),
        (b"email=a%40b.org&password=" + b"x" * 5_000, None, 401),
    ],
)
def test_odd_forms_get_a_sentence(
    content: bytes, kind: str | None, status: int, tmp_path: Any
) -> None:
    @inside()
    async def attempt(house: Inside) -> None:
        headers = {**OWN, "content-type": kind or "application/x-www-form-urlencoded"}
        answer = await house.client.post(f"{ROOT}/sign-in", content=content, headers=headers)
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith("text/html")
        assert re.search(r'role="alert">[A-Z][^<]+\.</p>', answer.text)

    attempt(tmp_path)
