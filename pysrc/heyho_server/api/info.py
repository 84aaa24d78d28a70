"""What a server tells of itself, and of what it keeps for the caller."""

from __future__ import annotations

from typing import Any

from litestar import get
from litestar.di import NamedDependency

from heyho_server.api.services import Services
from heyho_server.storage.devices import Caller
from heyho_server.storage.visits import summarize


@get("/config")
async def get_config(services: NamedDependency[Services]) -> dict[str, Any]:
    """The limits that a syncing client has to keep; needs no token."""
    return {
        "maxRecords": services.limits.max_records,
        "maxBodyBytes": services.limits.max_body_bytes,
        "rateLimits": [
            {"name": rate.name, "quota": rate.quota, "windowSeconds": rate.window_s}
            for rate in services.limiter.rates.of_a_sync
        ],
    }


@get("/data/summary")
async def get_summary(
    services: NamedDependency[Services], caller: NamedDependency[Caller]
) -> dict[str, Any]:
    """How much is stored for the caller, and the starts of the first and the last visit."""
    async with services.database.read() as connection:
        summary = await summarize(connection, caller)
    return {
        "visits": summary.visits,
        "tabAggregates": summary.tab_aggregates,
        "devices": summary.devices,
        "firstVisitAt": summary.first_visit_at,
        "lastVisitAt": summary.last_visit_at,
    }
