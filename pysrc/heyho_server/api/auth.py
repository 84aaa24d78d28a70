"""Who is calling: the bearer token of a request."""

from __future__ import annotations

from litestar.di import NamedDependency

from heyho_server.api.services import AnyRequest, Services
from heyho_server.errors import NotSignedIn
from heyho_server.storage.devices import Caller, find_caller

MAX_TOKEN = 512


async def provide_caller(request: AnyRequest, services: NamedDependency[Services]) -> Caller:
    """The caller of a request, for handlers that name it as a parameter.

    Raises:
        NotSignedIn: there is no bearer token, or nobody has it.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not 0 < len(token) <= MAX_TOKEN:
        raise NotSignedIn
    async with services.database.read() as connection:
        caller = await find_caller(connection, token)
    if caller is None:
        raise NotSignedIn
    return caller
