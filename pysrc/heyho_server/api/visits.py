"""Visits, read back."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, QueryParameter

from heyho_server.api import values
from heyho_server.api.documented import TOKEN, answers, refusals
from heyho_server.api.services import Services
from heyho_server.records import VisitRecord, record_of
from heyho_server.storage.devices import Caller
from heyho_server.storage.filters import Filter, Place
from heyho_server.storage.reading import find_visit, read_page

READING = ["Reading back"]
VISIT = VisitRecord(
    id="0199c1d2-7a30-7c44-9b3c-0d5e8f6a1b01",
    url="https://example.org/read?page=2",
    title="An example",
    domain="example.org",
    started_at=1769860000000,
    ended_at=1769860060000,
    duration_seconds=60,
    active_duration=45_000,
    engagement_rate=0.75,
    idle_periods=[],
    tab_id=7,
    window_id=1,
    transition="link",
    source_page_visit_id="0199c1d2-7a29-7c44-9b3c-0d5e8f6a1b00",
    anonymous_client_id="device-1",
    seq=1,
    category="news",
    details={"scrollDepth": 40},
    synced_at=1769860100000,
)
USUAL_LIMIT = 100

Order = Annotated[
    str | None, QueryParameter(name="order", description="desc, the latest first, or asc.")
]


class VisitPage(msgspec.Struct):
    """Visits, and the cursor of those that follow; null where there are no more."""

    visits: list[VisitRecord]
    next: str | None


@get(
    "/visits",
    tags=READING,
    summary="The caller's visits, page by page",
    security=TOKEN,
    responses=answers(VisitPage, VisitPage([VISIT], "MTc2OTg.MDE5OQ")) | refusals(400, 401),
    dependencies={"wanted": Provide(values.provide_filter)},
)
async def get_visits(
    *,
    services: NamedDependency[Services],
    caller: NamedDependency[Caller],
    wanted: NamedDependency[Filter],
    order: Order = None,
    limit: values.Limit = None,
    cursor: values.Cursor = None,
) -> VisitPage:
    """The latest first. Visits that arrive meanwhile neither move nor double others."""
    ascending = values.read_choice("order", order, ("desc", "asc")) == "asc"
    most = values.read_number("limit", limit, usual=USUAL_LIMIT, most=values.MAX_LIMIT)
    after = values.read_place(cursor)
    async with services.database.read() as connection:
        rows = await read_page(
            connection, caller, wanted, after=after, limit=most + 1, ascending=ascending
        )
    last = rows[most - 1] if len(rows) > most else None
    return VisitPage(
        [record_of(row) for row in rows[:most]],
        last and values.write_place(Place(last.started_at, last.id)),
    )


@get(
    "/visits/{visit_id:str}",
    tags=READING,
    summary="One of the caller's visits",
    security=TOKEN,
    responses=answers(VisitRecord, VISIT) | refusals(400, 401, 404),
)
async def get_visit(
    services: NamedDependency[Services], caller: NamedDependency[Caller], visit_id: FromPath[str]
) -> VisitRecord:
    """By its id; 404 where the caller has none of that id."""
    async with services.database.read() as connection:
        row = await find_visit(connection, caller, values.read_id(visit_id))
    if row is None:
        raise values.no_visit()
    return record_of(row)
