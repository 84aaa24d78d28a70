"""Moving windows in memory: when the last requests of each key were."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from limits.aio.storage import MemoryStorage

SWEEP_S = 60.0
LEEWAY = 0.1
LEEWAY_MAX_S = 0.1


def enforced_s(window_s: float) -> float:
    """How long a window really is: a tenth less, 0.1 seconds at most."""
    return window_s - min(window_s * LEEWAY, LEEWAY_MAX_S)


@dataclass(slots=True)
class _Window:
    length_s: float
    taken: deque[float] = field(default_factory=deque)

    def forget(self, now_s: float) -> None:
        while self.taken and self.taken[0] <= now_s - self.length_s:
            self.taken.popleft()


class Windows(MemoryStorage):
    """The moving windows of `limits`' memory storage, on a clock that never jumps.

    The library's own goes by the wall clock: once that is put back by an hour, everybody is
    refused for an hour. And it looks through all keys at each request, in a thread for each key,
    which takes 30 ms for a thousand addresses; here that is done once a minute, at once.

    A window ends a little early. A client can space its requests by its own clock only, and what
    the way to here takes varies: without leeway, one that keeps to the letter would be refused.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._windows: dict[str, _Window] = {}
        self._swept_s = clock()

    def __len__(self) -> int:
        return len(self._windows)

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Take `amount` requests, or none where they are too many; those are not counted."""
        now_s = self._clock()
        self._sweep(now_s)
        window = self._windows.setdefault(key, _Window(enforced_s(expiry)))
        window.forget(now_s)
        if len(window.taken) + amount > limit:
            return False
        window.taken.extend([now_s] * amount)
        return True

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """The time of the oldest request in the window, by the wall clock, and their number."""
        now_s, wall_s = self._clock(), time.time()
        window = self._windows.get(key)
        if window is None:
            return wall_s, 0
        window.forget(now_s)
        age_s = now_s - window.taken[0] if window.taken else 0.0
        return wall_s - age_s, len(window.taken)

    def _sweep(self, now_s: float) -> None:
        if now_s < self._swept_s + SWEEP_S:
            return
        self._swept_s = now_s
        for key, window in list(self._windows.items()):
            window.forget(now_s)
            if not window.taken:
                del self._windows[key]
