"""The log of syncs, read back."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import get
from litestar.di import NamedDependency

from heyho_server.api import values
from heyho_server.api.documented import TOKEN, answers, refusals
from heyho_server.api.services import Services
from heyho_server.storage.devices import Caller
from heyho_server.storage.filters import Place
from heyho_server.storage.sync_log import recent

MAX_LIMIT = 100  # each may name a thousand rejected records
MAX_DEVICE = 2**31 - 1

DeviceNumber = Annotated[str | None, values.whole("device", "A device, by its number.", MAX_DEVICE)]
Limit = Annotated[str | None, values.whole("limit", "How many at most.", MAX_LIMIT)]


class DeviceName(msgspec.Struct):
    """A device, by the number and the name that the server knows it by."""

    id: int
    name: str


class Rejected(msgspec.Struct, rename="camel"):
    """A record that was not stored, and why."""

    record_id: str
    record_type: str
    index: int
    field: str
    reason: str


class SyncRecord(msgspec.Struct, rename="camel"):
    """A sync request: how many records it stored, found deleted, and rejected."""

    at: int
    request_id: str
    device: DeviceName
    visits: int
    tab_aggregates: int
    deleted: int
    rejected: int
    rejected_records: list[Rejected]


class SyncPage(msgspec.Struct):
    """Sync requests, and the cursor of those before; null where there are no more."""

    syncs: list[SyncRecord]
    next: str | None


EXAMPLE = SyncRecord(
    at=1769860000000,
    request_id="9b7e2d4f60a1c3e5",
    device=DeviceName(1, "Laptop"),
    visits=11,
    tab_aggregates=0,
    deleted=0,
    rejected=1,
    rejected_records=[Rejected("0199c1d2", "page_visit", 3, "url", "url is missing.")],
)


@get(
    "/data/syncs",
    tags=["Reading back"],
    summary="The caller's sync requests, page by page",
    security=TOKEN,
    responses=answers(SyncPage, SyncPage([EXAMPLE], "MTc2OTg.OWI3")) | refusals(400, 401),
)
async def get_syncs(
    *,
    services: NamedDependency[Services],
    caller: NamedDependency[Caller],
    device: DeviceNumber = None,
    limit: Limit = None,
    cursor: values.Cursor = None,
) -> SyncPage:
    """The latest first, for 90 days."""
    device_id = values.read_number("device", device, usual=0, most=MAX_DEVICE) or None
    most = values.read_number("limit", limit, usual=MAX_LIMIT, most=MAX_LIMIT)
    after = values.read_place(cursor)
    async with services.database.read() as connection:
        rows = await recent(
            connection,
            caller,
            now_ms=services.now_ms(),
            device_id=device_id,
            after=after,
            limit=most + 1,
        )
    last = rows[most - 1] if len(rows) > most else None
    return SyncPage(
        [record_of(row) for row in rows[:most]],
        last and values.write_place(Place(last.at, last.request_id)),
    )


def record_of(row: Any) -> SyncRecord:
    """The record of a row of `sync_log`."""
    return SyncRecord(
        at=row.at,
        request_id=row.request_id,
        device=DeviceName(row.device_id, row.name or ""),
        visits=row.visits,
        tab_aggregates=row.tab_aggregates,
        deleted=row.deleted,
        rejected=row.rejected,
        rejected_records=msgspec.convert(row.rejected_records or [], list[Rejected]),
    )
