"""Deleting visits for good."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from heyho_server.api import values
from heyho_server.api.documented import TOKEN, answers, refusals, takes
from heyho_server.api.services import AnyRequest, Services
from heyho_server.errors import BadBody, BadQuery
from heyho_server.incoming.bodies import pieces_of, read_json
from heyho_server.storage.deletions import (
    Deletion,
    count_visits,
    delete_visit,
    delete_visits,
    list_deletions,
)
from heyho_server.storage.devices import Caller
from heyho_server.storage.domains import MAX_LABELS, labels_of
from heyho_server.storage.filters import Place

Time = Annotated[int | str | None, "epoch milliseconds or ISO 8601"]


class DeletionOrder(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Which visits to delete: those that meet all that is given.

    Times are epoch milliseconds, or ISO 8601, in which a date has hyphens. A domain has at most
    16 labels, such as the two of "example.org".
    `everything: true` stands for all of them, tab aggregates, and what the log says of rejected
    records; nothing else may be given beside it.
    """

    domain: str | None = None
    from_: Time = msgspec.field(default=None, name="from")
    to: Time = None
    everything: bool = False
    dry_run: bool = False


class Count(msgspec.Struct, rename="camel"):
    """How many visits there are to delete."""

    would_delete: int


class DeletionRecord(msgspec.Struct, rename="camel"):
    """What was deleted: visits that started in [from, to), of a domain or of all."""

    id: str
    domain: str | None
    from_: int = msgspec.field(name="from")
    to: int
    deleted_at: int
    visits: int


class Deletions(msgspec.Struct):
    """The latest first, and the cursor of those before; null where there are no more."""

    deletions: list[DeletionRecord]
    next: str | None


DELETING = ["Deleting"]
DELETED = DeletionRecord("7f3a9c1e5b2d4f60", "example.org", 0, 1769860000000, 1769860000000, 12)


@post(
    "/data/deletions",
    request_max_body_size=None,
    status_code=200,
    tags=DELETING,
    summary="Delete visits, or count them first",
    security=TOKEN,
    opt=takes(DeletionOrder, domain={"domain": "example.org", "dryRun": True}),
    responses=answers(DeletionRecord | Count, DELETED) | refusals(400, 401, 408, 413, 415),
)
async def post_deletion(
    request: AnyRequest, services: NamedDependency[Services], caller: NamedDependency[Caller]
) -> Response[Any]:
    """Deletes for good: what is covered stays away, even where a device sends it later."""
    body = await read_json(request.headers, pieces_of(request.receive), services.limits)
    order = read_order(body)
    meant = meaning(order)
    if order.dry_run:
        async with services.database.read() as connection:
            return Response(Count(await count_visits(connection, caller, meant)))
    row = await delete_visits(services.database, caller, meant, now_ms=services.now_ms())
    return Response(record_of(row))


@get(
    "/data/deletions",
    tags=DELETING,
    summary="What the caller has deleted, page by page",
    security=TOKEN,
    responses=answers(Deletions, Deletions([DELETED], "MTc2OTg.N2Yz")) | refusals(400, 401),
)
async def get_deletions(
    *,
    services: NamedDependency[Services],
    caller: NamedDependency[Caller],
    limit: values.Limit = None,
    cursor: values.Cursor = None,
) -> Deletions:
    """The latest first; visits that were deleted one by one are not among it."""
    most = values.read_number("limit", limit, usual=values.MAX_LIMIT, most=values.MAX_LIMIT)
    after = values.read_place(cursor)
    async with services.database.read() as connection:
        rows = await list_deletions(connection, caller, after=after, limit=most + 1)
    last = rows[most - 1] if len(rows) > most else None
    return Deletions(
        [record_of(row) for row in rows[:most]],
        last and values.write_place(Place(last.deleted_at, last.id)),
    )


@delete(
    "/visits/{visit_id:str}",
    status_code=204,
    tags=DELETING,
    summary="Delete a visit",
    security=TOKEN,
    responses=refusals(400, 401, 404),
)
async def remove_visit(
    services: NamedDependency[Services], caller: NamedDependency[Caller], visit_id: FromPath[str]
) -> None:
    """Deletes it for good; 404 where the caller has none of that id."""
    visit_id = values.read_id(visit_id)
    async with services.database.write() as connection:
        if not await delete_visit(connection, caller, visit_id, now_ms=services.now_ms()):
            raise values.no_visit()


def read_order(body: bytes) -> DeletionOrder:
    """Read the body of a deletion."""
    try:
        return msgspec.json.decode(body, type=DeletionOrder)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise BadBody(
            "The body must be a JSON object of domain, from, to, everything and dryRun; "
            f"it is not ({problem})."
        ) from problem


def meaning(order: DeletionOrder) -> Deletion:
    """What is to be deleted; nothing is deleted by a body that says nothing."""
    domain = values.read_domain(order.domain)
    if domain is not None and labels_of(domain) > MAX_LABELS:
        raise BadQuery(
            f"domain must have at most {MAX_LABELS} labels: delete by one above it, or by time."
        )
    from_at, to_at = (
        values.read_time(name, given) for name, given in (("from", order.from_), ("to", order.to))
    )
    limits: tuple[Any, ...] = (domain, from_at, to_at)
    if order.everything is any(limit is not None for limit in limits):
        raise BadQuery(
            "Say what to delete: domain, from or to, or everything: true and none of these."
        )
    if from_at is not None and to_at is not None and from_at >= to_at:
        raise BadQuery("from must be before to.")
    return Deletion(domain=domain, from_at=from_at or 0, to_at=to_at, everything=order.everything)


def record_of(row: Any) -> DeletionRecord:
    """The record of a row of `deletions`."""
    return DeletionRecord(
        row.id, row.domain, row.from_at, row.to_at, row.deleted_at, abs(row.visits)
    )
