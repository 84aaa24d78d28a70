"""What the policies of a server grant, as far as its answers and one's own log tell.

Times in seconds are the event loop's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from heyho.sync.quota import Policy, State, read_policies
from heyho.sync.sent import SentLog
from heyho.wire import MAX_AT_MS

FORGOTTEN_MS = 24 * 3600 * 1000
MARGIN = 0.005
MARGIN_MAX_S = 1.0
# In a window of fewer round trips than this, an answer comes too late to share by.
SHORT_WINDOW = 10
FOREIGN_WINDOWS = 10
# Then the server may weigh the window before, as approximate sliding windows do, and takes
# requests evenly spread only.
SURPRISES = 2


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
        surprises: how often a request was refused although there was room.
    """

    policy: Policy
    seen_ms: float
    expected: bool = False
    guessed: bool = False
    known_since: int = 0
    surprises: int = 0
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
        if self.surprises >= SURPRISES:
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


class Meters:
    """The meters of all policies that are known, by their names."""

    def __init__(self) -> None:
        self._by_name: dict[str, Meter] = {}

    def __iter__(self) -> Iterator[Meter]:
        return iter(self._by_name.values())

    @property
    def span_s(self) -> float:
        """How far back anybody looks."""
        return max((meter.span_s for meter in self), default=0.0)

    def learn(
        self, policies: Iterable[Policy], *, answered: bool, now_ms: float, log: SentLog
    ) -> None:
        """Take in what an answer lists, or what was told beforehand.

        The first answer that lists any decides which of those told beforehand apply.
        """
        told = {policy.name: policy for policy in policies if policy.window_s}
        if answered and told:
            self._by_name = {
                meter.policy.name: meter
                for meter in self
                if meter.policy.name in told
                or not (meter.expected or now_ms - meter.seen_ms > FORGOTTEN_MS)
            }
        for name, policy in told.items():
            meter = self._by_name.get(name)
            if meter is None or meter.expected or answered:
                meter = meter or Meter(policy, now_ms, known_since=log.last_ticket)
                meter.policy, meter.seen_ms = policy, now_ms
                meter.expected, meter.guessed = not answered, False
                self._by_name[name] = meter

    def of(
        self, state: State, quotas: Mapping[str, int], log: SentLog, *, now_s: float, now_ms: float
    ) -> Meter | None:
        """The meter of a state; one that guesses where quota or window are not told.

        The longest time to a reset is as much of a window as can be known, and what remains
        together with what oneself has sent is as much of a quota. A nameless quota belongs to
        the one policy that has the same.
        """
        known, quota = self._by_name.get(state.name), quotas.get(state.name)
        if known is None:
            same = [meter for meter in self if not meter.guessed and meter.policy.quota == quota]
            known = same[0] if len(same) == 1 else None
        if known and not known.guessed:
            return known
        if known is None and not state.reset_s:
            return None
        window_s = max(state.reset_s or 1.0, 1.0, known.window_s if known else 0.0)
        if quota is None:
            sent = log.since(now_s - window_s)
            quota = max(state.remaining + sent, known.policy.quota if known else 1)
        guess = Policy(state.name, quota, window_s)
        known = known or Meter(guess, now_ms, guessed=True, known_since=log.last_ticket)
        known.policy, known.seen_ms = guess, now_ms
        self._by_name[state.name] = known
        return known

    def to_record(self) -> list[dict[str, Any]]:
        """Policies that answers have told of, as JSON."""
        return [
            {**meter.policy.to_record(), "seenAt": meter.seen_ms, "guessed": meter.guessed}
            for meter in self
            if not meter.expected
        ]

    def read(self, record: Any, *, now_ms: float) -> None:
        """Add what `to_record` wrote, as far as it was seen within a day."""
        for told in record if isinstance(record, list) else []:
            for policy in read_policies([told]):
                seen_ms = told.get("seenAt")
                if is_time(seen_ms) and now_ms - seen_ms <= FORGOTTEN_MS and policy.window_s:
                    guessed = told.get("guessed") is True
                    meter = Meter(policy, min(seen_ms, now_ms), guessed=guessed)
                    self._by_name[policy.name] = meter


def is_time(value: object) -> TypeGuard[float]:
    """Whether a stored value can be a time in epoch milliseconds."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < MAX_AT_MS
