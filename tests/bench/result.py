"""What a row's runs came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.rows import Row
from bench.way import Sync
from harness.processes import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One row, measured.

    Attributes:
        visits: sent by each run.
        ideal_s: the physical limit.
        syncs: of each run, in order.
        usages: the same, or none where the system does not tell.
        lost, duplicated: visits of all runs that the server has not, or has more than once.
        rate_limited: how often the server said so, in all runs.
    """

    row: Row
    visits: int
    ideal_s: float
    syncs: Sequence[Sync]
    usages: Sequence[Usage]
    peak_in_flight: int
    lost: int
    duplicated: int
    rate_limited: int

    @property
    def seconds(self) -> float:
        return median(sync.seconds for sync in self.syncs)

    @property
    def first_s(self) -> float:
        return self.syncs[0].seconds

    @property
    def cpu_s(self) -> float | None:
        return median(usage.cpu_s for usage in self.usages) if self.usages else None

    @property
    def peak_memory_mb(self) -> float | None:
        return max((usage.peak_memory_mb for usage in self.usages), default=None)

    def to_record(self) -> dict[str, Any]:
        """The row in the bench's JSON."""
        return {
            "way": self.row.way,
            "strategy": self.row.strategy,
            "concurrency": self.row.concurrency,
            "http": self.row.http,
            "visits": self.visits,
            "runs": len(self.syncs),
            "seconds": round(self.seconds, 3),
            "firstSeconds": round(self.first_s, 3),
            "bestSeconds": round(min(sync.seconds for sync in self.syncs), 3),
            "idealSeconds": round(self.ideal_s, 3),
            "peakInFlight": self.peak_in_flight,
            "lost": self.lost,
            "duplicated": self.duplicated,
            "rateLimited": self.rate_limited,
            "retries": sum(sync.retries for sync in self.syncs),
            "cpuSeconds": _rounded(self.cpu_s, 2),
            "peakMemoryMb": _rounded(self.peak_memory_mb, 1),
        }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def differences(made: Sequence[str], stored: Sequence[str]) -> tuple[int, int]:
    """How many of the made ids are not stored, and how many of the stored are one too many."""
    wanted, found = Counter(made), Counter(stored)
    return (wanted - found).total(), (found - wanted).total()
