"""How a run sends."""

from __future__ import annotations

from dataclasses import dataclass

from heyho.settings import Settings

MAX_LANES = 10
SAFE_LANES = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """How a run sends, and why.

    Attributes:
        strategy: sequential, concurrent or parallel.
        lanes: how many batches at once, at first where the plan adapts.
        workers: how many threads beside the engine's own; 0 where it sends itself.
        adapts: whether the number of lanes follows the server.
        why: a few words for the run's record.
    """

    strategy: str
    lanes: int
    workers: int
    adapts: bool
    why: str

    @property
    def summary(self) -> str:
        """What was chosen, and why: "concurrent, 5 lanes: the server tells no limits"."""
        lanes = "1 lane" if self.lanes == 1 else f"{self.lanes} lanes"
        workers = f", {self.workers} workers" if self.workers else ""
        return f"{self.strategy}, {lanes}{workers}: {self.why}"


def fixed_plan(settings: Settings) -> Plan:
    """The plan of a strategy that the person has chosen, other than auto."""
    lanes, workers = settings.concurrency, 0
    if settings.strategy == "sequential":
        lanes = 1
    if settings.strategy == "parallel":
        workers = settings.workers
        lanes = max(lanes, workers)
    return Plan(settings.strategy, lanes, workers, adapts=False, why="set in the options")
