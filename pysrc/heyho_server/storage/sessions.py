"""Sessions: who has signed in with a password, until they sign out or stay away for long."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heyho_server.storage.accounts import lock_user
from heyho_server.storage.devices import (
    DEVICE,
    SESSION,
    close_device,
    create_device,
    forget_codes,
    hash_token,
    new_token,
)
from heyho_server.storage.sync_log import RETENTION_MS
from heyho_server.storage.tables import access_tokens, devices

ACCESS_S = 15 * 60
REFRESH_S = 90 * 86_400


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a new session is opened by."""

    access: str
    refresh: str


async def open_session(
    connection: AsyncConnection, *, user_id: int, name: str, now_ms: int
) -> Tokens:
    """Make a session of a user."""
    refresh = new_token()
    caller = await create_device(
        connection,
        user_id=user_id,
        name=name,
        token=refresh,
        now_ms=now_ms,
        kind=SESSION,
        expires_at=now_ms + REFRESH_S * 1000,
    )
    return Tokens(await _grant(connection, caller.device_id, now_ms=now_ms), refresh)


async def renew_session(connection: AsyncConnection, refresh: str, *, now_ms: int) -> str | None:
    """A new access token for a refresh token, which lasts from now on; None where it is none."""
    renewed = (
        devices.update()
        .where(
            devices.c.token_hash == hash_token(refresh),
            devices.c.kind == SESSION,
            devices.c.revoked_at.is_(None),
            devices.c.expires_at > now_ms,
        )
        .values(expires_at=now_ms + REFRESH_S * 1000, last_seen_at=now_ms)
        .returning(devices.c.id)
    )
    device_id = await connection.scalar(renewed)
    return None if device_id is None else await _grant(connection, device_id, now_ms=now_ms)


async def close_session(connection: AsyncConnection, token: str, *, now_ms: int) -> None:
    """Revoke the session of an access token, even of one that has expired, or a refresh token.

    A device that has its token for good is none, and stays.
    """
    given = hash_token(token)
    of_access = select(access_tokens.c.device_id).where(access_tokens.c.token_hash == given)
    found = select(devices.c.id).where(
        devices.c.kind == SESSION,
        or_(devices.c.token_hash == given, devices.c.id.in_(of_access)),
    )
    device_id = await connection.scalar(found)
    if device_id is not None:
        await close_device(connection, device_id, now_ms=now_ms)


async def close_sessions(connection: AsyncConnection, user_id: int, *, now_ms: int) -> None:
    """Revoke whatever a user has opened by a password: all but devices, and pairing codes too."""
    await lock_user(connection, user_id)
    await forget_codes(connection, user_id)
    opened = select(devices.c.id).where(devices.c.user_id == user_id, devices.c.kind != DEVICE)
    await connection.execute(access_tokens.delete().where(access_tokens.c.device_id.in_(opened)))
    await connection.execute(
        devices.update()
        .where(devices.c.id.in_(opened), devices.c.revoked_at.is_(None))
        .values(revoked_at=now_ms)
    )


async def prune_sessions(connection: AsyncConnection, *, now_ms: int) -> None:
    """Forget sessions that expired so long ago that the log of syncs does not name them any more.

    What they have synced stays.
    """
    old = select(devices.c.id).where(devices.c.expires_at < now_ms - RETENTION_MS)
    await connection.execute(access_tokens.delete().where(access_tokens.c.device_id.in_(old)))
    await connection.execute(devices.delete().where(devices.c.id.in_(old)))


async def _grant(connection: AsyncConnection, device_id: int, *, now_ms: int) -> str:
    """A new access token; those of the session that have expired go.

    Others' stay until their session is renewed or over: signing out may come with one of them.
    """
    expired = (access_tokens.c.device_id == device_id) & (access_tokens.c.expires_at <= now_ms)
    await connection.execute(access_tokens.delete().where(expired))
    token = new_token()
    await connection.execute(
        access_tokens.insert().values(
            token_hash=hash_token(token),
            device_id=device_id,
            expires_at=now_ms + ACCESS_S * 1000,
        )
    )
    return token
