"""The page for people, over HTTP: a cookie instead of a bearer token, forms instead of scripts.

What a form does is done for the person whose cookie comes along, so it has to come from the page
itself: see `api.forms`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Annotated
from urllib.parse import urlsplit

from litestar import MediaType, Response, Router, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from sqlalchemy.ext.asyncio import AsyncConnection

from heyho_server.api.auth import MAX_TOKEN
from heyho_server.api.devices import MAX_KEY
from heyho_server.api.forms import read_form, require_own_form
from heyho_server.api.services import AnyRequest, Services
from heyho_server.api.signing import agent_of, by_password
from heyho_server.errors import Forbidden, NotSignedIn, RateLimited, RequestError
from heyho_server.page.entry import entry_page
from heyho_server.page.gathering import gather_status
from heyho_server.page.layout import problem_page
from heyho_server.page.status import status_page
from heyho_server.page.zones import known_zone
from heyho_server.storage.devices import Caller, revoke_device
from heyho_server.storage.page_sessions import (
    close_page_session,
    find_visitor,
    open_page_session,
    sign_in_by_token,
)
from heyho_server.storage.pairing import create_code, show_code

COOKIE = "heyho"
ZONE_COOKIE = "heyho-zone"
YEAR_S = 365 * 86_400

# No script, no frame around it, nothing from anywhere else, and no copy of it on a disk.
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
STYLE = files("heyho_server.page").joinpath("style.css").read_text(encoding="utf-8")

Zone = Annotated[str | None, QueryParameter(description="A time zone, such as Europe/Berlin.")]


async def find_session(request: AnyRequest, services: Services) -> Caller | None:
    """Who has signed in with the cookie that a request brings."""
    token = request.cookies.get(COOKIE, "")
    if not 0 < len(token) <= MAX_TOKEN:
        return None
    async with services.database.read() as connection:
        return await find_visitor(connection, token, now_ms=services.now_ms())


async def provide_visitor(request: AnyRequest, services: NamedDependency[Services]) -> Caller:
    """Who sends a form.

    Raises:
        Forbidden: another site's page sends it.
        NotSignedIn: there is no cookie, or it opens nothing any more.
    """
    require_own_form(request.headers)
    found = await find_session(request, services)
    if found is None:
        raise NotSignedIn
    return found


@get("/", include_in_schema=False)
async def get_page(
    request: AnyRequest, services: NamedDependency[Services], zone: Zone = None
) -> Response[str]:
    """What is kept for whoever has signed in, or the form to do so."""
    visitor = await find_session(request, services)
    if visitor is None:
        return html(entry_page())
    answer = await show(request, services, visitor, zone=zone)
    if zone is not None:
        chosen = known_zone(zone)
        answer.set_cookie(_cookie(request, ZONE_COOKIE, chosen, max_age=YEAR_S))
    return answer


@get("/style.css", include_in_schema=False)
async def get_style() -> Response[str]:
    """The look of it."""
    headers = {"cache-control": "max-age=300", "x-content-type-options": "nosniff"}
    return Response(STYLE, media_type="text/css", headers=headers)


@post("/sign-in", request_max_body_size=None, include_in_schema=False)
async def sign_in(request: AnyRequest, services: NamedDependency[Services]) -> Response[str]:
    """Open a session by an email address and a password, or by a token."""
    fields: dict[str, str] = {}
    try:
        require_own_form(request.headers)
        fields = await read_form(request, services)
        token = await _open_session(request, services, fields)
    except RequestError as problem:
        shown = entry_page(
            _sentence(problem), email=fields.get("email", ""), by_token="token" in fields
        )
        return html(shown, status=problem.status, headers=problem.headers)
    answer = to_page()
    answer.set_cookie(_cookie(request, COOKIE, token))
    return answer


@post("/sign-out", request_max_body_size=None, include_in_schema=False)
async def sign_out(
    services: NamedDependency[Services], visitor: NamedDependency[Caller]
) -> Response[str]:
    """End the session."""
    async with services.database.write() as connection:
        await close_page_session(connection, visitor)
    answer = to_page()
    answer.delete_cookie(COOKIE)
    return answer


@post("/pair", request_max_body_size=None, status_code=200, include_in_schema=False)
async def post_code(
    request: AnyRequest, services: NamedDependency[Services], visitor: NamedDependency[Caller]
) -> Response[str]:
    """Make a pairing code, and show it once."""
    async with services.database.write() as connection:
        code = await create_code(
            connection,
            user_id=visitor.user_id,
            device_id=visitor.device_id,
            now_ms=services.now_ms(),
        )
    return await show(request, services, visitor, code=show_code(code))


@post("/devices/{device_id:int}/revoke", request_max_body_size=None, include_in_schema=False)
async def revoke(
    services: NamedDependency[Services], visitor: NamedDependency[Caller], device_id: FromPath[int]
) -> Response[str]:
    """Revoke a device of the person's own; another's is as if there were none."""
    if 0 < device_id <= MAX_KEY:
        async with services.database.write() as connection:
            await revoke_device(
                connection,
                device_id,
                user_id=visitor.user_id,
                asking=visitor.device_id,
                now_ms=services.now_ms(),
            )
    return to_page()


async def show(
    request: AnyRequest,
    services: Services,
    visitor: Caller,
    *,
    zone: str | None = None,
    code: str | None = None,
) -> Response[str]:
    """The page, as it is now."""
    async with services.database.read() as connection:
        status = await gather_status(
            connection,
            visitor,
            zone=known_zone(zone or request.cookies.get(ZONE_COOKIE)),
            now_ms=services.now_ms(),
            code=code,
        )
    return html(status_page(status))


async def _open_session(request: AnyRequest, services: Services, fields: Mapping[str, str]) -> str:
    """Open a session of the user that a form signs in, and return its token."""

    async def open_one(connection: AsyncConnection, user_id: int) -> str:
        return await open_page_session(
            connection, user_id=user_id, name=agent_of(request), now_ms=services.now_ms()
        )

    if "token" not in fields:
        email, password = fields.get("email", ""), fields.get("password", "")
        return await by_password(request, services, email, password, open_one)
    async with services.database.write() as connection:
        token = fields["token"].strip()[:MAX_TOKEN]
        user_id = await sign_in_by_token(connection, token, now_ms=services.now_ms())
        if user_id is None:
            raise Forbidden(
                "This token opens nothing here: it is mistyped, or its device is revoked."
            )
        return await open_one(connection, user_id)


def html(
    content: str, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response[str]:
    return Response(
        content,
        status_code=status,
        media_type=MediaType.HTML,
        headers={**HEADERS, **(headers or {})},
    )


def to_page() -> Response[str]:
    """Send the browser to the page, so that reloading it does nothing twice."""
    return html("", status=303, headers={"location": "/"})


def on_problem(_: AnyRequest, problem: RequestError) -> Response[str]:
    """Why a form did nothing, for a person."""
    if isinstance(problem, NotSignedIn):
        return html(entry_page("Sign in again: you were signed out."), status=problem.status)
    return html(problem_page(_sentence(problem)), status=problem.status, headers=problem.headers)


def _sentence(problem: RequestError) -> str:
    if isinstance(problem, RateLimited):
        minutes = -(-int(problem.headers["retry-after"]) // 60)
        return f"Too many attempts. Wait {minutes} min, then try again."
    return str(problem)


def _cookie(request: AnyRequest, name: str, value: str, *, max_age: int | None = None) -> Cookie:
    """A cookie that no script and no other site gets at; gone with the browser by default.

    Behind a proxy it is the browser's Origin that tells whether the way is encrypted.
    """
    ways = (request.url.scheme, urlsplit(request.headers.get("origin", "")).scheme)
    return Cookie(
        name,
        path="/",
        value=value,
        max_age=max_age,
        secure="https" in ways,
        httponly=True,
        samesite="strict",
    )


PAGE = Router(
    "/",
    route_handlers=[get_page, get_style, sign_in, sign_out, post_code, revoke],
    dependencies={"visitor": provide_visitor},
    exception_handlers={RequestError: on_problem},
)
