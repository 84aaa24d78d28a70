"""What the person asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much to measure.

    Attributes:
        visits: sent by each run of a row.
        latency_ms: the service time.
        runs: of each row and figure.
        full: send all visits where a row would send fewer.
        backlog: of the figures that are about long ones; 0 for little more than none.
    """

    visits: int
    latency_ms: float
    runs: int
    full: bool = False
    backlog: int = 0
