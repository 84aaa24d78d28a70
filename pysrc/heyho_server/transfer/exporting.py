"""Exports: everything of a person, as JSON lines or as CSV, in constant memory.

A line of JSON is a visit in the words of the wire; or `{"tabAggregate": {...}}`, the record as it
came; or `{"deletion": {...}}` and `{"deletedVisit": {...}}`. So it can be imported again.

In CSV a text that a spreadsheet would take for a formula begins with an apostrophe, and so does
one that began with an apostrophe by itself: taking one off each gives what was there.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from sqlalchemy import select

from heyho_server.records import VisitRecord, record_of
from heyho_server.storage.database import Database
from heyho_server.storage.devices import Caller
from heyho_server.storage.filters import Filter, Place
from heyho_server.storage.reading import read_page
from heyho_server.storage.tables import deleted_visits, deletions, tab_aggregates

PAGE = 1000
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "'")
NESTED = ("idlePeriods", "details")
COLUMNS = VisitRecord.__struct_encode_fields__

_encode = msgspec.json.Encoder().encode


async def visit_lines(database: Database, caller: Caller, wanted: Filter) -> AsyncIterator[bytes]:
    """Visits as JSON lines, the earliest first; a piece for each page."""
    async for page in _pages(database, caller, wanted):
        yield b"".join(_encode(record) + b"\n" for record in page)


async def visit_table(database: Database, caller: Caller, wanted: Filter) -> AsyncIterator[bytes]:
    """Visits as CSV, with a head; idle periods and details are JSON."""
    yield _csv([list(COLUMNS)])
    async for page in _pages(database, caller, wanted):
        yield _csv([cells(record) for record in page])


async def aggregate_lines(
    database: Database, caller: Caller, wanted: Filter
) -> AsyncIterator[bytes]:
    """Tab aggregates as JSON lines, of which only the times of a filter are asked."""
    key = tab_aggregates.c.id
    found = select(key, tab_aggregates.c.record).where(tab_aggregates.c.user_id == caller.user_id)
    if wanted.from_at is not None:
        found = found.where(tab_aggregates.c.started_at >= wanted.from_at)
    if wanted.to_at is not None:
        found = found.where(tab_aggregates.c.started_at < wanted.to_at)
    async for rows in _chunks(database, found, key):
        yield b"".join(_encode({"tabAggregate": row.record}) + b"\n" for row in rows)


async def deletion_lines(database: Database, caller: Caller) -> AsyncIterator[bytes]:
    """What was deleted, so that it stays away from where it is imported as well."""
    ranges = select(deletions).where(deletions.c.user_id == caller.user_id)
    async for rows in _chunks(database, ranges, deletions.c.id):
        yield b"".join(
            _encode(
                {
                    "deletion": {
                        "id": row.id,
                        "domain": row.domain,
                        "from": row.from_at,
                        "to": row.to_at,
                        "deletedAt": row.deleted_at,
                        "visits": abs(row.visits),
                    }
                }
            )
            + b"\n"
            for row in rows
        )
    single = select(deleted_visits).where(deleted_visits.c.user_id == caller.user_id)
    async for rows in _chunks(database, single, deleted_visits.c.id):
        yield b"".join(
            _encode({"deletedVisit": {"id": row.id, "deletedAt": row.deleted_at}}) + b"\n"
            for row in rows
        )


def cells(record: VisitRecord) -> list[str]:
    """A visit as a row of a table."""
    values = msgspec.to_builtins(record)
    texts = (_encode(values[name]).decode() if name in NESTED else values[name] for name in COLUMNS)
    return ["" if text is None else guarded(text) for text in texts]


def guarded(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula; numbers need no guard."""
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA) else text


def unguarded(cell: str) -> str:
    """What a cell was before it was guarded."""
    return cell.removeprefix("'")


def _csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


async def _pages(
    database: Database, caller: Caller, wanted: Filter
) -> AsyncIterator[list[VisitRecord]]:
    place = None
    while True:
        # A transaction for each page: a long one would keep SQLite's log from being cleared.
        async with database.read() as connection:
            rows = await read_page(
                connection, caller, wanted, after=place, limit=PAGE, ascending=True
            )
        if rows:
            yield [record_of(row) for row in rows]
            place = Place(rows[-1].started_at, rows[-1].id)
        if len(rows) < PAGE:
            return


async def _chunks(database: Database, found: Any, key: Any) -> AsyncIterator[Any]:
    last = None
    while True:
        step = found.order_by(key).limit(PAGE)
        async with database.read() as connection:
            rows = (
                await connection.execute(step if last is None else step.where(key > last))
            ).all()
        if rows:
            yield rows
            last = rows[-1].id
        if len(rows) < PAGE:
            return
