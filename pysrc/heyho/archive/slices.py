"""The browser's own history, asked for in slices of time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from heyho.archive.imported import Importer, LeftOut, imported_id
from heyho.errors import RecordError
from heyho.ports import Record
from heyho.recording import fields

Slice = tuple[int, int]
"""From and to in epoch milliseconds, without `to`."""

PAGES_PER_SLICE = 500
SOURCES_KEPT = 50_000
SOURCE_TRANSITIONS = frozenset({"link", "form_submit"})


def halves(piece: Slice) -> list[Slice]:
    """A slice that holds too much, as two; one of a millisecond cannot be cut."""
    start, end = piece
    middle = (start + end) // 2
    return [piece] if end - start < 2 else [(start, middle), (middle, end)]


class HistoryReader:
    """Makes records of what the browser tells of pages and their visits.

    Visits are read the earliest first, so that what led to one is known by then.
    """

    def __init__(self, importer: Importer) -> None:
        self._importer = importer
        self._ids: OrderedDict[str, str] = OrderedDict()

    def read(self, pages: Sequence[Mapping[str, Any]]) -> Iterator[Record | LeftOut | RecordError]:
        """The records of pages with their visits."""
        for visit, page in sorted(_visits(pages), key=lambda pair: pair[0]["visitTime"]):
            started_at = int(visit["visitTime"])
            source = None
            if visit.get("transition") in SOURCE_TRANSITIONS:
                source = self._ids.get(str(visit.get("referringVisitId")))
            try:
                record = self._importer.page(
                    url=page.get("url"),
                    title=page.get("title"),
                    started_at=started_at,
                    transition=visit.get("transition"),
                    source_id=source,
                )
            except RecordError as error:
                yield error
                continue
            if isinstance(record, dict):
                self._ids[str(visit.get("visitId"))] = imported_id(record["url"], started_at)
                if len(self._ids) > SOURCES_KEPT:
                    self._ids.popitem(last=False)
            yield record


def _visits(
    pages: Sequence[Mapping[str, Any]],
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    for page in fields.records(pages):
        for visit in fields.records(page.get("visits")):
            if fields.time(visit.get("visitTime")) is not None:
                yield visit, page
