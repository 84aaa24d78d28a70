"""The account of requests against quotas: what a server may have counted, and what it grants.

All times here are the event loop's, in seconds.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from heyho.sync.quota import Policy, State

ROUND_TRIPS = 200
KEPT = 20_000
MARGIN = 0.005
MARGIN_MAX_S = 1.0
# In a window of fewer round trips than this, an answer comes too late to share by.
SHORT_WINDOW = 10
FOREIGN_WINDOWS = 10


@dataclass(slots=True)
class SentLog:
    """One's own requests, and for each how late the server may have counted it.

    A request is counted somewhere between its admission and its answer. Of the round trip, the
    shortest one there has been is taken as what every request needs; only what goes beyond it can
    have passed before the count. So `counted` holds, in order, admission plus excess: whoever
    sends the next request a window after that is outside of it, by whatever way the server
    counts. A request without an answer may be counted any time, and holds its place.
    """

    counted: list[float] = field(default_factory=list)
    in_flight: dict[int, float] = field(default_factory=dict)
    last_s: float = float("-inf")
    _round_trips_s: deque[float] = field(default_factory=lambda: deque(maxlen=ROUND_TRIPS))

    def admitted(self, ticket: int, now_s: float) -> None:
        """Book a request that is about to be sent."""
        self.in_flight[ticket] = self.last_s = now_s

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
        admitted_s = self.in_flight.pop(ticket, None)
        if admitted_s is None or refused:
            return admitted_s
        latest_s = now_s
        if usual:
            self._round_trips_s.append(now_s - admitted_s)
            latest_s = max(admitted_s, now_s - self.shortest_s)
        insort(self.counted, latest_s)
        return admitted_s

    @property
    def shortest_s(self) -> float:
        """What every round trip takes at least, told from few with caution."""
        seen = len(self._round_trips_s)
        return min(self._round_trips_s, default=0.0) * seen / (seen + 1)

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


@dataclass(slots=True)
class Meter:
    """One policy: its own log is believed while it explains what the server says is used up.

    Where the server has counted more, others share the quota: theirs (`foreign`) is taken off
    until the server's reset. Then a single request asks how things stand, since a moving window
    grants only a part again at that moment; after a whole window nothing of it can be left. In a
    short window whoever shares is expected to come again, and forgotten bit by bit.

    Attributes:
        policy: what is advertised.
        seen_ms: when it was told last, by the wall clock.
        expected: it was told beforehand, and no answer has named it yet.
        guessed: quota or window are not told, but inferred from states.
        known_since: the last ticket given out in ignorance of the policy.
        even: a request was refused although the log had room. The server may weigh the window
            before, as approximate sliding windows do, and takes requests evenly spread only.
    """

    policy: Policy
    seen_ms: float
    expected: bool = False
    guessed: bool = False
    known_since: int = 0
    even: bool = False
    foreign: int = 0
    _ticket: int = 0
    _reset_at_s: float = 0.0
    _gone_at_s: float = 0.0

    @property
    def window_s(self) -> float:
        return self.policy.window_s or 0.0

    @property
    def span_s(self) -> float:
        """The window and a margin for what clocks and timers do."""
        return self.window_s + min(self.window_s * MARGIN, MARGIN_MAX_S)

    def told(
        self, state: State, ticket: int, admitted_s: float, log: SentLog, now_s: float
    ) -> None:
        """Compare the state in an answer with what oneself has sent by then."""
        own = log.since(admitted_s - self.span_s)
        foreign = max(0, self.policy.quota - state.remaining - own)
        is_short = self._is_short(log)
        if foreign and not is_short:
            foreign += len(log.in_flight)  # the server may have all of those still to count
        if foreign < self.foreign:
            if ticket < self._ticket or (is_short and now_s < self._gone_at_s):
                return  # overtaken by the answer to a later request, or too early to forget
            foreign = max(foreign, self.foreign - 1) if is_short else foreign
        self._ticket = max(ticket, self._ticket)
        self.foreign = foreign
        # The reset comes in whole seconds, and nobody says whether rounded up or down.
        reset_s = self.window_s if state.reset_s is None else state.reset_s + 1
        self._reset_at_s = now_s + min(reset_s, self.window_s)
        self._gone_at_s = now_s + self.span_s

    def opens_at(self, log: SentLog, now_s: float) -> float:
        """When the next request may go, as far as this policy is concerned."""
        quota, span_s = self.policy.quota, self.span_s
        alone_s = log.opens_at(quota, span_s, now_s)
        if self.even:
            alone_s = max(alone_s, log.last_s + span_s / max(1, quota - 1))
        foreign = self._foreign(log, now_s)
        if not foreign:
            return alone_s
        granted_s = self._gone_at_s
        if foreign < quota:
            shared_s = log.opens_at(quota - foreign, span_s, now_s)
            granted_s = shared_s if now_s >= self._gone_at_s else min(granted_s, shared_s)
        if not log.in_flight:
            granted_s = min(granted_s, self._reset_at_s)
        return max(alone_s, granted_s)

    def room(self, log: SentLog, now_s: float) -> int:
        """How many requests may go at once now."""
        taken = log.since(now_s - self.span_s) + self._foreign(log, now_s)
        return max(0, self.policy.quota - taken)

    def _foreign(self, log: SentLog, now_s: float) -> int:
        remembered_s = self.window_s * FOREIGN_WINDOWS if self._is_short(log) else 0.0
        return self.foreign if now_s < self._gone_at_s + remembered_s else 0

    def _is_short(self, log: SentLog) -> bool:
        return self.window_s < log.shortest_s * SHORT_WINDOW


def longest_span_s(meters: Iterable[Meter]) -> float:
    """How far back anybody looks."""
    return max((meter.span_s for meter in meters), default=0.0)
