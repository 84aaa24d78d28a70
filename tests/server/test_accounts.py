"""Accounts, devices, sessions and pairing codes, as both kinds of database keep them."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from harness.postgres import Postgres
from heyho_server.errors import EmailTaken, NotSignedIn
from heyho_server.settings import read_database_url
from heyho_server.storage import accounts, devices, page_sessions, pairing, sessions, visits
from heyho_server.storage.database import Database, open_database
from heyho_server.storage.devices import Caller
from heyho_server.storage.sync_log import RETENTION_MS
from heyho_server.storage.tables import access_tokens, metadata, users
from heyho_server.storage.tables import devices as devices_table

T = TypeVar("T")

NOW = 1_700_000_000_000
MINUTE = 60_000
DAY = 86_400_000


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of a database that the tests share: it has an administrator, and each makes more users."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('accounts') / 'heyho.sqlite3'}"
    else:
        cluster: Postgres = request.getfixturevalue("postgres_cluster")
        url = cluster.create_database().render_as_string(hide_password=False)
    in_transaction(url, user)
    return url


def in_database(url: str, work: Callable[[Database], Awaitable[T]]) -> T:
    async def run() -> T:
        async with open_database(read_database_url(url, Path())) as database:
            return await work(database)

    return asyncio.run(run())


def in_transaction(url: str, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    async def run(database: Database) -> T:
        async with database.write() as connection:
            return await work(connection)

    return in_database(url, run)


async def user(connection: AsyncConnection) -> int:
    return await devices.create_user(connection, now_ms=NOW)


def test_the_first_user_is_an_administrator_and_the_next_is_not(url: str) -> None:
    async def work(database: Database) -> list[str]:
        async with database.write() as connection:
            await connection.execute(users.update().values(role="person"))
            await devices.ensure_device(connection, bootstrap_token="a" * 20, now_ms=NOW)
            await devices.ensure_device(connection, bootstrap_token="b" * 20, now_ms=NOW)
            await user(connection)
        async with database.read() as connection:
            return [account.role for account in await accounts.list_accounts(connection)]

    first, *others = in_database(url, work)
    assert first == "administrator"
    assert set(others) <= {"person"}


def test_the_bootstrap_token_is_the_first_users_and_nobody_elses(database_url: str) -> None:
    async def work(connection: AsyncConnection) -> list[Caller | None]:
        found = []
        for token in ("a" * 20, "b" * 20):
            await devices.ensure_device(connection, bootstrap_token=token, now_ms=NOW)
            found.append(await devices.find_caller(connection, token, now_ms=NOW))
            await accounts.create_account(connection, administrator=True, now_ms=NOW)
            await accounts.remove_account(connection, 1)
        return found

    first, second = in_transaction(database_url, work)
    assert first is not None
    assert (first.user_id, second) == (1, None)


def test_an_email_address_belongs_to_one_user(url: str) -> None:
    async def work(connection: AsyncConnection) -> Any:
        ada = await accounts.create_account(
            connection, email="ada@example.org", password_hash="x", first_name="Ada", now_ms=NOW
        )
        with pytest.raises(EmailTaken):
            await accounts.create_account(connection, email="ada@example.org", now_ms=NOW)
        assert await accounts.find_account_by_email(connection, "ada@example.org") == ada
        assert await accounts.find_account(connection, ada.id) == ada
        assert await accounts.find_account_by_email(connection, "eve@example.org") is None
        assert await accounts.find_password(connection, "eve@example.org") is None
        assert await accounts.has_password(connection, ada.id, "x")
        assert not await accounts.has_password(connection, ada.id, "y")
        assert not await accounts.has_password(connection, ada.id + 1, "x")
        return ada.id, await accounts.find_password(connection, "ada@example.org")

    ada_id, found = in_transaction(url, work)
    assert found == (ada_id, "x")


def test_a_device_is_found_by_its_token_until_it_is_revoked(url: str) -> None:
    async def work(connection: AsyncConnection) -> None:
        mine, theirs = await user(connection), await user(connection)
        token = devices.new_token()
        made = await devices.create_device(
            connection, user_id=mine, name="x" * 300, token=token, now_ms=NOW
        )
        found = await devices.find_caller(connection, token, now_ms=NOW)
        assert found == devices.Caller(mine, made.device_id, "person")
        for garbage in ("", "x", token[:-1], token + "x", "é" * 300):
            assert await devices.find_caller(connection, garbage, now_ms=NOW) is None
        revoke = devices.revoke_device
        assert not await revoke(connection, made.device_id, user_id=theirs, now_ms=NOW)
        assert await devices.find_caller(connection, token, now_ms=NOW)
        assert await revoke(connection, made.device_id, user_id=mine, now_ms=NOW)
        assert await revoke(connection, made.device_id, user_id=mine, now_ms=NOW)
        assert await devices.find_caller(connection, token, now_ms=NOW) is None
        (listed,) = await devices.list_devices(connection, user_id=mine, now_ms=NOW)
        assert (listed.name, listed.kind, listed.revoked) == ("x" * 100, "device", True)
        assert await devices.list_devices(connection, user_id=theirs, now_ms=NOW) == []

    in_transaction(url, work)


def test_tokens_are_compared_in_constant_time_and_only_as_hashes(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_constant_time = hmac.compare_digest
    compared: list[tuple[bytes, bytes]] = []

    def spy(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return in_constant_time(one, other)

    monkeypatch.setattr(hmac, "compare_digest", spy)
    token = devices.new_token()
    hashed = sha256(token.encode()).digest()

    async def work(database: Database) -> None:
        async with database.write() as connection:
            owner = await user(connection)
            device = await devices.create_device(
                connection, user_id=owner, name="x", token=token, now_ms=NOW
            )
            rows = (await connection.execute(select(devices_table))).all()
            assert token not in str(rows)
            assert hashed in [bytes(row.token_hash) for row in rows]
            caller = await devices.find_caller(connection, token, now_ms=NOW)
        assert caller == Caller(owner, device.device_id, "person")
        assert await devices.look_up_caller(database, token, now_ms=NOW) == caller
        assert compared == [(hashed, hashed)] * 2
        # However much of a guess is right: its hash is another, and nothing is found to compare.
        for guess in (token[:-1] + "~", "~" + token[1:]):
            assert await devices.look_up_caller(database, guess, now_ms=NOW) is None
        assert len(compared) == 2

    in_database(url, work)


def test_an_access_token_opens_for_fifteen_minutes(url: str) -> None:
    async def work(connection: AsyncConnection) -> None:
        mine = await user(connection)
        tokens = await sessions.open_session(connection, user_id=mine, name="Chrome", now_ms=NOW)

        async def opens(token: str, now_ms: int) -> bool:
            found = await devices.find_caller(connection, token, now_ms=now_ms)
            assert found is None or found.user_id == mine
            return found is not None

        assert await opens(tokens.access, NOW + 15 * MINUTE - 1)
        assert not await opens(tokens.access, NOW + 15 * MINUTE)
        assert not await opens(tokens.refresh, NOW), "it only serves to get access tokens"
        later = NOW + 20 * MINUTE
        renewed = await sessions.renew_session(connection, tokens.refresh, now_ms=later)
        assert renewed is not None
        assert await opens(renewed, later)
        kept = select(access_tokens.c.expires_at).join(devices_table)
        kept = kept.where(devices_table.c.user_id == mine)
        assert list(await connection.scalars(kept)) == [later + 15 * MINUTE], "old ones are gone"

    in_transaction(url, work)


def test_a_refresh_token_lasts_ninety_days_from_its_last_use(url: str) -> None:
    async def work(connection: AsyncConnection) -> None:
        mine = await user(connection)
        tokens = await sessions.open_session(connection, user_id=mine, name="Chrome", now_ms=NOW)
        renew = sessions.renew_session
        assert await renew(connection, tokens.refresh, now_ms=NOW + 89 * DAY)
        assert await renew(connection, tokens.refresh, now_ms=NOW + 178 * DAY)
        (listed,) = await devices.list_devices(connection, user_id=mine, now_ms=NOW + 267 * DAY)
        assert (listed.kind, listed.last_seen_at) == ("session", NOW + 178 * DAY)
        assert await renew(connection, tokens.refresh, now_ms=NOW + 268 * DAY) is None
        assert await devices.list_devices(connection, user_id=mine, now_ms=NOW + 268 * DAY) == []
        assert await renew(connection, tokens.access, now_ms=NOW) is None

    in_transaction(url, work)


@pytest.mark.parametrize("by", ["access", "refresh"])
def test_signing_out_revokes_the_session_alone(url: str, by: str) -> None:
    async def work(connection: AsyncConnection) -> None:
        mine = await user(connection)
        token = devices.new_token()
        await devices.create_device(connection, user_id=mine, name="a", token=token, now_ms=NOW)
        tokens = await sessions.open_session(connection, user_id=mine, name="b", now_ms=NOW)
        other = await sessions.open_session(connection, user_id=mine, name="c", now_ms=NOW)
        after = NOW + 20 * MINUTE
        await sessions.open_session(connection, user_id=mine, name="d", now_ms=after)
        await sessions.close_session(connection, getattr(tokens, by), now_ms=after)
        await sessions.close_session(connection, token, now_ms=after)
        await sessions.close_session(connection, "garbage", now_ms=after)
        assert await devices.find_caller(connection, tokens.access, now_ms=NOW) is None
        assert await sessions.renew_session(connection, tokens.refresh, now_ms=NOW) is None
        assert await devices.find_caller(connection, other.access, now_ms=NOW)
        assert await devices.find_caller(connection, token, now_ms=NOW)

    in_transaction(url, work)


def test_a_code_pairs_once_and_for_ten_minutes(url: str) -> None:
    async def work(connection: AsyncConnection) -> None:
        mine = await user(connection)
        code = await pairing.create_code(connection, user_id=mine, device_id=None, now_ms=NOW)
        late = await pairing.create_code(connection, user_id=mine, device_id=None, now_ms=NOW)
        shown = pairing.show_code(code)
        assert (len(code), shown[4]) == (8, "-")
        typed = pairing.read_code(f" {shown.lower()} ")
        assert typed == pairing.read_code(code) == code
        paired = await pairing.pair(connection, typed, name="Laptop", now_ms=NOW + 599_999)
        assert paired is not None
        assert paired.name == "Laptop"
        found = await devices.find_caller(connection, paired.token, now_ms=NOW)
        assert found is not None
        assert found.user_id == mine
        assert await pairing.pair(connection, typed, name="Laptop", now_ms=NOW) is None
        assert await pairing.pair(connection, late, name="Laptop", now_ms=NOW + 600_000) is None
        assert await pairing.pair(connection, "", name="Laptop", now_ms=NOW) is None

    in_transaction(url, work)


@pytest.mark.parametrize("by", ["a device", "a password", "signing out"])
def test_codes_are_closed_with_a_device_and_with_a_password(url: str, by: str) -> None:
    async def work(connection: AsyncConnection) -> list[bool]:
        mine, theirs = await user(connection), await user(connection)
        codes = [
            await pairing.create_code(connection, user_id=each, device_id=None, now_ms=NOW)
            for each in (mine, theirs)
        ]
        opened = await sessions.open_session(connection, user_id=mine, name="PC", now_ms=NOW)
        caller = await devices.find_caller(connection, opened.access, now_ms=NOW)
        assert caller is not None
        if by == "a device":
            args = (connection, caller.device_id)
            assert not await devices.revoke_device(*args, user_id=theirs, now_ms=NOW)
            assert await devices.revoke_device(*args, user_id=mine, now_ms=NOW)
        elif by == "a password":
            await sessions.close_sessions(connection, mine, now_ms=NOW)
        else:
            await sessions.close_session(connection, opened.refresh, now_ms=NOW)
        used = [await pairing.pair(connection, code, name="PC", now_ms=NOW) for code in codes]
        return [paired is not None for paired in used]

    assert in_transaction(url, work) == [by == "signing out", True]


async def signed_in(connection: AsyncConnection) -> tuple[int, int]:
    """A new user, and a session of theirs."""
    mine = await user(connection)
    opened = await sessions.open_session(connection, user_id=mine, name="PC", now_ms=NOW)
    caller = await devices.find_caller(connection, opened.access, now_ms=NOW)
    assert caller is not None
    return mine, caller.device_id


async def close(connection: AsyncConnection, by: str, user_id: int, device_id: int) -> None:
    if by == "a device":
        await devices.revoke_device(connection, device_id, user_id=user_id, now_ms=NOW)
    else:
        await sessions.close_sessions(connection, user_id, now_ms=NOW)


@pytest.mark.parametrize("by", ["a device", "a password"])
def test_who_is_revoked_meanwhile_gets_no_code(url: str, by: str) -> None:
    async def work(database: Database) -> None:
        async with database.write() as connection:
            mine, asking = await signed_in(connection)

        async def ask() -> None:
            async with database.write() as connection:
                with pytest.raises(NotSignedIn):
                    await pairing.create_code(
                        connection, user_id=mine, device_id=asking, now_ms=NOW
                    )

        async with database.write() as connection:
            await close(connection, by, mine, asking)
            waits = asyncio.create_task(ask())
            await asyncio.wait([waits], timeout=0.5)
        await waits

    in_database(url, work)


@pytest.mark.parametrize("by", ["a device", "a password"])
def test_a_code_that_is_made_meanwhile_is_closed_as_well(url: str, by: str) -> None:
    async def work(database: Database) -> None:
        async with database.write() as connection:
            mine, asking = await signed_in(connection)

        async def close_it() -> None:
            async with database.write() as connection:
                await close(connection, by, mine, asking)

        async with database.write() as connection:
            code = await pairing.create_code(connection, user_id=mine, device_id=asking, now_ms=NOW)
            waits = asyncio.create_task(close_it())
            await asyncio.wait([waits], timeout=0.5)
        await waits
        async with database.write() as connection:
            assert await pairing.pair(connection, code, name="PC", now_ms=NOW) is None

    in_database(url, work)


@pytest.mark.parametrize("first", ["revoking", "signing in"])
def test_a_token_that_is_being_revoked_leaves_no_session_of_the_page(url: str, first: str) -> None:
    token = devices.new_token()

    async def work(database: Database) -> None:
        async with database.write() as connection:
            mine = await user(connection)
            made = await devices.create_device(
                connection, user_id=mine, name="PC", token=token, now_ms=NOW
            )

        async def revoke(connection: AsyncConnection) -> None:
            await devices.revoke_device(connection, made.device_id, now_ms=NOW)

        async def sign_in(connection: AsyncConnection) -> None:
            found = await page_sessions.sign_in_by_token(connection, token, now_ms=NOW)
            if found is not None:
                await page_sessions.open_page_session(
                    connection, user_id=found, name="Chrome", now_ms=NOW
                )

        async def follow(step: Callable[[AsyncConnection], Awaitable[None]]) -> None:
            async with database.write() as connection:
                await step(connection)

        steps = [revoke, sign_in] if first == "revoking" else [sign_in, revoke]
        async with database.write() as connection:
            await steps[0](connection)
            waits = asyncio.create_task(follow(steps[1]))
            await asyncio.wait([waits], timeout=0.5)
        await waits
        async with database.read() as connection:
            left = await devices.list_devices(connection, user_id=mine, now_ms=NOW)
        assert all(device.revoked for device in left)

    in_database(url, work)


def test_of_ten_that_use_a_code_at_once_one_gets_it(url: str) -> None:
    async def work(database: Database) -> list[pairing.Paired | None]:
        async with database.write() as connection:
            mine = await user(connection)
            code = await pairing.create_code(connection, user_id=mine, device_id=None, now_ms=NOW)

        async def use() -> pairing.Paired | None:
            async with database.write() as connection:
                return await pairing.pair(connection, code, name="Laptop", now_ms=NOW)

        return await asyncio.gather(*(use() for _ in range(10)))

    assert sum(paired is not None for paired in in_database(url, work)) == 1


def test_a_code_may_know_the_devices_name(url: str) -> None:
    async def work(connection: AsyncConnection) -> str | None:
        code = await pairing.create_code(
            connection,
            user_id=await user(connection),
            device_id=None,
            now_ms=NOW,
            device_name="Work",
        )
        paired = await pairing.pair(connection, code, name="Chrome", now_ms=NOW)
        return paired.name if paired else None

    assert in_transaction(url, work) == "Work"


def test_sessions_are_forgotten_long_after_they_expired(url: str) -> None:
    async def work(connection: AsyncConnection) -> None:
        mine = await user(connection)
        token = devices.new_token()
        await devices.create_device(connection, user_id=mine, name="a", token=token, now_ms=NOW)
        await sessions.open_session(connection, user_id=mine, name="b", now_ms=NOW)
        await page_sessions.open_page_session(connection, user_id=mine, name="c", now_ms=NOW)

        async def names(now_ms: int) -> list[str]:
            await sessions.prune_sessions(connection, now_ms=now_ms)
            everything = await devices.list_devices(connection, user_id=mine, now_ms=0)
            return [device.name for device in everything]

        assert (await visits.summarize(connection, Caller(mine, 0), now_ms=NOW)).devices == 2
        assert await names(NOW + DAY + RETENTION_MS // 2) == ["a", "b", "c"]
        assert await names(NOW + DAY + RETENTION_MS) == ["a", "b"]
        later = NOW + sessions.REFRESH_S * 1000 + 1
        assert (await visits.summarize(connection, Caller(mine, 0), now_ms=later)).devices == 1
        assert await names(later + RETENTION_MS) == ["a"]
        assert await devices.find_caller(connection, token, now_ms=later)

    in_transaction(url, work)


def test_a_user_is_changed_but_not_into_another(url: str) -> None:
    async def work(connection: AsyncConnection) -> None:
        await accounts.create_account(connection, email="taken@example.org", now_ms=NOW)
        mine = await user(connection)
        with pytest.raises(EmailTaken):
            await accounts.change_account(connection, mine, email="taken@example.org")
        await accounts.change_account(connection, mine)
        await accounts.change_account(connection, mine, email="x@example.org", name=("X", "Y"))
        found = await accounts.find_account(connection, mine)
        assert found is not None
        assert (found.email, found.first_name, found.last_name) == ("x@example.org", "X", "Y")
        tokens = await sessions.open_session(connection, user_id=mine, name="Chrome", now_ms=NOW)
        await sessions.close_sessions(connection, mine, now_ms=NOW)
        assert await devices.find_caller(connection, tokens.access, now_ms=NOW) is None
        assert await sessions.renew_session(connection, tokens.refresh, now_ms=NOW) is None

    in_transaction(url, work)


def test_nothing_is_left_of_a_user_who_is_removed_and_all_of_the_others(url: str) -> None:
    async def fill(connection: AsyncConnection, user_id: int) -> None:
        """A row in each table that belongs to users."""
        await sessions.open_session(connection, user_id=user_id, name="Chrome", now_ms=NOW)
        await pairing.create_code(connection, user_id=user_id, device_id=None, now_ms=NOW)
        for statement in (
            (
                "visits (user_id, id, url, title, domain, started_at, ended_at, "
                "active_duration_ms, idle_periods, anonymous_client_id, stored_at) "
                "VALUES (:user, 'v', 'https://a.example/', '', 'a.example', 1, 2, 1, '[]', '', 3)"
            ),
            (
                "tab_aggregates (user_id, id, started_at, last_active_at, record, stored_at) "
                "VALUES (:user, 'a', 1, 2, '{}', 3)"
            ),
            (
                "deletions (user_id, id, from_at, to_at, deleted_at, visits) "
                "VALUES (:user, 'd', 1, 2, 3, 4)"
            ),
            "deleted_visits (user_id, id, deleted_at) VALUES (:user, 'v', 1)",
            (
                "sync_log (user_id, at, request_id, device_id, visits, tab_aggregates, deleted, "
                "rejected) VALUES (:user, 1, 'r', 1, 1, 1, 1, 1)"
            ),
        ):
            await connection.execute(text(f"INSERT INTO {statement}"), {"user": user_id})

    async def counts(connection: AsyncConnection) -> dict[str, int]:
        return {
            name: len((await connection.execute(select(table))).all())
            for name, table in metadata.tables.items()
        }

    async def work(connection: AsyncConnection) -> None:
        kept, gone = await user(connection), await user(connection)
        await fill(connection, kept)
        before = await counts(connection)
        assert all(before.values()), "a table that this test does not fill"
        await fill(connection, gone)
        assert await accounts.remove_account(connection, gone)
        after = await counts(connection)
        assert after == {**before, "users": before["users"] - 1}
        assert not await accounts.remove_account(connection, gone)

    in_transaction(url, work)


def test_nobody_gets_the_id_of_a_user_who_is_removed(url: str) -> None:
    async def work(database: Database) -> tuple[int, int]:
        async with database.write() as connection:
            gone = await user(connection)
        async with database.write() as connection:
            await accounts.remove_account(connection, gone)
        async with database.write() as connection:
            return gone, await user(connection)

    gone, newcomer = in_database(url, work)
    assert newcomer > gone


def test_the_last_administrator_is_known(url: str) -> None:
    async def work(connection: AsyncConnection) -> None:
        await user(connection)
        first = (await accounts.list_accounts(connection))[0].id
        await connection.execute(users.update().values(role="person"))
        await accounts.ensure_administrator(connection)
        assert await accounts.is_last_administrator(connection, first)
        other = await accounts.create_account(connection, administrator=True, now_ms=NOW)
        assert not await accounts.is_last_administrator(connection, first)
        assert not await accounts.is_last_administrator(connection, other.id)
        await accounts.remove_account(connection, other.id)
        assert await accounts.is_last_administrator(connection, first)
        assert not await accounts.is_last_administrator(connection, first + 1)

    in_transaction(url, work)
