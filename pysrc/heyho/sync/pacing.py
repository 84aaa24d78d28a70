"""The one gate of a destination: no request of any lane or worker goes before it is admitted."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from heyho.ports.device import Clock
from heyho.sync.meter import Meters, is_time
from heyho.sync.quota import MAX_RETRY_S, MAX_WINDOW_S, Advice, Policy
from heyho.sync.sent import SentLog

FIRST_PAUSE_S = 1.0
PAUSE_MAX_S = 60.0
MAX_REFUSALS = 16
# Longer than any request's time-out: whoever forgot to hand a ticket back must not shut the gate.
UNHEARD_MAX_S = 120.0
KEPT_TIMES = 5000
REST_MAX_S = 60.0
EPSILON_S = 1e-6


@dataclass(frozen=True, slots=True)
class Room:
    """What the advertised quotas leave: in the long run, and now."""

    per_second: float
    at_once: int


class Gate:
    """Admits requests in the order in which they ask, at the pace that the server's answers allow.

    Ask right before a request is sent, and hand every answer back with its ticket, or tell that
    there will be none. All methods belong to one running event loop, whose time they wait by;
    the wall clock is for what is stored.
    """

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._log = SentLog()
        self._meters = Meters()
        self._waiting: deque[asyncio.Future[int]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._blocked_until_s = -math.inf
        self._believed_until_s = math.inf
        self._refusals = 0
        self._refused_ticket = 0

    async def admit(self) -> int:
        """Wait for one's turn and return the ticket of one request.

        A caller who is cancelled while waiting takes no slot; one who is cancelled later has to
        hand the ticket to `lost`.
        """
        now_s = _now_s()
        if not self._waiting and self._opens_at(now_s) <= now_s + EPSILON_S:
            return self._take(now_s)
        waiter: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        self._pump()
        try:
            return await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled():
                self._log.in_flight.pop(waiter.result(), None)
            self._pump()
            raise

    def heard(self, ticket: int, advice: Advice) -> None:
        """Take an answer in, whatever its status."""
        now_s = _now_s()
        usual, refused = 200 <= advice.status < 300, advice.status == 429
        admitted_s = self._log.answered(ticket, now_s, usual=usual, refused=refused)
        self._learn(advice.policies, answered=True)
        quotas = {policy.name: policy.quota for policy in advice.policies}
        now_ms = self._clock.now_ms()
        for state in advice.states:
            meter = self._meters.of(state, quotas, self._log, now_s=now_s, now_ms=now_ms)
            if meter and admitted_s is not None:
                meter.told(state, ticket, admitted_s, self._log, now_s)
                meter.surprises += refused and not state.remaining and ticket > meter.known_since
        self._cool_down(ticket, advice, now_s)
        self._log.forget(now_s - UNHEARD_MAX_S - self._meters.span_s)
        self._pump()

    def lost(self, ticket: int) -> None:
        """There will be no answer: the request may or may not have been counted."""
        self._log.answered(ticket, _now_s(), usual=False)
        self._pump()

    def expect(self, policies: Iterable[Policy]) -> None:
        """Keep to policies told beforehand, until an answer lists those that really apply."""
        self._learn(policies, answered=False)
        self._pump()

    def lift(self) -> None:
        """Ask again although the server wanted to be left alone: a person insists.

        The quotas stay, and after a refusal one request goes alone until it is answered well.
        """
        self._blocked_until_s = -math.inf
        self._pump()

    @property
    def wait_s(self) -> float:
        """How long the next request would have to wait, as far as is known now."""
        now_s = _now_s()
        return max(0.0, self._opens_at(now_s) - now_s)

    @property
    def rests_s(self) -> float:
        """How long until all quotas are as if nothing had been sent, and no pause is asked for.

        Windows longer than `REST_MAX_S` are left out: nobody waits for those.
        """
        now_s = _now_s()
        free_s = self._blocked_until_s
        for meter in self._meters:
            if self._log.counted and meter.window_s <= REST_MAX_S:
                free_s = max(free_s, self._log.counted[-1] + meter.span_s)
        return max(0.0, min(free_s, now_s + MAX_RETRY_S) - now_s)

    @property
    def room(self) -> Room | None:
        """What the advertised quotas leave; None where nothing is advertised."""
        meters, now_s = list(self._meters), _now_s()
        if not meters:
            return None
        return Room(
            per_second=min(meter.policy.quota / meter.window_s for meter in meters),
            at_once=min(meter.room(self._log, now_s) for meter in meters),
        )

    def _opens_at(self, now_s: float) -> float:
        for ticket, admitted_s in list(self._log.in_flight.items()):
            if admitted_s >= now_s - UNHEARD_MAX_S:
                break
            self._log.answered(ticket, now_s, usual=False)
        opens_s = self._blocked_until_s
        if self._refusals and any(n > self._refused_ticket for n in self._log.in_flight):
            opens_s = max(opens_s, now_s + FIRST_PAUSE_S)  # one asks for all whether it is over
        for meter in self._meters:
            opens_s = max(opens_s, meter.opens_at(self._log, now_s))
        return min(opens_s, self._believed_until_s)

    def _take(self, now_s: float) -> int:
        self._believed_until_s = math.inf
        return self._log.admitted(now_s)

    def _pump(self) -> None:
        """Admit whom the gate is open for, and come back when it opens for the next."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            if self._waiting[0].cancelled():
                self._waiting.popleft()
                continue
            now_s = _now_s()
            opens_s = self._opens_at(now_s)
            if opens_s > now_s + EPSILON_S:
                # Not call_at: Pyodide's loop refuses a time that has just passed.
                self._timer = asyncio.get_running_loop().call_later(opens_s - now_s, self._pump)
                return
            self._waiting.popleft().set_result(self._take(now_s))

    def _learn(self, policies: Iterable[Policy], *, answered: bool) -> None:
        self._meters.learn(policies, answered=answered, now_ms=self._clock.now_ms(), log=self._log)

    def _cool_down(self, ticket: int, advice: Advice, now_s: float) -> None:
        """Obey Retry-After, whatever the status; after a 429 wait in any case.

        Refusals of requests that were on their way together count as one.
        """
        pause_s = advice.retry_after_s
        if advice.status == 429:
            if ticket > self._refused_ticket:
                self._refused_ticket = self._log.last_ticket
                self._refusals = min(self._refusals + 1, MAX_REFUSALS)
            if pause_s is None:
                pause_s = max(
                    (s.reset_s or 0.0 for s in advice.states if not s.remaining), default=None
                )
            backoff_s = min(FIRST_PAUSE_S * 2 ** (self._refusals - 1), PAUSE_MAX_S)
            if not pause_s or self._refusals > 1:
                pause_s = max(pause_s or 0.0, backoff_s)
        elif ticket > self._refused_ticket and advice.status < 500:
            self._refusals = 0
        if pause_s:
            until_s = now_s + min(pause_s, MAX_RETRY_S)
            self._blocked_until_s = max(self._blocked_until_s, until_s)

    def to_record(self) -> dict[str, Any]:
        """What the next start needs to know, as JSON: times by the wall clock."""
        now_s = _now_s()
        offset_ms = self._clock.now_ms() - now_s * 1000
        reach_s = now_s - self._meters.span_s
        counted = [at for at in self._log.counted if at > reach_s]
        counted += [now_s] * len(self._log.in_flight)
        return {
            "policies": self._meters.to_record(),
            "sentAt": [math.ceil(at * 1000 + offset_ms) for at in counted[-KEPT_TIMES:]],
            "blockedUntil": math.ceil(max(self._blocked_until_s, now_s) * 1000 + offset_ms),
            "refusals": self._refusals,
        }

    @classmethod
    def from_record(cls, record: Any, *, clock: Clock) -> Gate:
        """Read what `to_record` wrote, or anything else. To be called where a loop is running.

        Policies that were not seen for a day are forgotten, and whatever the record says, its
        first request waits an hour at most.
        """
        gate = cls(clock=clock)
        if not isinstance(record, dict):
            return gate
        now_s, now_ms = _now_s(), clock.now_ms()
        gate._meters.read(record.get("policies"), now_ms=now_ms)
        sent_at = record.get("sentAt")
        gate._log.counted = sorted(
            now_s - (now_ms - at) / 1000
            for at in (sent_at[-KEPT_TIMES:] if isinstance(sent_at, list) else [])
            if is_time(at) and 0 <= now_ms - at <= MAX_WINDOW_S * 1000
        )
        blocked_ms = record.get("blockedUntil")
        if is_time(blocked_ms):
            gate._blocked_until_s = now_s + min((blocked_ms - now_ms) / 1000, MAX_RETRY_S)
        refusals = record.get("refusals")
        if type(refusals) is int:
            gate._refusals = min(max(refusals, 0), MAX_REFUSALS)
        gate._believed_until_s = now_s + MAX_RETRY_S
        return gate


def _now_s() -> float:
    return asyncio.get_running_loop().time()
