"""Users and their devices: who a token belongs to."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heyho_server.storage.tables import devices, users


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request."""

    user_id: int
    device_id: int


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
    """Make a user and return its id."""
    statement = users.insert().values(created_at=now_ms).returning(users.c.id)
    user_id: int = (await connection.execute(statement)).scalar_one()
    return user_id


async def create_device(
    connection: AsyncConnection, *, user_id: int, name: str, token: str, now_ms: int
) -> Caller:
    """Make a device of a user, known by its token from then on."""
    statement = (
        devices.insert()
        .values(user_id=user_id, name=name, token_hash=hash_token(token), created_at=now_ms)
        .returning(devices.c.id)
    )
    return Caller(user_id, (await connection.execute(statement)).scalar_one())


async def find_caller(connection: AsyncConnection, token: str) -> Caller | None:
    """Whose token this is; None where it is unknown or revoked.

    The time this takes tells nothing about a token: the look-up compares hashes, of which a
    guesser cannot choose a prefix, and the last word is a comparison in constant time.
    """
    given = hash_token(token)
    row = (
        await connection.execute(
            select(devices.c.id, devices.c.user_id, devices.c.token_hash).where(
                devices.c.token_hash == given, devices.c.revoked_at.is_(None)
            )
        )
    ).one_or_none()
    if row is None or not hmac.compare_digest(row.token_hash, given):
        return None
    return Caller(user_id=row.user_id, device_id=row.id)


async def ensure_device(
    connection: AsyncConnection, *, bootstrap_token: str | None, now_ms: int
) -> str | None:
    """Make sure somebody can sign in.

    The bootstrap token, where there is one, becomes a device of the first user. Where there is
    none, and no device either, a device with a new token is made.

    Returns:
        The new token, to be shown once; None where none was made.
    """
    if bootstrap_token is None:
        if await connection.scalar(select(func.count()).select_from(devices)):
            return None
        name, token = "first device", new_token()
    else:
        known = select(devices.c.id).where(devices.c.token_hash == hash_token(bootstrap_token))
        if await connection.scalar(known) is not None:
            return None
        name, token = "bootstrap", bootstrap_token
    user_id = await connection.scalar(select(func.min(users.c.id)))
    if user_id is None:
        user_id = await create_user(connection, now_ms=now_ms)
    await create_device(connection, user_id=user_id, name=name, token=token, now_ms=now_ms)
    return None if bootstrap_token else token
