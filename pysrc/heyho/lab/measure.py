"""What was measured of one way, and what it could have been at best."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any

from heyho.model import Run
from heyho.sync.quota import Policy

SPANS_KEPT = 1000
CONNECTIONS = 6
"""What a browser opens to one host without HTTP/2, which it speaks with TLS only."""
OK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One way, from its start to its end.

    Attributes:
        way: its name.
        changes: the settings that make runs go this way.
        lanes: how many there were at first.
        workers: how many threads beside the engine's own.
        error: a sentence, or None where all batches were answered for.
        spread_ms: by how much two measures of this way differ, which is chance; 0 if unknown.
    """

    way: str
    changes: dict[str, Any]
    lanes: int
    workers: int
    run: Run
    error: str | None
    spread_ms: float = 0.0

    def or_better(self, other: Measure) -> Measure:
        """The better of two measures of the same way, which knows how much they differ."""
        best = max(self, other, key=lambda it: (it.is_whole, -it.ms))
        both = self.is_whole and other.is_whole
        return replace(best, spread_ms=abs(self.ms - other.ms) if both else 0.0)

    @property
    def ms(self) -> float:
        """How long it took."""
        return (self.run.ended_at or self.run.started_at) - self.run.started_at

    @property
    def is_whole(self) -> bool:
        """Whether it can be compared with others."""
        return self.error is None

    @property
    def request_ms(self) -> float | None:
        """How long an answer took in the middle."""
        took = [span.end - span.start for span in self.run.spans if span.status == OK]
        return median(took) if took else None

    @property
    def lanes_used(self) -> int:
        """How many lanes there were at most."""
        return max((span.lane + 1 for span in self.run.spans), default=self.lanes)

    def to_record(self, ideal_ms: float | None) -> dict[str, Any]:
        """The stored form. Times of spans count from the start of the way."""
        run = self.run
        return {
            "way": self.way,
            "changes": self.changes,
            "lanes": self.lanes_used,
            "workers": self.workers,
            "ms": self.ms,
            "spreadMs": self.spread_ms,
            "idealMs": ideal_ms,
            "requestMs": self.request_ms,
            "error": self.error,
            "batches": run.batches,
            "visits": run.visits + run.rejected,
            "bytes": run.bytes,
            "rejected": run.rejected,
            "retries": run.retries,
            "rateLimited": run.rate_limited,
            "spans": [
                {
                    **asdict(span),
                    "start": span.start - run.started_at,
                    "end": span.end - run.started_at,
                }
                for span in list(run.spans)[:SPANS_KEPT]
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What bounds every way.

    Attributes:
        batches: how many requests it takes.
        connections: how many may be under way at once.
        policies: the server's rates.
        request_ms: how long a request takes that waits for no other; None where none was answered.
    """

    batches: int
    connections: int
    policies: tuple[Policy, ...]
    request_ms: float | None

    @property
    def quota(self) -> Policy | None:
        """The rate that holds this many requests back for longest; None where none does."""
        return max(
            (policy for policy in self.policies if self._held_ms(policy)),
            key=self._held_ms,
            default=None,
        )

    @property
    def quota_ms(self) -> float:
        """How long the rates hold the last request back."""
        return self._held_ms(self.quota) if self.quota else 0.0

    def is_held(self, lanes: int) -> bool:
        """Whether it is the rates, and not the number of lanes, that bound so many lanes."""
        quota_ms = self.quota_ms
        free_ms = (self._rounds(lanes) - 1) * (self.request_ms or 0.0)
        return quota_ms > free_ms

    def ideal_ms(self, lanes: int) -> float | None:
        """The least that so many lanes can take."""
        if self.request_ms is None:
            return None
        return max(self._rounds(lanes) * self.request_ms, self.quota_ms + self.request_ms)

    def _rounds(self, lanes: int) -> int:
        return -(-self.batches // max(1, min(lanes, self.connections)))

    def _held_ms(self, policy: Policy) -> float:
        return (self.batches - 1) // policy.quota * 1000 * (policy.window_s or 0.0)


def bounds_of(
    measures: Sequence[Measure], *, batches: int, server_url: str, policies: Iterable[Policy]
) -> Bounds:
    """The bounds of what was measured."""
    took = [ms for measure in measures if (ms := measure.request_ms) is not None]
    return Bounds(
        batches=batches,
        connections=CONNECTIONS if server_url.startswith("http://") else 10,
        policies=tuple(policies),
        request_ms=min(took, default=None),
    )
