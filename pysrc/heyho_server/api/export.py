"""Exports over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from litestar import get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter
from litestar.response import Stream

from heyho_server.api import values
from heyho_server.api.documented import TOKEN, answers, refusals
from heyho_server.api.services import Services
from heyho_server.errors import BadQuery
from heyho_server.storage.database import Database
from heyho_server.storage.devices import Caller
from heyho_server.storage.filters import Filter
from heyho_server.transfer.exporting import aggregate_lines, visit_lines, visit_table

TYPES = {"jsonl": "application/x-ndjson", "csv": "text/csv"}

Format = Annotated[str | None, QueryParameter(name="format", description="jsonl or csv.")]
Records = Annotated[
    str | None, QueryParameter(name="records", description="visits, aggregates or all.")
]


@get(
    "/data/export",
    tags=["Reading back"],
    summary="The caller's visits as a file",
    security=TOKEN,
    responses=answers(str, '{"id": "0199"}\n', "The file", media_type=TYPES["jsonl"])
    | refusals(400, 401),
    dependencies={"wanted": Provide(values.provide_filter)},
)
async def get_export(
    *,
    services: NamedDependency[Services],
    caller: NamedDependency[Caller],
    wanted: NamedDependency[Filter],
    format_: Format = None,
    records: Records = None,
) -> Stream:
    """JSON lines or CSV, the earliest first; of visits, tab aggregates, or both."""
    kind = values.read_choice("format", format_, ("jsonl", "csv"))
    what = values.read_choice("records", records, ("visits", "aggregates", "all"))
    if kind == "csv" and what != "visits":
        raise BadQuery("Tab aggregates are exported as JSON lines only: ask for format=jsonl.")
    return Stream(
        pieces(services.database, caller, wanted, kind, what),
        media_type=TYPES[kind],
        headers={"content-disposition": f'attachment; filename="heyho.{kind}"'},
    )


async def pieces(
    database: Database, caller: Caller, wanted: Filter, kind: str, what: str
) -> AsyncIterator[bytes]:
    """The file, a page at a time."""
    if what != "aggregates":
        write = visit_table if kind == "csv" else visit_lines
        async for piece in write(database, caller, wanted):
            yield piece
    if what != "visits":
        async for piece in aggregate_lines(database, caller, wanted):
            yield piece
