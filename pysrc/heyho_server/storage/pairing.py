"""Pairing codes: short enough to type, used once, and soon forgotten."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from heyho_server.errors import NotSignedIn
from heyho_server.storage.accounts import lock_user
from heyho_server.storage.devices import create_device, hash_token, is_open, new_token
from heyho_server.storage.tables import pairing_codes

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # nothing that looks like something else
LENGTH = 8
CODE_S = 600


def show_code(code: str) -> str:
    """A code as a person reads it: in two halves."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def read_code(text: str) -> str:
    """A code as it was typed, in small letters or large, with hyphens or without."""
    return "".join(letter for letter in text.upper() if letter not in "- \t\n\r")


@dataclass(frozen=True, slots=True)
class Paired:
    """A new device: its token, and how it is called."""

    token: str
    name: str


async def create_code(
    connection: AsyncConnection,
    *,
    user_id: int,
    device_id: int | None,
    now_ms: int,
    device_name: str | None = None,
) -> str:
    """A new code by which a device can be paired with a user; expired ones go.

    Args:
        device_id: the device or session that asks for it; None for the command line.
        device_name: how the new device is to be called, whatever it calls itself.

    Raises:
        NotSignedIn: the one that asks has been revoked meanwhile.
    """
    await lock_user(connection, user_id)
    if device_id is not None and not await is_open(connection, device_id):
        raise NotSignedIn
    await connection.execute(pairing_codes.delete().where(pairing_codes.c.expires_at <= now_ms))
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    await connection.execute(
        pairing_codes.insert().values(
            code_hash=hash_token(code),
            user_id=user_id,
            created_at=now_ms,
            expires_at=now_ms + CODE_S * 1000,
            device_name=device_name,
        )
    )
    return code


async def pair(connection: AsyncConnection, code: str, *, name: str, now_ms: int) -> Paired | None:
    """Use a code up, and make a device for it.

    Of several that use a code at once one gets it: the others find its row deleted.

    Args:
        code: as `read_code` gives it.
        name: of the device, unless the code has one for it.

    Returns:
        The new device; None where the code is none, or not any more.
    """
    used = (
        pairing_codes.delete()
        .where(pairing_codes.c.code_hash == hash_token(code), pairing_codes.c.expires_at > now_ms)
        .returning(pairing_codes.c.user_id, pairing_codes.c.device_name)
    )
    code_of = (await connection.execute(used)).one_or_none()
    if code_of is None:
        return None
    token, name = new_token(), code_of.device_name or name
    await create_device(connection, user_id=code_of.user_id, name=name, token=token, now_ms=now_ms)
    return Paired(token, name)
