"""What those ask who watch over the server: is it alive, is it ready, what has it done."""

from __future__ import annotations

import asyncio
import hmac
from typing import Literal

import msgspec
import structlog
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from sqlalchemy.exc import SQLAlchemyError

from heyho_server.api.documented import answers, refusals
from heyho_server.api.services import AnyRequest, Services
from heyho_server.errors import NotSignedIn
from heyho_server.limits.addresses import read_address
from heyho_server.storage.revisions import newest_revision, read_revision
from heyho_server.version import VERSION

DATABASE_TIMEOUT_S = 5.0
PATHS = ("/health", "/ready", "/metrics")
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
# What a proxy adds, and the browser for a page of another site.
_FROM_ELSEWHERE = ("forwarded", "via", "x-forwarded-for", "x-real-ip", "origin")

log = structlog.get_logger()


class Health(msgspec.Struct):
    """A server that answers."""

    status: Literal["ok"]
    version: str


class Readiness(msgspec.Struct, rename="camel"):
    """How the parts are that the server needs."""

    status: Literal["ok", "degraded", "unready"]
    database: Literal["ok", "out of reach", "other tables"]
    rate_limits: Literal["ok", "counting alone"]


READY = Readiness("ok", "ok", "ok")
UNREADY = ResponseSpec(
    Readiness,
    generate_examples=False,
    description="The database cannot be used",
    examples=[Example(value=msgspec.to_builtins(Readiness("unready", "out of reach", "ok")))],
)


@get(
    "/health",
    tags=["Watching"],
    summary="Whether the server is alive",
    responses=answers(Health, Health("ok", VERSION)),
)
async def get_health() -> Health:
    """Answers as long as the process does, whatever the database does; needs no token."""
    return Health("ok", VERSION)


@get(
    "/ready",
    tags=["Watching"],
    summary="Whether the server can store visits",
    responses=answers(Readiness, READY) | {503: UNREADY},
)
async def get_ready(services: NamedDependency[Services]) -> Response[Readiness]:
    """Asks the database, and Redis where it is used; needs no token.

    A Redis that is out of reach makes it "degraded" and no more: visits are stored all the same.
    """
    database = await _ask_database(services)
    rate_limits: Literal["ok", "counting alone"] = (
        "ok" if await services.limiter.is_shared() else "counting alone"
    )
    status: Literal["ok", "degraded", "unready"] = "ok" if rate_limits == "ok" else "degraded"
    if database != "ok":
        status = "unready"
    return Response(
        Readiness(status, database, rate_limits), status_code=503 if status == "unready" else 200
    )


@get(
    "/metrics",
    tags=["Watching"],
    summary="Counts for Prometheus",
    media_type=_PROMETHEUS,
    responses=answers(
        str,
        "# HELP heyho_visits_stored_total Visits taken, new or known already.\n"
        "# TYPE heyho_visits_stored_total counter\nheyho_visits_stored_total 1200.0\n",
        media_type=_PROMETHEUS,
    )
    | refusals(401, 404),
)
async def get_metrics(request: AnyRequest, services: NamedDependency[Services]) -> Response[str]:
    """For this machine, and for whoever brings HEYHO_METRICS_TOKEN as a bearer token.

    A request that a proxy passes on is not of this machine, nor is a web page's, or one for a host
    that is not: a page's own name may lead here. Without that setting the others find nothing here.
    """
    if not _is_of_this_machine(request):
        if services.metrics_token is None:
            raise NotFoundException
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        same = hmac.compare_digest(token.strip().encode(), services.metrics_token.encode())
        if scheme.lower() != "bearer" or not same:
            raise NotSignedIn
    services.metrics.counting_alone.set(not services.limiter.shares)
    return Response(services.metrics.render(), media_type=_PROMETHEUS)


def _is_of_this_machine(request: AnyRequest) -> bool:
    peer = request.client.host if request.client else ""
    return (
        _is_loopback(peer)
        and _is_loopback(request.headers.get("host", ""))
        and not any(name in request.headers for name in _FROM_ELSEWHERE)
    )


def _is_loopback(host: str) -> bool:
    """Whether a host, with or without a port, is this machine whoever looks it up."""
    address = read_address(host)
    if address is None:
        return host.partition(":")[0].lower() == "localhost"
    return address.is_loopback


async def _ask_database(services: Services) -> Literal["ok", "out of reach", "other tables"]:
    try:
        async with asyncio.timeout(DATABASE_TIMEOUT_S), services.database.read() as connection:
            revision = await connection.run_sync(read_revision)
    except (SQLAlchemyError, OSError, TimeoutError):
        log.warning("database out of reach", exc_info=True)
        return "out of reach"
    return "ok" if revision == newest_revision() else "other tables"
