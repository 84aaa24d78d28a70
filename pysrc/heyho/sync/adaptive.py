"""How many lanes help: additive increase, multiplicative decrease, one step a round trip.

A round is the first attempts begun since the last step, as many as there are lanes, so that each
tells of the present number of lanes; it ends when all of them have. By Little's law

    lanes * (1 - baseline / latency)

of them wait for one another rather than for the server; TCP Vegas (Brakmo and Peterson, 1995)
controls that number too. Below `WAITING_MAX` a round in which all lanes were in use adds a lane,
above it there are too many, and as many go as wait, half of all at most.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Any

LOWEST, HIGHEST = 1, 10
WAITING_MAX = 1.5
LATENCY_RATIO_MIN = 0.5
OVERLOAD_RATIO = 0.7
PATIENCE_ROUNDS = 10
PROBE_ROUNDS = 50
FIRST_PROBE_ROUNDS = 10
BASELINE_ROUNDS = 60
MIN_SAMPLES = 3
BASELINE_MAX_S = 120.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request on its way, from sending it to its answer; waits before it are not in it."""

    began_s: float
    round: int
    number: int


class AdaptiveLimit:
    """The number of lanes for one destination.

    All that is timed is one attempt, never the wait for a retry or at the gate.

    Args:
        start: how many lanes to begin with; few on a slow or metered connection.
        lowest: the fewest there can be.
        highest: the most there can be.
        baseline_s: the latency without waiting, if it is known from before.
    """

    def __init__(
        self,
        *,
        start: int,
        lowest: int = LOWEST,
        highest: int = HIGHEST,
        baseline_s: float | None = None,
    ) -> None:
        self._lowest, self._highest = lowest, highest
        self.limit = min(max(start, lowest), highest)
        self.in_flight = 0
        known = [] if baseline_s is None else [baseline_s]
        self._latencies_s = deque(known, maxlen=BASELINE_ROUNDS)
        self._round = 0
        self._begun = self._settled = 0
        self._samples_s: list[float] = []
        self._reached = False
        self._lowered_in = 0
        self._calm_rounds = 0
        self._ceiling: int | None = None
        self._checking: tuple[int, float] | None = None
        self._resume_at: int | None = None
        self._probe_in = PROBE_ROUNDS if known else FIRST_PROBE_ROUNDS

    @property
    def baseline_s(self) -> float | None:
        """The latency of an attempt that waits for no other, as far as is known."""
        return min(self._latencies_s, default=None)

    def began(self, at_s: float) -> Attempt:
        """An attempt is sent now. Times are of any one clock that runs evenly, in seconds."""
        self.in_flight += 1
        self._reached = self._reached or self.in_flight >= self.limit
        self._begun += 1
        return Attempt(at_s, self._round, self._begun)

    def ended(self, attempt: Attempt, at_s: float, *, overloaded: bool) -> None:
        """An attempt has its answer, or has timed out.

        Args:
            attempt: as `began` returned it.
            at_s: now.
            overloaded: the server had too much to do: 429, 5xx, or no answer in time.
        """
        self.in_flight -= 1
        if overloaded:
            if attempt.round >= self._lowered_in:
                self._checking = self._resume_at = None
                self._lower(OVERLOAD_RATIO)
            return
        self._settle(attempt, max(at_s - attempt.began_s, 0.0))

    def abandoned(self, attempt: Attempt) -> None:
        """An attempt has ended in a way that says nothing of the load: cancelled, or offline."""
        self.in_flight -= 1
        self._settle(attempt, None)

    def _settle(self, attempt: Attempt, latency_s: float | None) -> None:
        size = max(self.limit, MIN_SAMPLES)
        if attempt.round != self._round or attempt.number > size:
            return
        self._settled += 1
        if latency_s is not None:
            self._samples_s.append(latency_s)
        if self._settled == size:
            if self._samples_s:
                self._end_round(sum(self._samples_s) / len(self._samples_s))
            else:
                self._step(self.limit)

    def _end_round(self, latency_s: float) -> None:
        if self._checking:
            self._check(*self._checking, latency_s)
        self._latencies_s.append(latency_s)
        if self._resume_at is not None:
            self._step(self._resume_at)
            self._resume_at = None
            return
        gradient = min(self._latencies_s) / latency_s if latency_s else 1.0
        self._calm_rounds += 1
        self._probe_in -= 1
        if self.limit * (1 - gradient) >= WAITING_MAX and self.limit > self._lowest:
            self._checking = (self.limit, latency_s)
            self._lower(max(gradient, LATENCY_RATIO_MIN))
        elif self._probe_in <= 0 and self.limit > self._lowest:
            self._probe_in = PROBE_ROUNDS
            self._resume_at = self.limit
            self._step(max(self.limit // 2, self._lowest))
        elif self._reached and self.limit < self._highest and self._may_rise():
            self._step(self.limit + 1)
        else:
            self._step(self.limit)

    def _may_rise(self) -> bool:
        """To the number at which there was trouble only after a long calm."""
        if self._ceiling is None or self.limit + 1 < self._ceiling:
            return True
        if self._calm_rounds <= PATIENCE_ROUNDS:
            return False
        self._ceiling = None
        return True

    def _lower(self, ratio: float) -> None:
        self._ceiling = self.limit
        self._probe_in = PROBE_ROUNDS
        self._step(max(math.floor(self.limit * ratio + 1e-9), self._lowest))
        self._lowered_in = self._round
        self._calm_rounds = 0

    def _check(self, lanes: int, before_s: float, latency_s: float) -> None:
        """See whether fewer lanes have made the latency shorter.

        If it was their own waiting, it falls as the lanes do. If it has not fallen by half of
        that, then the way or the server has become slower, and this is the baseline now.
        """
        self._checking = None
        if latency_s > before_s * (1 + self.limit / lanes) / 2:
            self._latencies_s.clear()
            self._ceiling = None

    def _step(self, limit: int) -> None:
        self.limit = limit
        self._round += 1
        self._begun = self._settled = 0
        self._samples_s.clear()
        self._reached = False

    def to_record(self) -> dict[str, Any]:
        """What the next start needs to know, as JSON."""
        baseline_s = self.baseline_s
        return {
            "limit": self._resume_at or self.limit,
            "baselineMs": None if baseline_s is None else round(baseline_s * 1000, 1),
        }

    @classmethod
    def from_record(
        cls, record: Any, *, start: int, lowest: int = LOWEST, highest: int = HIGHEST
    ) -> AdaptiveLimit:
        """Read what `to_record` wrote; `start` counts where it makes no sense."""
        known: dict[str, Any] = record if isinstance(record, dict) else {}
        limit, baseline_ms = known.get("limit"), known.get("baselineMs", 0)
        number = isinstance(baseline_ms, int | float) and not isinstance(baseline_ms, bool)
        makes_sense = number and 0 < baseline_ms <= BASELINE_MAX_S * 1000
        return cls(
            start=limit if type(limit) is int else start,
            lowest=lowest,
            highest=highest,
            baseline_s=baseline_ms / 1000 if makes_sense else None,
        )
