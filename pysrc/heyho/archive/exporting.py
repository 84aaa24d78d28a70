"""Exports: visits as JSON lines, as CSV, or as the rows of a database."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from heyho.ports import Record

FORMATS = ("jsonl", "csv", "rows")
COLUMNS = (
    *("id", "url", "title", "domain", "startedAt", "endedAt", "durationSeconds"),
    *("activeDuration", "engagementRate", "idlePeriods", "tabId", "windowId", "transition"),
    *("sourcePageVisitId", "anonymousClientId", "seq", "category"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "'")


def export(visits: Sequence[Record], form: str, *, head: bool) -> str:
    """Visits as text of a format.

    `jsonl` is a line for each, in the words of the wire. `csv` is a row for each, after a `head`
    if wanted: a text that a spreadsheet would take for a formula begins with an apostrophe, as
    does one that began with an apostrophe by itself. `rows` is one JSON list.
    """
    if form == "jsonl":
        return "".join(f"{_json(visit)}\n" for visit in visits)
    if form == "rows":
        return _json(list(visits))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    if head:
        writer.writerow(COLUMNS)
    writer.writerows([_cell(visit.get(name)) for name in COLUMNS] for visit in visits)
    return text.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, dict)):
        return _json(value)
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return str(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
