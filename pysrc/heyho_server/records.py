"""Records: stored visits in the words of the wire, as answers and exports have them."""

from __future__ import annotations

from typing import Any

import msgspec


class Idle(msgspec.Struct):
    """A stretch of a visit in which nobody looked."""

    start: int
    end: int
    reason: str


class VisitRecord(msgspec.Struct, rename="camel", kw_only=True):
    """A visit as it came, and when it was stored.

    `category` and `details` are what only the original HeyHo sends.
    """

    id: str
    url: str
    title: str
    domain: str
    started_at: int
    ended_at: int
    duration_seconds: float
    active_duration: int
    engagement_rate: float
    idle_periods: list[Idle]
    tab_id: int | None
    window_id: int | None
    transition: str | None
    source_page_visit_id: str | None
    anonymous_client_id: str
    seq: int | None
    category: str | None
    details: dict[str, Any] | None
    synced_at: int


def record_of(row: Any) -> VisitRecord:
    """The record of a row of `visits`."""
    duration_ms = row.ended_at - row.started_at
    return VisitRecord(
        id=row.id,
        url=row.url,
        title=row.title,
        domain=row.domain,
        started_at=row.started_at,
        ended_at=row.ended_at,
        duration_seconds=duration_ms / 1000,
        active_duration=row.active_duration_ms,
        engagement_rate=row.active_duration_ms / duration_ms if duration_ms else 0.0,
        idle_periods=[Idle(*idle) for idle in row.idle_periods],
        tab_id=row.tab_id,
        window_id=row.window_id,
        transition=row.transition,
        source_page_visit_id=row.source_page_visit_id,
        anonymous_client_id=row.anonymous_client_id,
        seq=row.seq,
        category=row.category,
        details=row.details,
        synced_at=row.stored_at,
    )
