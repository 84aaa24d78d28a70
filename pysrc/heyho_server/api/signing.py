"""Signing in with a password, as the original extension does: the names are its own."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar, cast

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncConnection

from heyho_server.api.asgi import Scope
from heyho_server.api.auth import bearer_token
from heyho_server.api.documented import TOKEN, answers, refusals, takes
from heyho_server.api.limiting import count
from heyho_server.api.reading import read_as
from heyho_server.api.services import AnyRequest, Services
from heyho_server.errors import (
    BadBody,
    Conflict,
    EmailTaken,
    Forbidden,
    NotSignedIn,
    WrongPassword,
)
from heyho_server.people.agents import family_of
from heyho_server.people.emails import MAX_EMAIL, fold_email, read_email
from heyho_server.people.passwords import MAX_PASSWORD, check_password
from heyho_server.storage.accounts import (
    Account,
    create_account,
    find_account,
    find_password,
    has_password,
    replace_password,
)
from heyho_server.storage.devices import Caller
from heyho_server.storage.sessions import (
    ACCESS_S,
    Tokens,
    close_session,
    open_session,
    renew_session,
)

T = TypeVar("T")
Name = Annotated[str, Meta(max_length=100)]


class Credentials(msgspec.Struct):
    """What a person signs in with."""

    email: str
    password: str


class Registration(msgspec.Struct):
    """What a person signs up with."""

    email: Annotated[str, Meta(max_length=MAX_EMAIL)]
    password: Annotated[str, Meta(max_length=MAX_PASSWORD)]
    first_name: Name | None = None
    last_name: Name | None = None


class Renewal(msgspec.Struct):
    """What a client asks for another access token with."""

    refresh_token: Annotated[str, Meta(max_length=512)]


class SessionTokens(msgspec.Struct, rename="pascal"):
    """The access token works for `ExpiresIn` seconds, the refresh token for much longer."""

    access_token: str
    refresh_token: str
    expires_in: int


class SignedIn(msgspec.Struct):
    """The answer to who signs in."""

    data: SessionTokens


class Person(msgspec.Struct, rename="camel"):
    """Who is signed in; a user who signs in by devices only has no email address."""

    first_name: str
    last_name: str
    email: str | None


class Me(msgspec.Struct):
    """The answer to who asks who they are."""

    user: Person


class SignedUp(msgspec.Struct):
    """The answer to who signs up: signed in at once."""

    access_token: str
    refresh_token: str
    user: Person


class Renewed(msgspec.Struct):
    """Another access token; the refresh token stays as it is."""

    access_token: str


class Done(msgspec.Struct):
    """What was asked for is the case now."""

    success: bool
    message: str


EXAMPLE_TOKEN = "kJ3vXo0pWq2nZs8yTb5cRd7fGh1jLm4aNe6uQi9tVxY"  # noqa: S105 (it opens nothing)
CREDENTIALS = {"email": "ada@example.org", "password": "a long sentence is good"}
REGISTRATION = {**CREDENTIALS, "first_name": "Ada", "last_name": "Lovelace"}
PERSON = Person("Ada", "Lovelace", "ada@example.org")


@post(
    "/auth/login",
    request_max_body_size=None,
    status_code=200,
    tags=["Signing in"],
    summary="Sign in with a password",
    opt=takes(Credentials, login=CREDENTIALS),
    responses=answers(
        SignedIn, SignedIn(SessionTokens(EXAMPLE_TOKEN, EXAMPLE_TOKEN, ACCESS_S)), "Signed in"
    )
    | refusals(400, 401, 408, 413, 415),
)
async def login(request: AnyRequest, services: NamedDependency[Services]) -> SignedIn:
    """Open a session, which is listed among the devices. Attempts are limited by email address."""
    given = await read_as(request, services, Credentials)

    async def open_one(connection: AsyncConnection, user_id: int) -> Tokens:
        return await open_session(
            connection, user_id=user_id, name=agent_of(request), now_ms=services.now_ms()
        )

    tokens = await by_password(request, services, given.email, given.password, open_one)
    return SignedIn(SessionTokens(tokens.access, tokens.refresh, ACCESS_S))


@get(
    "/auth/me",
    tags=["Signing in"],
    summary="Who is signed in",
    security=TOKEN,
    responses=answers(Me, Me(PERSON)) | refusals(401),
)
async def get_me(services: NamedDependency[Services], caller: NamedDependency[Caller]) -> Me:
    """The caller's names and email address."""
    async with services.database.read() as connection:
        account = await find_account(connection, caller.user_id)
    if account is None:
        raise NotSignedIn
    return Me(person_of(account))


