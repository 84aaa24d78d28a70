"""Users and their devices: who a token belongs to."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, LargeBinary, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heyho_server.storage.accounts import (
    PERSON,
    create_account,
    ensure_administrator,
    lock_user,
)
from heyho_server.storage.database import Database
from heyho_server.storage.tables import access_tokens, devices, pairing_codes, users

DEVICE = "device"
SESSION = "session"
PAGE = "page"
MAX_DEVICE_NAME = 100
FIRST_USER = 1


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request; `role` is "person" or "administrator"."""

    user_id: int
    device_id: int
    role: str = PERSON


@dataclass(frozen=True, slots=True)
class Device:
    """What holds a token of a user's: a "device", or a "session" of who gave a password."""

    id: int
    user_id: int
    name: str
    kind: str
    created_at: int
    last_seen_at: int | None
    revoked: bool


def new_token() -> str:
    """A token of 256 random bits, in 43 characters that need no quoting anywhere."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> bytes:
    """What is stored of a token.

    One round of SHA-256 is enough where a slow hash would be needed for a password: nobody can
    try 2**256 tokens, and every request has to be looked up by this value.
    """
    return hashlib.sha256(token.encode()).digest()


async def create_user(connection: AsyncConnection, *, now_ms: int) -> int:
    """Make a user who signs in by devices only, and return the id."""
    return (await create_account(connection, now_ms=now_ms)).id


async def create_device(
    connection: AsyncConnection,
    *,
    user_id: int,
    name: str,
    token: str,
    now_ms: int,
    kind: str = DEVICE,
    expires_at: int | None = None,
) -> Caller:
    """Make a device of a user, known by its token from then on."""
    statement = (
        devices.insert()
        .values(
            user_id=user_id,
            name=name[:MAX_DEVICE_NAME],
            token_hash=hash_token(token),
            created_at=now_ms,
            kind=kind,
            expires_at=expires_at,
        )
        .returning(devices.c.id)
    )
    return Caller(user_id, (await connection.execute(statement)).scalar_one())


_GIVEN = bindparam("given", type_=LargeBinary)
_OF_A_DEVICE = (
    select(devices.c.id, devices.c.user_id, users.c.role, devices.c.token_hash)
    .select_from(devices.join(users))
    .where(devices.c.token_hash == _GIVEN, devices.c.kind == DEVICE, devices.c.revoked_at.is_(None))
)
_OF_A_SESSION = (
    select(devices.c.id, devices.c.user_id, users.c.role, access_tokens.c.token_hash)
    .select_from(access_tokens.join(devices).join(users))
    .where(
        access_tokens.c.token_hash == _GIVEN,
        access_tokens.c.expires_at > bindparam("now_ms", type_=BigInteger),
        devices.c.revoked_at.is_(None),
    )
)
_WHOSE = _OF_A_DEVICE.union_all(_OF_A_SESSION)


async def look_up_caller(database: Database, token: str, *, now_ms: int) -> Caller | None:
    """As `find_caller`, the quickest way: for each request."""
    given = hash_token(token)
    return _caller(await database.look_up(_WHOSE, {"given": given, "now_ms": now_ms}), given)


async def find_caller(connection: AsyncConnection, token: str, *, now_ms: int) -> Caller | None:
    """Whose token this is, of a device or an access token; None where it opens nothing.

    One question for both kinds: each is one step into an index. The time this takes tells nothing
    about a token: the look-up compares hashes, of which a guesser cannot choose a prefix, and the
    last word is a comparison in constant time.
    """
    given = hash_token(token)
    row = (await connection.execute(_WHOSE, {"given": given, "now_ms": now_ms})).one_or_none()
    return _caller(None if row is None else tuple(row), given)


def _caller(row: tuple[Any, ...] | None, given: bytes) -> Caller | None:
    if row is None:
        return None
    device_id, user_id, role, token_hash = row
    if not hmac.compare_digest(token_hash, given):
        return None
    return Caller(user_id, device_id, role)


def is_current(now_ms: int) -> ColumnElement[bool]:
    """Devices, and the sessions that have not expired by themselves."""
    return or_(devices.c.expires_at.is_(None), devices.c.expires_at > now_ms)


async def list_devices(
    connection: AsyncConnection, *, user_id: int | None = None, now_ms: int
) -> list[Device]:
    """The devices of a user, or of all, but for sessions that have expired by themselves."""
    statement = (
        select(
            devices.c.id,
            devices.c.user_id,
            devices.c.name,
            devices.c.kind,
            devices.c.created_at,
            devices.c.last_seen_at,
            devices.c.revoked_at.is_not(None),
        )
        .where(is_current(now_ms))
        .order_by(devices.c.id)
    )
    if user_id is not None:
        statement = statement.where(devices.c.user_id == user_id)
    return [Device(*row) for row in await connection.execute(statement)]


async def revoke_device(
    connection: AsyncConnection,
    device_id: int,
    *,
    user_id: int | None = None,
    asking: int | None = None,
    now_ms: int,
) -> bool:
    """Let a device's tokens open nothing from now on, nor what it may have made.

    That is pairing codes and sessions of the page. Nobody knows which device made which, so all of
    its user's go.

    Args:
        user_id: whose it has to be; None for anybody's.
        asking: the session of the page that asks for it, which stays.

    Returns:
        False where there is no such device.
    """
    mine = [devices.c.id == device_id]
    if user_id is not None:
        mine.append(devices.c.user_id == user_id)
    owner = await connection.scalar(select(devices.c.user_id).where(*mine))
    if owner is None:
        return False
    await lock_user(connection, owner)
    await forget_codes(connection, owner)
    opened = [devices.c.user_id == owner, devices.c.kind == PAGE, devices.c.revoked_at.is_(None)]
    if asking is not None:
        opened.append(devices.c.id != asking)
    await connection.execute(devices.update().where(*opened).values(revoked_at=now_ms))
    await close_device(connection, device_id, now_ms=now_ms)
    return True


async def is_open(connection: AsyncConnection, device_id: int) -> bool:
    """Whether there is such a device or session, and it has not been revoked."""
    found = select(devices.c.id).where(devices.c.id == device_id, devices.c.revoked_at.is_(None))
    return await connection.scalar(found) is not None


async def close_device(connection: AsyncConnection, device_id: int, *, now_ms: int) -> None:
    """Let a device's own tokens open nothing from now on."""
    await connection.execute(access_tokens.delete().where(access_tokens.c.device_id == device_id))
    current = (devices.c.id == device_id) & devices.c.revoked_at.is_(None)
    await connection.execute(devices.update().where(current).values(revoked_at=now_ms))


