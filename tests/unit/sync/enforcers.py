"""Servers that enforce what they advertise, each in its own way.

    EnforcingServer(SlidingLog("sync", 5, 1.0), service_s=0.3, latency_s=0.05, jitter=0.2)

takes five requests a second. Everything happens on the running loop's clock.
"""

from __future__ import annotations

import asyncio
import math
import random
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from heyho.sync.pacing import Gate
from heyho.sync.quota import Advice, read_advice

WALL_MS = 1_700_000_000_000.0


def now_s() -> float:
    return asyncio.get_running_loop().time()


class Counter(ABC):
    """One enforced policy: `quota` requests within `window_s`."""

    def __init__(self, name: str, quota: int, window_s: float) -> None:
        self.name, self.quota, self.window_s = name, quota, window_s

    @abstractmethod
    def used(self, at_s: float) -> float:
        """How much of the quota is used up."""

    @abstractmethod
    def reset_s(self, at_s: float) -> float:
        """How long until there is more."""

    @abstractmethod
    def count(self, at_s: float) -> None:
        """Take one request."""

    def open(self, at_s: float) -> bool:
        return self.used(at_s) + 1 <= self.quota + 1e-9

    def remaining(self, at_s: float) -> int:
        return max(0, math.floor(self.quota - self.used(at_s) + 1e-9))


class FixedWindow(Counter):
    """Windows one after the other: from `phase_s` on, or each from its first request on."""

    def __init__(
        self, name: str, quota: int, window_s: float, *, phase_s: float | None = 0.0
    ) -> None:
        super().__init__(name, quota, window_s)
        self._start_s = -math.inf if phase_s is None else phase_s - window_s
        self._aligned = phase_s is not None
        self._count = 0

    def used(self, at_s: float) -> float:
        if at_s >= self._start_s + self.window_s:
            self._count = 0
            if self._aligned:
                self._start_s += (at_s - self._start_s) // self.window_s * self.window_s
        return self._count

    def reset_s(self, at_s: float) -> float:
        return max(0.0, self._start_s + self.window_s - at_s)

    def count(self, at_s: float) -> None:
        if not self._aligned and at_s >= self._start_s + self.window_s:
            self._start_s = at_s
        self._count += 1


class SlidingLog(Counter):
    """At no moment more than the quota within the last window."""

    def __init__(self, name: str, quota: int, window_s: float) -> None:
        super().__init__(name, quota, window_s)
        self._log: deque[float] = deque()

    def used(self, at_s: float) -> float:
        while self._log and self._log[0] <= at_s - self.window_s:
            self._log.popleft()
        return len(self._log)

    def reset_s(self, at_s: float) -> float:
        return self._log[0] + self.window_s - at_s if self._log else 0.0

    def count(self, at_s: float) -> None:
        self._log.append(at_s)


class TokenBucket(Counter):
    """Holds the quota, and refills evenly within a window."""

    def __init__(self, name: str, quota: int, window_s: float) -> None:
        super().__init__(name, quota, window_s)
        self._level, self._at_s = 0.0, 0.0

    def used(self, at_s: float) -> float:
        self._level = max(0.0, self._level - (at_s - self._at_s) * self.quota / self.window_s)
        self._at_s = at_s
        return self._level

    def reset_s(self, at_s: float) -> float:
        return self.used(at_s) * self.window_s / self.quota

    def count(self, at_s: float) -> None:
        self._level += 1


class ApproximateWindow(Counter):
    """Weighs the fixed window before by what of it is still within the last window."""

    def __init__(self, name: str, quota: int, window_s: float) -> None:
        super().__init__(name, quota, window_s)
        self._counts: dict[int, int] = {}

    def used(self, at_s: float) -> float:
        window, passed = divmod(at_s / self.window_s, 1)
        before, now = (self._counts.get(int(window) - n, 0) for n in (1, 0))
        return before * (1 - passed) + now

    def reset_s(self, at_s: float) -> float:
        return self.window_s - at_s % self.window_s

    def count(self, at_s: float) -> None:
        window = int(at_s / self.window_s)
        self._counts[window] = self._counts.get(window, 0) + 1


def draft_headers(counters: tuple[Counter, ...], at_s: float) -> dict[str, str]:
    """RateLimit and RateLimit-Policy."""
    policies = (f'"{c.name}";q={c.quota};w={c.window_s:.0f}' for c in counters)
    states = (f'"{c.name}";r={c.remaining(at_s)};t={math.ceil(c.reset_s(at_s))}' for c in counters)
    return {"ratelimit-policy": ", ".join(policies), "ratelimit": ", ".join(states)}


def tightest_headers(counters: tuple[Counter, ...], at_s: float) -> dict[str, str]:
    """All policies, and the state of that with the least left only."""
    tightest = min(counters, key=lambda counter: counter.remaining(at_s))
    return {
        **draft_headers(counters, at_s),
        "ratelimit": draft_headers((tightest,), at_s)["ratelimit"],
    }


def x_headers(counters: tuple[Counter, ...], at_s: float) -> dict[str, str]:
    """X-RateLimit-Limit, -Remaining, and -Reset in epoch seconds; no window anywhere."""
    tightest = min(counters, key=lambda counter: counter.remaining(at_s))
    reset_at_s = WALL_MS / 1000 + at_s + tightest.reset_s(at_s)
    return {
        "x-ratelimit-limit": str(tightest.quota),
        "x-ratelimit-remaining": str(tightest.remaining(at_s)),
        "x-ratelimit-reset": str(math.ceil(reset_at_s)),
    }


