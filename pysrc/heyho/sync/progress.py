"""What a run has done so far, as pages are told of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from heyho.model import Trigger


@dataclass(slots=True, kw_only=True)
class Progress:
    """Counts of one run under way; `visits` and `batches` are totals.

    `visits` counts sequence numbers at first, and loses those that turn out to name no visit."""

    trigger: Trigger
    strategy: str
    started_at: float
    visits: int
    batches: int = 0
    visits_done: int = 0
    visits_failed: int = 0
    batches_done: int = 0
    batches_failed: int = 0
    in_flight: int = 0
    bytes: int = 0

    def to_record(self) -> dict[str, Any]:
        """The published form, camelCase."""
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
            "inFlight": self.in_flight,
            "bytes": self.bytes,
        }
