"""A batch as it arrives: which of its records can be stored, and what is wrong with the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from heyho.errors import RecordError
from heyho.wire import MAX_ID, visit_from_record
from heyho_server.errors import BadBody, TooLarge
from heyho_server.incoming.aggregates import TabAggregate, aggregate_from_record
from heyho_server.incoming.bodies import decode_json
from heyho_server.incoming.rows import VisitRow, row_of
from heyho_server.incoming.usual import read_usual

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedRecord:
    """A record that is not stored.

    Attributes:
        record_id: the record's id as it came, or "#" and its index where it has none.
        record_type: "page_visit" or "tab_aggregate".
        index: its place among the records of its type in the request, from 0.
        field: the wire name of the field at fault.
        reason: a sentence.
    """

    record_id: str
    record_type: str
    index: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one sync request brings."""

    visits: list[VisitRow] = field(default_factory=list)
    aggregates: list[TabAggregate] = field(default_factory=list)
    rejected_visits: list[RejectedRecord] = field(default_factory=list)
    rejected_aggregates: list[RejectedRecord] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        return len(self.visits) + len(self.aggregates)

    @property
    def rejected(self) -> list[RejectedRecord]:
        return [*self.rejected_visits, *self.rejected_aggregates]


def read_batch(body: bytes, *, max_records: int) -> Batch:
    """Read the JSON body of a sync request.

    Raises:
        BadBody: it is no JSON, or does not have the shape of a batch.
        TooLarge: it holds more than `max_records` records.
    """
    rows = read_usual(body, max_records=max_records)
    if rows is not None:
        return Batch(visits=rows)
    return read_any(decode_json(body), max_records=max_records)


def read_any(body: Any, *, max_records: int) -> Batch:
    """Read the decoded body of a sync request record by record.

    Raises:
        BadBody: it does not have the shape of a batch.
        TooLarge: it holds more than `max_records` records.
    """
    if not isinstance(body, Mapping):
        raise BadBody("The body must be a JSON object with pageVisits and tabAggregates.")
    client_id = body.get("anonymousClientId")
    if client_id is None:
        client_id = ""
    if not isinstance(client_id, str) or len(client_id) > MAX_ID or not client_id.isprintable():
        raise BadBody(f"anonymousClientId must be text of at most {MAX_ID} characters.")
    visit_records = _records(body, "pageVisits")
    aggregate_records = _records(body, "tabAggregates")
    count = len(visit_records) + len(aggregate_records)
    if count > max_records:
        raise TooLarge(f"Batch size exceeded. Maximum {max_records} records allowed, got {count}")
    visits, rejected_visits = _sort("page_visit", visit_records, visit_from_record, client_id)
    aggregates, rejected_aggregates = _sort(
        "tab_aggregate", aggregate_records, aggregate_from_record, client_id
    )
    return Batch(
        visits=[row_of(visit) for visit in visits],
        aggregates=aggregates,
        rejected_visits=rejected_visits,
        rejected_aggregates=rejected_aggregates,
    )


class _Reader(Protocol[T_co]):
    def __call__(self, record: object, *, client_id: str) -> T_co: ...


def _records(body: Mapping[str, Any], name: str) -> list[Any]:
    records = body.get(name)
    if records is None:
        return []
    if not isinstance(records, list):
        raise BadBody(f"{name} must be a list of records.")
    return records


def _sort(
    record_type: str, records: list[Any], read: _Reader[T], client_id: str
) -> tuple[list[T], list[RejectedRecord]]:
    accepted: list[T] = []
    rejected: list[RejectedRecord] = []
    for index, record in enumerate(records):
        try:
            accepted.append(read(record, client_id=client_id))
        except RecordError as problem:
            rejected.append(
                RejectedRecord(
                    record_id=problem.record_id or _name(record, index),
                    record_type=record_type,
                    index=index,
                    field=problem.field,
                    reason=problem.reason,
                )
            )
    return accepted, rejected


def _name(record: object, index: int) -> str:
    """What to call a record whose id cannot be used: its client must still know it again."""
    given = record.get("id") if isinstance(record, Mapping) else None
    if isinstance(given, str) and 0 < len(given) <= 4 * MAX_ID and given.isprintable():
        return given
    return f"#{index}"
