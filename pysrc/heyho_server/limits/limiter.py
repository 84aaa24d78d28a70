"""Counts requests, and says whether there were too many."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from limits import RateLimitItemPerSecond
from limits.aio.storage import Storage
from limits.aio.strategies import MovingWindowRateLimiter

from heyho_server.limits.rates import Rate, Rates
from heyho_server.limits.shared import SharedWindows

# What two readings of a clock and floating point may add must not round up to a second more.
TOLERANCE_S = 0.001


@dataclass(frozen=True, slots=True)
class Count:
    """How a rate stands after a request.

    Attributes:
        allowed: whether the request was within it. One that was not has not been counted.
        remaining: how many more may come at once.
        reset_s: the seconds until there is room for one more than that; from 1, rounded up.
    """

    rate: Rate
    allowed: bool
    remaining: int
    reset_s: int


class Limiter:
    """Keeps to rates, by moving windows: at no moment more than the quota within the last one."""

    def __init__(self, rates: Rates, storage: Storage) -> None:
        self.rates = rates
        self._storage = storage
        self._windows = MovingWindowRateLimiter(storage)

    @property
    def shares(self) -> bool:
        """Whether requests are counted where they are meant to be."""
        return not isinstance(self._storage, SharedWindows) or self._storage.reachable

    async def is_shared(self) -> bool:
        """The same, asked anew."""
        if isinstance(self._storage, SharedWindows):
            return await self._storage.check()
        return True

    async def count(self, rate: Rate, key: str) -> Count:
        """Count a request of whoever the key stands for, unless that would be too many."""
        item = RateLimitItemPerSecond(rate.quota, rate.window_s)
        allowed = await self._windows.hit(item, rate.name, key)
        stats = await self._windows.get_window_stats(item, rate.name, key)
        reset_s = math.ceil(stats.reset_time - time.time() - TOLERANCE_S)
        return Count(
            rate=rate,
            allowed=allowed,
            remaining=max(0, stats.remaining) if allowed else 0,
            reset_s=min(max(reset_s, 1), rate.window_s),
        )
