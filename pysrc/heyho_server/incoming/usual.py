"""The usual batch: visits of which nothing is to be refused or put right, read in one go.

`heyho.wire` says what a visit is and what is wrong with one. It is the same here, said in types
that msgspec checks while it decodes, which takes a quarter of the time. Whatever does not fit,
were it only unusual, is left to `heyho.wire`: so no batch is refused here, and none is stored in
another way than there.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from heyho.model import IdleReason
from heyho.wire import (
    MAX_AT_MS,
    MAX_ID,
    MAX_IDLE_PERIODS,
    MAX_TITLE,
    MAX_URL,
    PLAIN_HOST,
    bare_host,
)
from heyho_server.incoming.rows import VisitRow

Time = Annotated[int, Meta(ge=0, lt=MAX_AT_MS)]
Whole = Annotated[int, Meta(gt=-(2**53), lt=2**53)]
Word = Annotated[str, Meta(max_length=MAX_ID)]
NUL = b"\\u0000"


class Idle(msgspec.Struct, gc=False):
    """A stretch in which nobody looked."""

    start: Time
    end: Time
    reason: IdleReason | None = None


class Visit(msgspec.Struct, rename="camel", gc=False, forbid_unknown_fields=True):
    """A record of pageVisits, as our extension sends it. The original's have more to them."""

    id: Annotated[str, Meta(max_length=MAX_ID, pattern=r"\A[\x21-\x7e]+\Z")]
    url: Annotated[str, Meta(max_length=MAX_URL)]
    started_at: Time
    title: str | None = None
    domain: str | None = None
    ended_at: Time | None = None
    duration_seconds: float | None = None
    active_duration: Annotated[int, Meta(ge=0)] | None = None
    engagement_rate: Annotated[float, Meta(ge=0, le=1)] | None = None
    idle_periods: Annotated[list[Idle], Meta(max_length=MAX_IDLE_PERIODS)] | None = None
    tab_id: Whole | None = None
    window_id: Whole | None = None
    transition: Word | None = None
    source_page_visit_id: Word | None = None
    anonymous_client_id: Word | None = None
    seq: Whole | None = None


class Body(msgspec.Struct, rename="camel", gc=False):
    """The body of a sync request."""

    page_visits: list[Visit]
    anonymous_client_id: Word | None = None
    tab_aggregates: list[Any] | None = None


_bare_host = lru_cache(maxsize=4096)(bare_host)
_DECODER = msgspec.json.Decoder(Body)


def read_usual(body: bytes, *, max_records: int) -> list[VisitRow] | None:
    """The visits of a sync request's JSON body; None where there is more to say of it."""
    if NUL in body:  # which no database keeps
        return None
    try:
        read = _DECODER.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    client_id = read.anonymous_client_id or ""
    unusual = read.tab_aggregates or len(read.page_visits) > max_records
    if unusual or not client_id.isprintable():
        return None
    rows = []
    for visit in read.page_visits:
        row = _row(visit, client_id)
        if row is None:
            return None
        rows.append(row)
    return rows


def _row(visit: Visit, client_id: str) -> VisitRow | None:
    host = PLAIN_HOST.match(visit.url)
    if host is None:
        return None
    title, active_ms = visit.title, visit.active_duration
    started_at, ended_at = visit.started_at, visit.ended_at
    if title is None or ended_at is None or active_ms is None:
        return None
    ended_at = max(started_at, ended_at)
    longest_ms = ended_at - started_at
    idle_periods = "[]"
    if visit.idle_periods:
        told = []
        for idle in visit.idle_periods:
            if idle.start > idle.end:
                return None
            # As `to_json` writes it, at a quarter of the cost.
            told.append(f'[{idle.start},{idle.end},"{idle.reason or "idle"}"]')
        idle_periods = f"[{','.join(told)}]"
    # As VisitRow(...), which takes its arguments one by one.
    return VisitRow._make(
        (
            visit.id,
            visit.url,
            title if len(title) <= MAX_TITLE else title[:MAX_TITLE],
            _bare_host(visit.domain or host[1]),
            started_at,
            ended_at,
            min(longest_ms, active_ms),
            idle_periods,
            visit.tab_id,
            visit.window_id,
            visit.transition,
            visit.source_page_visit_id,
            visit.anonymous_client_id or client_id,
            visit.seq,
            None,
            None,
        )
    )
