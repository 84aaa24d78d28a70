"""Imports: what `exporting` wrote, read line by line."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TextIO

from heyho.errors import RecordError
from heyho.wire import MAX_AT_MS, MAX_ID, visit_from_record
from heyho_server.incoming.aggregates import TabAggregate, aggregate_from_record
from heyho_server.incoming.rows import VisitRow, row_of, to_json
from heyho_server.transfer.exporting import NESTED, unguarded

_NUMBERS = {
    *("startedAt", "endedAt", "durationSeconds", "activeDuration", "engagementRate"),
    *("tabId", "windowId", "seq", "syncedAt"),
}


@dataclass(frozen=True, slots=True)
class PastDeletion:
    """A deletion from elsewhere: of a range, or, where `to_at` is None, of the visit of that id.

    Attributes:
        visits: how many it took.
    """

    id: str
    deleted_at: int
    domain: str | None = None
    from_at: int = 0
    to_at: int | None = None
    visits: int = 1


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is none of these."""

    number: int
    reason: str


Line = VisitRow | TabAggregate | PastDeletion | BadLine


def read_lines(file: TextIO) -> Iterator[Line]:
    """What a file holds; JSON lines if it begins with a brace, else CSV."""
    start = file.read(1)
    file.seek(0)
    records = _json_records(file) if start in ("{", "") else _csv_records(file)
    for number, record in records:
        try:
            yield read_record(record)
        except RecordError as problem:
            yield BadLine(number, problem.reason)
        except (ValueError, TypeError, KeyError, RecursionError) as problem:
            yield BadLine(number, f"It is no record of Heyho's ({type(problem).__name__}).")


def read_record(record: Any) -> VisitRow | TabAggregate | PastDeletion:
    """One record.

    Raises:
        RecordError: what is wrong with it.
        ValueError, TypeError, KeyError: it is something else.
    """
    if isinstance(record, Exception):
        raise RecordError(None, "record", f"It cannot be read ({record}).")
    if not isinstance(record, dict):
        raise RecordError(None, "record", "A record must be a JSON object.")
    if "tabAggregate" in record:
        return aggregate_from_record(record["tabAggregate"])
    if "deletion" in record:
        told = record["deletion"]
        return PastDeletion(
            _text(told["id"]),
            _at(told["deletedAt"]),
            None if told["domain"] is None else _text(told["domain"]),
            _at(told["from"]),
            _at(told["to"]),
            _at(told.get("visits", 1)),
        )
    if "deletedVisit" in record:
        told = record["deletedVisit"]
        return PastDeletion(_text(told["id"]), _at(told["deletedAt"]))
    details = record.get("details")
    row = row_of(visit_from_record(record))
    category = record.get("category")
    return row._replace(
        category=None if category is None else _text(category),
        details=None if details is None else to_json(dict(details)),
    )


def _json_records(file: TextIO) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as problem:
            record = problem
        yield number, record


def _csv_records(file: TextIO) -> Iterator[tuple[int, Any]]:
    rows = csv.DictReader(file, strict=True)
    while True:
        record: Any
        try:
            cells = next(rows)
            # An empty cell is nothing, but for the title: without one it would get another.
            record = {"title": ""} | {
                name: _cell(name, cell) for name, cell in cells.items() if name and cell
            }
        except StopIteration:
            return
        except (ValueError, TypeError, csv.Error) as problem:
            record = problem
        yield rows.line_num, record


def _cell(name: str, cell: str) -> Any:
    return json.loads(cell) if name in NESTED or name in _NUMBERS else unguarded(cell)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.isprintable() or not 0 < len(value) <= 2 * MAX_ID:
        raise RecordError(None, "record", "It holds a text that no database can keep.")
    return value


def _at(value: Any) -> int:
    if not isinstance(value, int) or not 0 <= value <= MAX_AT_MS:
        raise RecordError(None, "record", "It holds a time that is not in epoch milliseconds.")
    return value
