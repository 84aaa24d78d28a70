"""One's own requests, and how late a server may have counted each. Times are the event loop's."""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from collections import deque
from dataclasses import dataclass, field

ROUND_TRIPS = 200
KEPT = 20_000


@dataclass(slots=True)
class SentLog:
    """One's own requests, and for each how late the server may have counted it.

    A request is counted somewhere between its admission and its answer. Of the round trip, the
    shortest one there has been is taken as what every request needs; only what goes beyond it can
    have passed before the count. So `counted` holds, in order, admission plus excess: whoever
    sends the next request a window after that is outside of it, by whatever way the server
    counts. A request without an answer may be counted any time, and holds its place.

    Requests that left before any answer had come had connections to open, and took longer on their
    way than later ones will: of those, the whole round trip may have passed before the count.

    Attributes:
        counted: how late each answered request can have been counted, in order.
        in_flight: when each of the others was admitted, by its ticket.
        last_s: when the last one was, and `last_ticket` its ticket.
        shortest_s: what every round trip takes at least; told from few with caution.
    """

    counted: list[float] = field(default_factory=list)
    in_flight: dict[int, float] = field(default_factory=dict)
    last_s: float = float("-inf")
    last_ticket: int = 0
    shortest_s: float = 0.0
    _last_cold: int | None = None
    _round_trips_s: deque[float] = field(default_factory=lambda: deque(maxlen=ROUND_TRIPS))

    def admitted(self, now_s: float) -> int:
        """Book a request that is about to be sent, and return its ticket."""
        self.last_ticket += 1
        self.in_flight[self.last_ticket] = self.last_s = now_s
        return self.last_ticket

    def answered(
        self, ticket: int, now_s: float, *, usual: bool, refused: bool = False
    ) -> float | None:
        """Book an answer and return when its request was admitted; None for an unknown ticket.

        Args:
            ticket: which request.
            now_s: when the answer came.
            usual: whether its round trip is one to compare others with. A refusal is too quick,
                and a lost request says nothing.
            refused: whether the server has not counted it.
        """
        if self._last_cold is None and (usual or refused):
            self._last_cold = self.last_ticket
        admitted_s = self.in_flight.pop(ticket, None)
        if admitted_s is None or refused:
            return admitted_s
        latest_s = now_s
        if usual and ticket > (self._last_cold or 0):
            self._round_trips_s.append(now_s - admitted_s)
            self.shortest_s = self._shortest_s()
            latest_s = max(admitted_s, now_s - self.shortest_s)
        insort(self.counted, latest_s)
        return admitted_s

    def _shortest_s(self) -> float:
        """Somewhat less than the shortest round trip there has been.

        Of few round trips none may have been quick, and of uneven ones hardly any is quick on
        all of its parts: the least sum of two even distributions nears its bound with the root
        of their number.
        """
        seen = len(self._round_trips_s)
        least_s, most_s = min(self._round_trips_s), max(self._round_trips_s)
        return max(0.0, least_s * seen / (seen + 2) - (most_s - least_s) / (2 * math.sqrt(seen)))

    def since(self, start_s: float) -> int:
        """How many requests a server may have counted after a time."""
        return len(self.counted) - bisect_right(self.counted, start_s) + len(self.in_flight)

    def opens_at(self, quota: int, span_s: float, now_s: float) -> float:
        """When fewer than `quota` requests will be within the last `span_s`.

        While answers are missing it can only say "not before the span has passed once more".
        """
        free = quota - len(self.in_flight)
        if free <= 0:
            return now_s + span_s
        return self.counted[-free] + span_s if free <= len(self.counted) else now_s

    def forget(self, before_s: float) -> None:
        """Drop what no window reaches any more."""
        del self.counted[: max(bisect_right(self.counted, before_s), len(self.counted) - KEPT)]
