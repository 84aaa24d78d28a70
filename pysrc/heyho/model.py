"""The nouns of Heyho: visits, ranges of them, and the record of a sync run.

Times are epoch milliseconds (`_at`), lengths of time say their unit in their name.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal

IdleReason = Literal["hidden", "unfocused", "idle", "locked", "sleep"]
Trigger = Literal["manual", "periodic", "startup"]
Outcome = Literal["complete", "partial", "failed", "nothing"]


@dataclass(frozen=True, slots=True)
class IdlePeriod:
    """A stretch of a visit in which nobody was looking: [start, end) in epoch milliseconds."""

    start: int
    end: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One page, seen once, from its arrival in a tab to its departure. Ended, and immutable.

    Attributes:
        id: a UUID of version 7, unique for a person.
        url: http or https, with query and fragment, as the browser showed it.
        title: the last title the page had; empty when it never had one.
        domain: the host in lower case, without port and leading "www.".
        started_at, ended_at: epoch milliseconds; `started_at <= ended_at`.
        active_duration_ms: how long the person was looking; at most the whole duration.
        idle_periods: the stretches in between, in order, without overlap.
        transition: the browser's word for how the person came here ("link", "typed", ...).
        source_page_visit_id: the visit that led here by a link or a redirect, if any.
        anonymous_client_id: the device.
        seq: the store's sequence number; None before the visit is stored.
        category, details: what only the original HeyHo says; `details` is JSON of an object.
    """

    id: str
    url: str
    title: str
    domain: str
    started_at: int
    ended_at: int
    active_duration_ms: int = 0
    idle_periods: tuple[IdlePeriod, ...] = ()
    tab_id: int | None = None
    window_id: int | None = None
    transition: str | None = None
    source_page_visit_id: str | None = None
    anonymous_client_id: str = ""
    seq: int | None = None
    category: str | None = None
    details: str | None = None

    @property
    def duration_ms(self) -> int:
        """From arrival to departure, in milliseconds."""
        return self.ended_at - self.started_at

    @property
    def engagement_rate(self) -> float:
        """The share of the duration in which the person was looking, 0..1."""
        return self.active_duration_ms / self.duration_ms if self.duration_ms else 0.0


@dataclass(frozen=True, slots=True, order=True)
class SeqRange:
    """The sequence numbers `first..last`, both included; some of them may name no visit."""

    first: int
    last: int

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise ValueError(f"a range from {self.first} to {self.last} is empty")

    def __len__(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record the server will never take, with its reason."""

    record_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """What the server's `GET /config` says of itself.

    Attributes:
        max_records: visits in one request, at most.
        max_body_bytes: bytes of the JSON body before compression, at most.
        rate_limits: requests in a time at most, as `heyho.sync.quota` reads them; None for a
            server that does not say.
        trials: whether a sync may be a trial; a server that does not say so would store it.
    """

    max_records: int = 1000
    max_body_bytes: int = 10_000_000
    rate_limits: Any = None
    trials: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One attempt of one batch in time: `start..end` in epoch milliseconds.

    `batch` counts from 0 within the run and `lane` from 0 within the strategy. `status` is
    the HTTP status, or 0 when no answer came; `bytes` is the size of the body as sent.
    `rejected` is how many of its visits the answer refused by name, and `waited` for how many
    milliseconds the batch had been made to wait, by the server or after another attempt.
    """

    batch: int
    lane: int
    start: float
    end: float
    visits: int
    bytes: int
    status: int
    attempt: int = 1
    rejected: int = 0
    waited: float = 0.0

    def to_record(self) -> dict[str, Any]:
        """The stored form; written out, since asdict takes several times as long."""
        return {
            "batch": self.batch,
            "lane": self.lane,
            "start": self.start,
            "end": self.end,
            "visits": self.visits,
            "bytes": self.bytes,
            "status": self.status,
            "attempt": self.attempt,
            "rejected": self.rejected,
            "waited": self.waited,
        }


SPANS_KEPT = 5000


def _spans() -> deque[Span]:
    return deque(maxlen=SPANS_KEPT)


@dataclass(slots=True, kw_only=True)
class Run:
    """The record of one sync, from start to end; of its spans the last `SPANS_KEPT`.

    `deleted` is how many of its `visits` the server left out, since they were deleted there.
    """

    started_at: float
    trigger: Trigger
    strategy: str
    why: str = ""
    ended_at: float | None = None
    outcome: Outcome | None = None
    visits: int = 0
    batches: int = 0
    bytes: int = 0
    rejected: int = 0
    deleted: int = 0
    retries: int = 0
    rate_limited: int = 0
    cancelled: bool = False
    error: str | None = None
    boot: str = ""
    boot_ms: float | None = None
    spans: deque[Span] = field(default_factory=_spans)

    def to_record(self) -> dict[str, Any]:
        """The stored form, camelCase; `boot` says what the engine was started from."""
        return {
            "startedAt": self.started_at,
            "endedAt": self.ended_at,
            "trigger": self.trigger,
            "strategy": self.strategy,
            "why": self.why,
            "outcome": self.outcome,
            "visits": self.visits,
            "batches": self.batches,
            "bytes": self.bytes,
            "rejected": self.rejected,
            "deleted": self.deleted,
            "retries": self.retries,
            "rateLimited": self.rate_limited,
            "cancelled": self.cancelled,
            "error": self.error,
            "boot": self.boot,
            "bootMs": self.boot_ms,
            "spans": [span.to_record() for span in self.spans],
        }
