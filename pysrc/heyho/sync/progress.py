"""What a run has done so far, what it is doing, and how long it will take."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal

from heyho.model import Span, Trigger
from heyho.sync.estimate import smoothed, time_left

SPANS_TOLD = 60

Phase = Literal["reading", "waiting", "sending", "pausing"]


@dataclass(slots=True, kw_only=True)
class Travel:
    """A batch in a lane.

    Attributes:
        number: the batch's, from 0 within the run.
        since: when it entered its lane, epoch milliseconds.
        phase: it is being read, waits for the server's limits, is with the server, or pauses
            before another attempt.
        phase_since: when that began.
        waits_since: since when it has been made to wait, if it has since its last attempt.
        visits: how many visits are in it; None until they are read.
        done: how many of them the server has already, where it took the batch in parts.
    """

    number: int
    since: float
    phase: Phase = "reading"
    phase_since: float
    waits_since: float | None = None
    visits: int | None = None
    done: int = 0


def _recent() -> deque[dict[str, Any]]:
    return deque(maxlen=SPANS_TOLD)


@dataclass(slots=True, kw_only=True)
class Progress:
    """Counts of one run under way; `visits` and `batches` are totals.

    `visits` counts sequence numbers at first, and loses those that turn out to name no visit.
    What is done is in the ledger.

    Attributes:
        lanes: how many lanes the strategy has now.
        travels: the batch in each lane that is busy.
        waits_until: until when the server wants no request, epoch milliseconds.
        cycle_ms: how long a batch keeps its lane, smoothed.
        attempts: how many have ended.
        recent: the records of the last `SPANS_TOLD` of them.
    """

    trigger: Trigger
    strategy: str
    started_at: float
    visits: int
    batches: int = 0
    lanes: int = 1
    visits_done: int = 0
    visits_failed: int = 0
    batches_done: int = 0
    batches_failed: int = 0
    batches_begun: int = 0
    retries: int = 0
    bytes: int = 0
    waits_until: float | None = None
    cycle_ms: float | None = None
    travels: dict[int, Travel] = field(default_factory=dict)
    attempts: int = 0
    recent: deque[dict[str, Any]] = field(default_factory=_recent)

    def enter(self, lane: int, number: int, *, at_ms: float) -> Travel:
        """A batch enters a lane."""
        self.batches_begun += 1
        travel = self.travels[lane] = Travel(number=number, since=at_ms, phase_since=at_ms)
        return travel

    def leave(self, lane: int, *, at_ms: float, delivered: bool) -> None:
        """The lane is free again."""
        travel = self.travels.pop(lane)
        if delivered:
            self.cycle_ms = smoothed(self.cycle_ms, at_ms - travel.since)

    def attempted(self, span: Span) -> None:
        """An attempt has ended."""
        self.attempts += 1
        self.recent.append(span.to_record())

    def seconds_left(self, at_ms: float) -> float | None:
        """How long the run will still take, or None while that cannot be known."""
        if self.cycle_ms is None:
            return None
        return time_left(
            self.cycle_ms / 1000,
            [(at_ms - travel.since) / 1000 for travel in self.travels.values()],
            batches=max(0, self.batches - self.batches_begun),
            lanes=max(self.lanes, 1),
        )

    def _waits_until(self, at_ms: float) -> float | None:
        return self.waits_until if self.waits_until and self.waits_until > at_ms else None

    def to_record(self, at_ms: float) -> dict[str, Any]:
        """The published form, camelCase, as it stands at a time in epoch milliseconds."""
        elapsed_s = max(0.0, at_ms - self.started_at) / 1000
        return {
            "trigger": self.trigger,
            "strategy": self.strategy,
            "startedAt": self.started_at,
            "visits": self.visits,
            "visitsDone": self.visits_done,
            "visitsFailed": self.visits_failed,
            "batches": self.batches,
            "batchesDone": self.batches_done,
            "batchesFailed": self.batches_failed,
            "inFlight": len(self.travels),
            "retries": self.retries,
            "bytes": self.bytes,
            "visitsPerSecond": self.visits_done / elapsed_s if elapsed_s else 0.0,
            "secondsLeft": self.seconds_left(at_ms),
            "waitsUntil": self._waits_until(at_ms),
            "laneCount": self.lanes,
            "lanes": [
                {
                    "lane": lane,
                    "batch": travel.number,
                    "visits": travel.visits,
                    "phase": travel.phase,
                    "since": travel.since,
                    "phaseSince": travel.phase_since,
                }
                for lane, travel in sorted(self.travels.items())
            ],
            "spans": list(self.recent),
            "spansLeftOut": self.attempts - len(self.recent),
        }
