"""Sessions of the page: who has signed in there, for half a day and for the page alone.

Their tokens open nothing of the API, and cannot be renewed.
"""

from __future__ import annotations

import hmac

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from heyho_server.storage.accounts import lock_user
from heyho_server.storage.devices import (
    PAGE,
    Caller,
    create_device,
    find_caller,
    hash_token,
    is_open,
    new_token,
)
from heyho_server.storage.tables import devices, users

PAGE_S = 12 * 3600


async def sign_in_by_token(connection: AsyncConnection, token: str, *, now_ms: int) -> int | None:
    """Whose token of a device this is; None where it opens nothing.

    It is not revoked until the commit: what is opened by it until then goes with it.
    """
    caller = await find_caller(connection, token, now_ms=now_ms)
    if caller is None:
        return None
    await lock_user(connection, caller.user_id)
    return caller.user_id if await is_open(connection, caller.device_id) else None


async def open_page_session(
    connection: AsyncConnection, *, user_id: int, name: str, now_ms: int
) -> str:
    """Make a session of a user, and return its token."""
    token = new_token()
    await create_device(
        connection,
        user_id=user_id,
        name=name,
        token=token,
        now_ms=now_ms,
        kind=PAGE,
        expires_at=now_ms + PAGE_S * 1000,
    )
    return token


async def find_visitor(connection: AsyncConnection, token: str, *, now_ms: int) -> Caller | None:
    """Whose token of a page session this is; None where it opens nothing."""
    given = hash_token(token)
    found = (
        select(devices.c.id, devices.c.user_id, users.c.role, devices.c.token_hash)
        .select_from(devices.join(users))
        .where(
            devices.c.token_hash == given,
            devices.c.kind == PAGE,
            devices.c.revoked_at.is_(None),
            devices.c.expires_at > now_ms,
        )
    )
    row = (await connection.execute(found)).one_or_none()
    if row is None or not hmac.compare_digest(row.token_hash, given):
        return None
    return Caller(row.user_id, row.id, row.role)


async def close_page_session(connection: AsyncConnection, visitor: Caller) -> None:
    """Forget a session, which has stored nothing that could name it."""
    mine = (devices.c.id == visitor.device_id) & (devices.c.user_id == visitor.user_id)
    await connection.execute(devices.delete().where(mine, devices.c.kind == PAGE))