async def forget_codes(connection: AsyncConnection, user_id: int) -> None:
    """Close all of a user's pairing codes: nobody knows which device made which."""
    await connection.execute(pairing_codes.delete().where(pairing_codes.c.user_id == user_id))


async def ensure_device(
    connection: AsyncConnection, *, bootstrap_token: str | None, now_ms: int
) -> str | None:
    """Make sure somebody can sign in.

    The bootstrap token, where there is one, becomes a device of the first user; where that one has
    been removed it opens nothing, since it was theirs and not the next one's. Where there is none,
    and no device either, a device with a new token is made.

    Returns:
        The new token, to be shown once; None where none was made.
    """
    await ensure_administrator(connection)
    first = await connection.scalar(select(func.min(users.c.id)))
    if bootstrap_token is None:
        if await connection.scalar(select(func.count()).select_from(devices)):
            return None
        name, token = "first device", new_token()
    else:
        known = select(devices.c.id).where(devices.c.token_hash == hash_token(bootstrap_token))
        if first not in (None, FIRST_USER) or await connection.scalar(known) is not None:
            return None
        name, token = "bootstrap", bootstrap_token
    user_id = await create_user(connection, now_ms=now_ms) if first is None else first
    await create_device(connection, user_id=user_id, name=name, token=token, now_ms=now_ms)
    return None if bootstrap_token else token