@post(
    "/auth/refresh",
    request_max_body_size=None,
    status_code=200,
    tags=["Signing in"],
    summary="Another access token",
    opt=takes(Renewal, refresh={"refresh_token": EXAMPLE_TOKEN}),
    responses=answers(Renewed, Renewed(EXAMPLE_TOKEN)) | refusals(400, 401, 408, 413, 415),
)
async def refresh(request: AnyRequest, services: NamedDependency[Services]) -> Renewed:
    """Go on with a session. Its refresh token stays the same, and lasts 90 days from each use."""
    given = await read_as(request, services, Renewal)
    async with services.database.write() as connection:
        token = await renew_session(connection, given.refresh_token, now_ms=services.now_ms())
    if token is None:
        raise NotSignedIn
    return Renewed(token)


@post(
    "/auth/register",
    request_max_body_size=None,
    status_code=200,
    tags=["Signing in"],
    summary="Sign up",
    opt=takes(Registration, person=REGISTRATION),
    responses=answers(SignedUp, SignedUp(EXAMPLE_TOKEN, EXAMPLE_TOKEN, PERSON), "Signed up")
    | refusals(400, 403, 408, 409, 413, 415),
)
async def register(request: AnyRequest, services: NamedDependency[Services]) -> SignedUp:
    """Make an account and sign in, on a server whose registration is open."""
    if not services.registration_open:
        raise Forbidden(
            "This server takes no registrations; ask its administrator for an account "
            "(`user add` on the server makes one)."
        )
    given = await read_as(request, services, Registration)
    await count_attempt(request, services, given.email)
    try:
        email, password = read_email(given.email), check_password(given.password)
    except ValueError as problem:
        raise BadBody(str(problem)) from problem
    hashed = await services.passwords.hash(password)
    name, now_ms = agent_of(request), services.now_ms()
    async with services.database.write() as connection:
        try:
            account = await create_account(
                connection,
                email=email,
                password_hash=hashed,
                first_name=given.first_name or "",
                last_name=given.last_name or "",
                now_ms=now_ms,
            )
        except EmailTaken as problem:
            raise Conflict(
                "No account can be made with this email address; sign in, or take another."
            ) from problem
        tokens = await open_session(connection, user_id=account.id, name=name, now_ms=now_ms)
    return SignedUp(tokens.access, tokens.refresh, person_of(account))


@post(
    "/auth/logout",
    request_max_body_size=None,
    status_code=200,
    tags=["Signing in"],
    summary="Sign out",
    responses=answers(Done, Done(True, "Signed out.")),
)
async def logout(request: AnyRequest, services: NamedDependency[Services]) -> Done:
    """Revoke the session of the given token, if it is one. Never answers 401."""
    token = bearer_token(request)
    if token is not None:
        async with services.database.write() as connection:
            await close_session(connection, token, now_ms=services.now_ms())
    return Done(True, "Signed out.")


async def by_password(
    request: AnyRequest,
    services: Services,
    email: str,
    password: str,
    open_one: Callable[[AsyncConnection, int], Awaitable[T]],
) -> T:
    """Open a session of the user with this email address and password. Counts the attempt.

    To check a password takes long. Where it was changed meanwhile, and those who signed in by it
    were signed out, the one that is stored then counts.

    Args:
        open_one: opens the session, of the user with the given id.

    Raises:
        RateLimited: there were too many attempts.
        WrongPassword: there is no such user.
    """
    await count_attempt(request, services, email)
    try:
        known = read_email(email)
    except ValueError:
        known = ""
    while True:
        user_id, stored = await _checked(services, known, password)
        async with services.database.write() as connection:
            if await has_password(connection, user_id, stored):
                return await open_one(connection, user_id)


async def _checked(services: Services, email: str, password: str) -> tuple[int, str]:
    """The user with this email address and password, and what is stored of the password."""
    async with services.database.read() as connection:
        found = await find_password(connection, email)
    user_id, stored = found or (None, None)
    password = password[: MAX_PASSWORD + 1]
    matches = await services.passwords.matches(stored, password)
    if not matches or user_id is None or stored is None:
        raise WrongPassword
    if not services.passwords.is_outdated(stored):
        return user_id, stored
    hashed = await services.passwords.hash(password)
    async with services.database.write() as connection:
        await replace_password(connection, user_id, stored, hashed)
    return user_id, hashed


async def count_attempt(request: AnyRequest, services: Services, email: str) -> None:
    """Count an attempt to sign in or up, whether or not there is such an account.

    By a hash, so that nobody's address lies about where the counts are kept.
    """
    limiter = services.limiter
    key = hashlib.sha256(fold_email(email).encode(errors="replace")).hexdigest()
    await count(cast(Scope, request.scope), limiter, limiter.rates.login, key)


def agent_of(request: AnyRequest) -> str:
    return family_of(request.headers.get("user-agent", ""))


def person_of(account: Account) -> Person:
    return Person(account.first_name, account.last_name, account.email)


SIGNING = [login, get_me, refresh, register, logout]
