"""Users, for administrators: who may use this server, never what they keep on it."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Meta

from heyho_server.api.auth import require_administrator
from heyho_server.api.devices import MAX_KEY, Removed
from heyho_server.api.documented import TOKEN, answers, refusals, takes
from heyho_server.api.reading import read_as
from heyho_server.api.services import AnyRequest, Services
from heyho_server.api.signing import Name
from heyho_server.errors import BadBody, Conflict, EmailTaken, NotFound
from heyho_server.people.emails import MAX_EMAIL, read_email
from heyho_server.people.passwords import MAX_PASSWORD, check_password
from heyho_server.storage.accounts import (
    ADMINISTRATOR,
    Account,
    create_account,
    is_last_administrator,
    list_accounts,
    remove_account,
)
from heyho_server.storage.devices import Caller


class NewUser(msgspec.Struct, rename="camel"):
    """Who shall be able to sign in; without a password, only by devices that are paired."""

    email: Annotated[str, Meta(max_length=MAX_EMAIL)]
    password: Annotated[str, Meta(max_length=MAX_PASSWORD)] | None = None
    first_name: Name = ""
    last_name: Name = ""
    administrator: bool = False


class UserItem(msgspec.Struct, rename="camel"):
    """A user; `role` is "person" or "administrator"."""

    id: int
    email: str | None
    first_name: str
    last_name: str
    role: str
    created_at: int


class UserList(msgspec.Struct):
    """All users, the first one first."""

    users: list[UserItem]


EXAMPLE = UserItem(2, "ada@example.org", "Ada", "Lovelace", "person", 1_767_261_600_000)
NEW = {"email": "ada@example.org", "password": "a long sentence is good", "firstName": "Ada"}


@get(
    "/users",
    tags=["Users"],
    summary="All users",
    security=TOKEN,
    responses=answers(UserList, UserList([EXAMPLE])) | refusals(401, 403),
)
async def get_users(
    services: NamedDependency[Services], caller: NamedDependency[Caller]
) -> UserList:
    """Who may use this server. For administrators."""
    require_administrator(caller)
    async with services.database.read() as connection:
        return UserList([item_of(account) for account in await list_accounts(connection)])


@post(
    "/users",
    request_max_body_size=None,
    status_code=201,
    tags=["Users"],
    summary="Add a user",
    security=TOKEN,
    opt=takes(NewUser, user=NEW),
    responses=answers(UserItem, EXAMPLE, "Added", status=201)
    | refusals(400, 401, 403, 408, 409, 413, 415),
)
async def post_user(
    request: AnyRequest, services: NamedDependency[Services], caller: NamedDependency[Caller]
) -> UserItem:
    """Let a further person use this server. For administrators."""
    require_administrator(caller)
    given = await read_as(request, services, NewUser)
    try:
        email = read_email(given.email)
        password = None if given.password is None else check_password(given.password)
    except ValueError as problem:
        raise BadBody(str(problem)) from problem
    hashed = None if password is None else await services.passwords.hash(password)
    async with services.database.write() as connection:
        try:
            account = await create_account(
                connection,
                email=email,
                password_hash=hashed,
                first_name=given.first_name,
                last_name=given.last_name,
                administrator=given.administrator,
                now_ms=services.now_ms(),
            )
        except EmailTaken as problem:
            raise Conflict("There is a user with this email address; take another.") from problem
    return item_of(account)


@delete(
    "/users/{user_id:int}",
    status_code=200,
    tags=["Users"],
    summary="Remove a user",
    security=TOKEN,
    responses=answers(Removed, Removed(True, 2), "Removed") | refusals(400, 401, 403, 404, 409),
)
async def delete_user(
    services: NamedDependency[Services], caller: NamedDependency[Caller], user_id: FromPath[int]
) -> Removed:
    """Delete a user with everything that is kept for them. For administrators."""
    require_administrator(caller)
    async with services.database.write() as connection:
        if await is_last_administrator(connection, user_id):
            raise Conflict(
                f"User {user_id} is the only {ADMINISTRATOR}; add another before removing this one."
            )
        known = 0 < user_id <= MAX_KEY and await remove_account(connection, user_id)
    if not known:
        raise NotFound(f"There is no user {user_id}; GET /api/v1/users lists those there are.")
    return Removed(True, user_id)


def item_of(account: Account) -> UserItem:
    """An account as an administrator sees it."""
    return UserItem(
        id=account.id,
        email=account.email,
        first_name=account.first_name,
        last_name=account.last_name,
        role=account.role,
        created_at=account.created_at,
    )


USERS = [get_users, post_user, delete_user]
