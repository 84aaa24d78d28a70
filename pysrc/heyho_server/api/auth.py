"""Who is calling: the bearer token of a request."""

from __future__ import annotations

from litestar.di import NamedDependency

from heyho_server.api.services import AnyRequest, Services
from heyho_server.errors import Forbidden, NotSignedIn
from heyho_server.storage.accounts import ADMINISTRATOR
from heyho_server.storage.devices import Caller, look_up_caller

MAX_TOKEN = 512


def bearer_token(request: AnyRequest) -> str | None:
    """The token that a request brings; None where there is none that could be one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and 0 < len(token) <= MAX_TOKEN else None


async def provide_caller(request: AnyRequest, services: NamedDependency[Services]) -> Caller:
    """The caller of a request, for handlers that name it as a parameter.

    Raises:
        NotSignedIn: there is no bearer token, or nobody has it.
    """
    token = bearer_token(request)
    if token is None:
        raise NotSignedIn
    caller = await look_up_caller(services.database, token, now_ms=services.now_ms())
    if caller is None:
        raise NotSignedIn
    return caller


def require_administrator(caller: Caller) -> None:
    """Raises Forbidden for anybody else."""
    if caller.role != ADMINISTRATOR:
        raise Forbidden("Only an administrator may do this; ask the one of this server.")