def draft_7_headers(counters: tuple[Counter, ...], at_s: float) -> dict[str, str]:
    """RateLimit-Policy and RateLimit of drafts 4 to 7: one quota, and without names."""
    tightest = min(counters, key=lambda counter: counter.remaining(at_s))
    state = {
        "limit": tightest.quota,
        "remaining": tightest.remaining(at_s),
        "reset": math.ceil(tightest.reset_s(at_s)),
    }
    return {
        "ratelimit-policy": ", ".join(f"{c.quota};w={c.window_s:.0f}" for c in counters),
        "ratelimit": ", ".join(f"{name}={value}" for name, value in state.items()),
    }


def draft_3_headers(counters: tuple[Counter, ...], at_s: float) -> dict[str, str]:
    """RateLimit-Limit, -Remaining and -Reset of drafts 0 to 3."""
    tightest = min(counters, key=lambda counter: counter.remaining(at_s))
    policies = ", ".join(f"{c.quota};w={c.window_s:.0f}" for c in counters)
    return {
        "ratelimit-limit": f"{tightest.quota}, {policies}",
        "ratelimit-remaining": str(tightest.remaining(at_s)),
        "ratelimit-reset": str(math.ceil(tightest.reset_s(at_s))),
    }


def silent_headers(_counters: tuple[Counter, ...], _at_s: float) -> dict[str, str]:
    """Nothing."""
    return {}


Headers = Callable[[tuple[Counter, ...], float], dict[str, str]]


@dataclass(slots=True)
class EnforcingServer:
    """Takes what its counters allow, and refuses the rest with 429.

    Attributes:
        latency_s: one way, at least; each request takes up to `jitter` of it more, each way.
        service_s: between counting a request and answering it; `service_jitter` likewise.
        headers: how it says how things stand.
        retry_after: whether a 429 tells how long to wait.
        connections: how many requests travel at once; further ones wait before they leave.
        connect_s: what requests need longer that begin before there was an answer.
    """

    counters: tuple[Counter, ...]
    latency_s: float = 0.02
    jitter: float = 0.0
    service_s: float = 0.0
    service_jitter: float = 0.0
    headers: Headers = draft_headers
    retry_after: bool = True
    connections: int = 1000
    connect_s: float = 0.0
    seed: int = 1
    served_s: list[float] = field(default_factory=list)
    refused_s: list[float] = field(default_factory=list)
    first_heard_s: float = math.inf
    _random: random.Random = field(init=False)
    _free: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._free = asyncio.Semaphore(self.connections)

    async def request(self) -> Advice:
        """One request there and back."""
        began_s = now_s()
        cold = math.isinf(self.first_heard_s)
        async with self._free:
            await asyncio.sleep(self.connect_s if cold else 0.0)
            await asyncio.sleep(self._with_jitter(self.latency_s, self.jitter))
            at_s = now_s()
            taken = all(counter.open(at_s) for counter in self.counters)
            headers = {}
            if taken:
                for counter in self.counters:
                    counter.count(at_s)
            elif self.retry_after:
                full = [c.reset_s(at_s) for c in self.counters if not c.open(at_s)]
                headers["retry-after"] = str(max(1, math.ceil(max(full))))
            headers |= self.headers(self.counters, at_s)
            self.served_s += [at_s] * taken
            self.refused_s += [began_s] * (not taken)
            if taken:
                await asyncio.sleep(self._with_jitter(self.service_s, self.service_jitter))
            await asyncio.sleep(self._with_jitter(self.latency_s, self.jitter))
        self.first_heard_s = min(self.first_heard_s, now_s())
        wall_ms = WALL_MS + now_s() * 1000
        return read_advice(200 if taken else 429, headers, None, now_ms=wall_ms)

    def _with_jitter(self, seconds: float, jitter: float) -> float:
        return seconds * (1 + jitter * self._random.random())

    @property
    def refused_knowingly(self) -> int:
        """How many requests were refused that began after the first answer."""
        return sum(began_s > self.first_heard_s for began_s in self.refused_s)

    @property
    def utilisation(self) -> float:
        """The share of the tightest quota that was used."""
        return utilisation(self.counters, self.served_s)


def utilisation(counters: Iterable[Counter], served_s: Sequence[float]) -> float:
    """The share of the tightest quota that was used, from the second window on.

    Measured by how long so many quotas took, so that it matters little when it ends.
    """
    tightest = min(counters, key=lambda counter: counter.quota / counter.window_s)
    quotas = len(served_s) // tightest.quota - 2
    first_s, last_s = (served_s[tightest.quota * n] for n in (1, quotas + 1))
    return quotas * tightest.window_s / (last_s - first_s)


async def lane(gate: Gate, server: EnforcingServer, until_s: float) -> None:
    """Sends one request after the other until a time."""
    while now_s() < until_s:
        ticket = await gate.admit()
        try:
            advice = await server.request()
        except asyncio.CancelledError:
            gate.lost(ticket)
            raise
        gate.heard(ticket, advice)


async def drive(gate: Gate, server: EnforcingServer, *, lanes: int, seconds: float) -> None:
    """Let lanes send for so many seconds, and end them there."""
    until_s = now_s() + seconds
    tasks = [asyncio.create_task(lane(gate, server, until_s)) for _ in range(lanes)]
    await asyncio.wait(tasks, timeout=seconds)
    for task in tasks:
        if task.done():
            task.result()
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
