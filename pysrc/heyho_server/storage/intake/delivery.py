"""Taking in what a sync brings: all of it in one transaction, on the disk before it is answered."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Protocol

from sqlalchemy import Column, Table

from heyho_server.incoming.aggregates import TabAggregate
from heyho_server.incoming.batches import Batch, RejectedRecord
from heyho_server.incoming.rows import VisitRow, to_json
from heyho_server.storage.devices import Caller
from heyho_server.storage.domains import lineage
from heyho_server.storage.tables import tab_aggregates, visits

SEEN_EVERY_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What one sync request brings.

    Attributes:
        request_id: what the log knows the request by; None for what no device has sent, which
            leaves nothing in the log.
        at: when it came, in epoch milliseconds.
        trial: do all the work, and undo it.
    """

    caller: Caller
    batch: Batch
    request_id: str | None
    at: int
    trial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What has become of a delivery.

    Attributes:
        deleted: visits that are not stored, because the person deleted them before.
        deleted_aggregates: tab aggregates that are not stored for that reason.
    """

    deleted: int = 0
    deleted_aggregates: int = 0


class Intake(Protocol):
    """Stores deliveries."""

    async def store(self, delivery: Delivery) -> Receipt:
        """Store a delivery whole, or not at all; it is on the disk when this returns.

        A visit that is stored already is replaced only by a version that ends later, and a tab
        aggregate by one that was active later. What the person deleted stays deleted.
        Of a trial nothing is ever stored; its receipt is what it would have been.

        Raises:
            NotSignedIn: the user has been removed meanwhile.
        """


@dataclass(frozen=True, slots=True)
class Extent:
    """Which deletions can matter to a batch: those of these times and domains, or of all domains.

    Attributes:
        first, last: when the first of its records started, and the last.
        domains: those of its visits, and those above them.
    """

    first: int
    last: int
    domains: list[str]


def extent_of(batch: Batch) -> Extent | None:
    """The extent of a batch; None of one without records."""
    starts = [visit.started_at for visit in batch.visits]
    starts += [aggregate.started_at for aggregate in batch.aggregates]
    if not starts:
        return None
    hosts = {visit.domain for visit in batch.visits}
    domains = {domain for host in hosts for domain in lineage(host)}
    return Extent(min(starts), max(starts), sorted(domains))


def ids_of(batch: Batch) -> list[str]:
    """The ids of its visits and tab aggregates."""
    return [row.id for row in batch.visits] + [tab.id for tab in batch.aggregates]


@dataclass(frozen=True, slots=True)
class Deletions:
    """What a user deleted, as far as it matters to a batch.

    Attributes:
        spans: by domain, or None for any: the times [from, to) in which deleted visits start, in
            order, of which no two meet.
        ids: of single visits, and of tab aggregates.
        tabs_until: all of the history up to then was deleted at once.
    """

    spans: Mapping[str | None, Sequence[tuple[int, int]]] = field(default_factory=dict)
    ids: frozenset[str] = field(default_factory=frozenset)
    tabs_until: int = 0

    @classmethod
    def of(cls, rows: Iterable[tuple[str | None, int, int, int]], ids: Iterable[str]) -> Deletions:
        """From rows of domain, from, to, and when it was deleted, in any order.

        What starts after a deletion is a new history; what was dated ahead and deleted is
        remembered by its id.
        """
        spans: dict[str | None, list[tuple[int, int]]] = {}
        tabs_until = 0
        for domain, from_at, end, deleted_at in sorted(rows, key=itemgetter(1)):
            to_at = min(end, deleted_at + 1)
            if to_at <= from_at:
                continue
            if domain is None and from_at == 0:
                tabs_until = max(tabs_until, to_at)
            known = spans.setdefault(domain, [])
            if known and from_at <= known[-1][1]:
                known[-1] = (known[-1][0], max(known[-1][1], to_at))
            else:
                known.append((from_at, to_at))
        return cls(spans, frozenset(ids), tabs_until)

    def cover(self, visit: VisitRow) -> bool:
        """Whether a visit was deleted: also by the deletion of a domain that its own is below."""
        return visit.id in self.ids or any(
            _is_within(self.spans[domain], visit.started_at)
            for domain in (None, *lineage(visit.domain))
            if domain in self.spans
        )

    def cover_tab(self, aggregate: TabAggregate) -> bool:
        """Whether a tab was opened before all of the history up to some time was deleted.

        A tab tells of all the visits it had, and belongs to no one time or domain.
        """
        return aggregate.id in self.ids or aggregate.started_at < self.tabs_until


def _is_within(spans: Sequence[tuple[int, int]], at: int) -> bool:
    before = bisect_right(spans, at, key=itemgetter(0))
    return before > 0 and at < spans[before - 1][1]


def sift(batch: Batch, deletions: Deletions) -> tuple[list[VisitRow], Receipt]:
    """The visits to store, each once, in its latest version."""
    rows = batch.visits
    if deletions.spans or deletions.ids:
        rows = [row for row in rows if not deletions.cover(row)]
    receipt = Receipt(
        deleted=len(batch.visits) - len(rows),
        deleted_aggregates=sum(map(deletions.cover_tab, batch.aggregates)),
    )
    if len({row.id for row in rows}) == len(rows):
        return rows, receipt
    found: dict[str, VisitRow] = {}
    for row in rows:
        known = found.setdefault(row.id, row)
        if row.ended_at > known.ended_at:
            found[row.id] = row
    return list(found.values()), receipt


def aggregate_rows(batch: Batch, deletions: Deletions) -> list[tuple[object, ...]]:
    """Rows of `tab_aggregates` to store but for the user and the time, each id once."""
    found: dict[str, TabAggregate] = {}
    for aggregate in batch.aggregates:
        if deletions.cover_tab(aggregate):
            continue
        known = found.setdefault(aggregate.id, aggregate)
        if aggregate.last_active_at > known.last_active_at:
            found[aggregate.id] = aggregate
    return [
        (
            aggregate.id,
            aggregate.started_at,
            aggregate.last_active_at,
            to_json(aggregate.record),
        )
        for aggregate in found.values()
    ]


def log_values(delivery: Delivery, receipt: Receipt) -> tuple[object, ...]:
    """A row of `sync_log`, in the order of its columns."""
    batch = delivery.batch
    return (
        delivery.caller.user_id,
        delivery.at,
        delivery.request_id,
        delivery.caller.device_id,
        len(batch.visits) - receipt.deleted,
        len(batch.aggregates) - receipt.deleted_aggregates,
        receipt.deleted,
        len(batch.rejected),
        to_json([_told(record) for record in batch.rejected]) if batch.rejected else None,
    )


def upsert_tail(columns: Sequence[str], version: Column[Any]) -> str:
    """The end of an INSERT that replaces a whole row by a later version of it."""
    replaced = ", ".join(f"{name} = excluded.{name}" for name in columns[2:])
    return (
        f"ON CONFLICT (user_id, id) DO UPDATE SET {replaced} "
        f"WHERE excluded.{version.name} > {version.table.name}.{version.name}"
    )


def names(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def _told(record: RejectedRecord) -> dict[str, object]:
    return {
        "recordId": record.record_id,
        "recordType": record.record_type,
        "index": record.index,
        "field": record.field,
        "reason": record.reason,
    }


VISIT_COLUMNS = names(visits)
AGGREGATE_COLUMNS = names(tab_aggregates)
UPSERT_VISITS = upsert_tail(VISIT_COLUMNS, visits.c.ended_at)
UPSERT_AGGREGATES = upsert_tail(AGGREGATE_COLUMNS, tab_aggregates.c.last_active_at)
