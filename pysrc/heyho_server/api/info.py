"""What a server tells of itself, and of what it keeps for the caller."""

from __future__ import annotations

import msgspec
from litestar import get
from litestar.di import NamedDependency

from heyho_server.api.documented import TOKEN, answers, refusals
from heyho_server.api.services import Services
from heyho_server.storage.devices import Caller
from heyho_server.storage.visits import summarize


class RateLimit(msgspec.Struct, rename="camel"):
    """At most `quota` requests within any `windowSeconds`; headers give it the same name."""

    name: str
    quota: int
    window_seconds: int


class Config(msgspec.Struct, rename="camel"):
    """What one request may hold, the rates that a sync meets, and whether it may be a trial."""

    max_records: int
    max_body_bytes: int
    rate_limits: list[RateLimit]
    trials: bool = True


class Summary(msgspec.Struct, rename="camel"):
    """How much is stored; the times are starts of visits, null where there are none."""

    visits: int
    tab_aggregates: int
    devices: int
    first_visit_at: int | None
    last_visit_at: int | None


CONFIG = Config(
    max_records=1000,
    max_body_bytes=10_000_000,
    rate_limits=[RateLimit("sync-address", 10, 1), RateLimit("sync-user", 5, 1)],
)
SUMMARY = Summary(
    visits=1200,
    tab_aggregates=0,
    devices=2,
    first_visit_at=1_767_261_600_000,
    last_visit_at=1_767_348_000_000,
)


@get(
    "/config",
    tags=["Server"],
    summary="The limits of this server",
    responses=answers(Config, CONFIG),
)
async def get_config(services: NamedDependency[Services]) -> Config:
    """The limits that a syncing client has to keep; needs no token."""
    return Config(
        max_records=services.limits.max_records,
        max_body_bytes=services.limits.max_body_bytes,
        rate_limits=[
            RateLimit(rate.name, rate.quota, rate.window_s)
            for rate in services.limiter.rates.of_a_sync
        ],
    )


@get(
    "/data/summary",
    tags=["Data"],
    summary="How much is stored",
    security=TOKEN,
    responses=answers(Summary, SUMMARY) | refusals(401),
)
async def get_summary(
    services: NamedDependency[Services], caller: NamedDependency[Caller]
) -> Summary:
    """How much is stored for the caller, and the starts of the first and the last visit."""
    async with services.database.read() as connection:
        summary = await summarize(connection, caller, now_ms=services.now_ms())
    return Summary(
        visits=summary.visits,
        tab_aggregates=summary.tab_aggregates,
        devices=summary.devices,
        first_visit_at=summary.first_visit_at,
        last_visit_at=summary.last_visit_at,
    )
