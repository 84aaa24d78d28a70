"""Accounts: users who have a name, a password, or a role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, column, func, select, table
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from heyho_server.errors import EmailTaken
from heyho_server.storage.tables import metadata, users

ADMINISTRATOR = "administrator"
PERSON = "person"
# By itself SQLite would give the highest one again once its user is removed. A trigger counts.
_NEXT_ID = select(column("given") + 1).select_from(table("user_ids")).scalar_subquery()


@dataclass(frozen=True, slots=True)
class Account:
    """A user; who has no email address signs in by devices only."""

    id: int
    email: str | None
    first_name: str
    last_name: str
    role: str
    created_at: int


async def create_account(
    connection: AsyncConnection,
    *,
    now_ms: int,
    email: str | None = None,
    password_hash: str | None = None,
    first_name: str = "",
    last_name: str = "",
    administrator: bool = False,
) -> Account:
    """Make a user, the first of whom is an administrator.

    Args:
        email: as `read_email` gives it.

    Raises:
        EmailTaken: there is a user with this email address.
    """
    is_first = await connection.scalar(select(users.c.id).limit(1)) is None
    values: dict[str, Any] = {
        "created_at": now_ms,
        "email": email,
        "password_hash": password_hash,
        "first_name": first_name,
        "last_name": last_name,
        "role": ADMINISTRATOR if administrator or is_first else PERSON,
    }
    if connection.dialect.name == "sqlite":
        values["id"] = _NEXT_ID
    try:
        async with connection.begin_nested():
            made = await connection.execute(users.insert().values(values).returning(*_COLUMNS))
    except IntegrityError as problem:
        raise EmailTaken from problem
    return _account(made.one())


async def find_account(connection: AsyncConnection, user_id: int) -> Account | None:
    """A user by id."""
    return await _find(connection, users.c.id == user_id)


async def find_account_by_email(connection: AsyncConnection, email: str) -> Account | None:
    """A user by email address, as `read_email` gives it."""
    return await _find(connection, users.c.email == email)


async def find_password(connection: AsyncConnection, email: str) -> tuple[int, str | None] | None:
    """The id of the user with this email address, and what is stored of the password."""
    columns = select(users.c.id, users.c.password_hash)
    row = (await connection.execute(columns.where(users.c.email == email))).one_or_none()
    return None if row is None else (row.id, row.password_hash)


async def lock_user(connection: AsyncConnection, user_id: int) -> None:
    """Have nobody else open or close what signs a user in until the commit.

    What they sync, and a device that is being paired, do not wait for it. SQLite has one writer.
    """
    mine = select(users.c.id).where(users.c.id == user_id)
    await connection.execute(mine.with_for_update(key_share=True))


async def has_password(connection: AsyncConnection, user_id: int, stored: str) -> bool:
    """Whether this is what is stored of a user's password; it stays so until the commit."""
    mine = (users.c.id == user_id) & (users.c.password_hash == stored)
    return await connection.scalar(select(users.c.id).where(mine).with_for_update()) is not None


async def replace_password(
    connection: AsyncConnection, user_id: int, before: str, hashed: str
) -> None:
    """Store the same password in another way, unless it was changed meanwhile."""
    mine = (users.c.id == user_id) & (users.c.password_hash == before)
    await connection.execute(users.update().where(mine).values(password_hash=hashed))


async def change_account(
    connection: AsyncConnection,
    user_id: int,
    *,
    email: str | None = None,
    password_hash: str | None = None,
    name: tuple[str, str] | None = None,
) -> None:
    """Change what is given of a user.

    Args:
        email: as `read_email` gives it.
        name: the first and the last one.

    Raises:
        EmailTaken: there is another user with this email address.
    """
    values: dict[str, str] = {}
    if email is not None:
        values["email"] = email
    if password_hash is not None:
        values["password_hash"] = password_hash
    if name is not None:
        values["first_name"], values["last_name"] = name
    if not values:
        return
    try:
        async with connection.begin_nested():
            await connection.execute(users.update().where(users.c.id == user_id).values(values))
    except IntegrityError as problem:
        raise EmailTaken from problem


async def list_accounts(connection: AsyncConnection) -> list[Account]:
    """All users, the first one first."""
    rows = await connection.execute(select(*_COLUMNS).order_by(users.c.id))
    return [_account(row) for row in rows]


async def ensure_administrator(connection: AsyncConnection) -> None:
    """Make the first user an administrator where there is none, as in databases of old."""
    others = users.alias()
    nobody = ~select(others.c.id).where(others.c.role == ADMINISTRATOR).exists()
    first = select(func.min(others.c.id)).scalar_subquery()
    await connection.execute(
        users.update().where(users.c.id == first, nobody).values(role=ADMINISTRATOR)
    )


async def is_last_administrator(connection: AsyncConnection, user_id: int) -> bool:
    """Whether there would be no administrator without this user; none can go meanwhile."""
    administrators = select(users.c.id).where(users.c.role == ADMINISTRATOR).with_for_update()
    return list(await connection.scalars(administrators)) == [user_id]


async def remove_account(connection: AsyncConnection, user_id: int) -> bool:
    """Delete a user, and every row of theirs in every table.

    Returns:
        False where there is no such user.
    """
    mine = users.c.id == user_id
    # Whoever is storing something for this user has to come to an end first.
    if await connection.scalar(select(users.c.id).where(mine).with_for_update()) is None:
        return False
    for each in reversed(metadata.sorted_tables):
        belongs = _belongs_to(each, user_id)
        if belongs is not None:
            await connection.execute(each.delete().where(belongs))
    await connection.execute(users.delete().where(mine))
    return True


def _belongs_to(of: Table, user_id: int) -> ColumnElement[bool] | None:
    """Which rows of a table are a user's: by their user, or by what they belong to."""
    if "user_id" in of.c:
        return of.c.user_id == user_id
    for key in of.foreign_keys:
        owner = key.column.table
        if "user_id" in owner.c:
            return key.parent.in_(select(key.column).where(owner.c.user_id == user_id))
    return None


_COLUMNS: Sequence[Any] = (
    users.c.id,
    users.c.email,
    users.c.first_name,
    users.c.last_name,
    users.c.role,
    users.c.created_at,
)


def _account(row: Row[Any]) -> Account:
    return Account(*tuple(row))


async def _find(connection: AsyncConnection, where: ColumnElement[bool]) -> Account | None:
    row = (await connection.execute(select(*_COLUMNS).where(where))).one_or_none()
    return None if row is None else _account(row)
