"""Rows: visits as the table `visits` keeps them."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from heyho.model import Visit


class VisitRow(NamedTuple):
    """The columns of `visits` in their order, but for the first, the user, and the last, the time.

    `idle_periods` is JSON: a list of [start, end, reason]. `details` is JSON as well: an object of
    what only the original HeyHo says of a visit.
    """

    id: str
    url: str
    title: str
    domain: str
    started_at: int
    ended_at: int
    active_duration_ms: int
    idle_periods: str
    tab_id: int | None
    window_id: int | None
    transition: str | None
    source_page_visit_id: str | None
    anonymous_client_id: str
    seq: int | None
    category: str | None = None
    details: str | None = None


def row_of(visit: Visit) -> VisitRow:
    """The row of a visit."""
    return VisitRow(
        visit.id,
        visit.url,
        visit.title,
        visit.domain,
        visit.started_at,
        visit.ended_at,
        visit.active_duration_ms,
        to_json([(idle.start, idle.end, idle.reason) for idle in visit.idle_periods]),
        visit.tab_id,
        visit.window_id,
        visit.transition,
        visit.source_page_visit_id,
        visit.anonymous_client_id,
        visit.seq,
        visit.category,
        visit.details,
    )


def to_json(value: object) -> str:
    """JSON as it is stored."""
    return msgspec.json.encode(value).decode()
