"""Attention: the stretches of a visit in which nobody was looking, and why.

A page has somebody's attention while its tab is the one that its window shows, that window has
the focus, and the person is there. Sound counts as attention too: a tab that is shown and audible
needs neither the focus nor any input, because one listens to it. A locked screen ends it all.

Where several things keep the person away, the reason is the first of these:

1. "sleep": there was no sign of life from the browser, so nothing else is known;
2. "hidden": another tab is in front. Whatever else happens does not matter to a tab nobody sees,
   which keeps its record short and spares the fold from touching it;
3. "locked": it explains the lost focus and the missing input;
4. "unfocused": another window or program has the focus;
5. "idle": no input. The browser says so after a minute without any. That minute stays active
   time: reading needs no input, and time already told cannot be taken back from a visit that has
   ended. Active time is thus too long by a minute at most each time the person leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, get_args

from heyho.model import IdlePeriod, IdleReason
from heyho.recording import fields
from heyho.wire import MAX_IDLE_PERIODS

if TYPE_CHECKING:
    from heyho.ports import Record
    from heyho.recording.events import IdleState

_THINNED = MAX_IDLE_PERIODS * 7 // 8
_REASONS: dict[str, IdleReason] = {reason: reason for reason in get_args(IdleReason)}


def away_reason(*, shown: bool, focused: bool, audible: bool, idle: IdleState) -> IdleReason | None:
    """Why nobody looks at a page right now, or None when somebody does."""
    if not shown:
        return "hidden"
    if idle == "locked":
        return "locked"
    if audible:
        return None
    if not focused:
        return "unfocused"
    return "idle" if idle == "idle" else None


@dataclass(slots=True)
class Attention:
    """The attention that one open visit has had so far.

    Attributes:
        since: when the present stretch began.
        reason: why nobody has been looking since then, or None when somebody has.
        periods: the finished stretches in which nobody looked: in order, without overlap,
            neighbours of one reason joined, none empty.
        spared_ms: active time that lies within periods, since they were thinned.
    """

    since: int
    reason: IdleReason | None
    periods: list[IdlePeriod] = field(default_factory=list)
    spared_ms: int = 0

    def turn(self, at: int, reason: IdleReason | None) -> None:
        """From `at` on, another reason holds."""
        if reason != self.reason:
            self._finish(at)
            self.since, self.reason = at, reason

    def sleep(self, start: int, end: int) -> None:
        """Nobody looked from `start` to `end`, whatever the reason was and will be again."""
        reason = self.reason
        self.turn(start, "sleep")
        self.turn(end, reason)

    def end(self, started_at: int, ended_at: int) -> tuple[int, tuple[IdlePeriod, ...]]:
        """The active milliseconds of the visit, and its idle periods."""
        self._finish(ended_at)
        duration_ms = ended_at - started_at
        idle_ms = sum(period.end - period.start for period in self.periods)
        active_ms = min(duration_ms - idle_ms + self.spared_ms, duration_ms)
        return active_ms, tuple(self.periods)

    def move(self, by_ms: int) -> None:
        """Set all times back by `by_ms`, to 0 at the earliest."""
        self.since = max(self.since - by_ms, 0)
        moved = (
            IdlePeriod(max(period.start - by_ms, 0), max(period.end - by_ms, 0), period.reason)
            for period in self.periods
        )
        self.periods = [period for period in moved if period.start < period.end]

    def _finish(self, at: int) -> None:
        if self.reason is None or at <= self.since:
            return
        start, last = self.since, self.periods[-1] if self.periods else None
        if last is not None and last.end == start and last.reason == self.reason:
            start = self.periods.pop().start
        self.periods.append(IdlePeriod(start, at, self.reason))
        if len(self.periods) > MAX_IDLE_PERIODS:
            self._thin()

    def _thin(self) -> None:
        """Join neighbours across the shortest active stretches, until there is room again.

        The joined period has the reason of the longer one. The active stretch between them goes
        to `spared_ms`, so that the sum of active time stays right where its places are lost.
        """
        gaps_ms = [
            (after.start - before.end, index)
            for index, (before, after) in enumerate(
                zip(self.periods, self.periods[1:], strict=False), start=1
            )
        ]
        joined = {index for _, index in sorted(gaps_ms)[: len(self.periods) - _THINNED]}
        thinned: list[IdlePeriod] = []
        for index, period in enumerate(self.periods):
            if index in joined:
                before = thinned.pop()
                self.spared_ms += period.start - before.end
                longer = max(before, period, key=lambda one: one.end - one.start)
                thinned.append(IdlePeriod(before.start, period.end, longer.reason))
            else:
                thinned.append(period)
        self.periods = thinned

    def to_record(self) -> Record:
        """The JSON form."""
        return {
            "since": self.since,
            "reason": self.reason,
            "periods": [[period.start, period.end, period.reason] for period in self.periods],
            "sparedMs": self.spared_ms,
        }

    @classmethod
    def from_record(cls, record: object, *, started_at: int, last_at: int) -> Attention:
        """Read the JSON form; what does not fit between the two times is left out."""
        found = record if isinstance(record, dict) else {}
        periods = _read_periods(found.get("periods"), started_at, last_at)
        earliest = periods[-1].end if periods else started_at
        since = fields.time(found.get("since"))
        return cls(
            min(max(since if since is not None else earliest, earliest), last_at),
            _read_reason(found.get("reason")),
            periods,
            fields.time(found.get("sparedMs")) or 0,
        )


def _read_reason(value: object) -> IdleReason | None:
    return _REASONS.get(value) if isinstance(value, str) else None


def _read_periods(value: object, earliest: int, latest: int) -> list[IdlePeriod]:
    periods: list[IdlePeriod] = []
    for item in value if isinstance(value, list) else ():
        if not isinstance(item, Sequence) or len(item) != 3:
            continue
        start, end = fields.time(item[0]), fields.time(item[1])
        reason = _read_reason(item[2])
        if start is None or end is None or reason is None:
            continue
        if earliest <= start < end <= latest:
            periods.append(IdlePeriod(start, end, reason))
            earliest = end
    return periods[:MAX_IDLE_PERIODS]
