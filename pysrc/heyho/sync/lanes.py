"""Lanes: a semaphore that tells its holders apart, and whose size may change."""

from __future__ import annotations

import asyncio
from itertools import count


class Lanes:
    """Lets `size` holders in at once, each in a lane of its own, numbered from 0."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._busy: set[int] = set()
        self._changed = asyncio.Event()

    async def enter(self) -> int:
        """Wait for a free lane, and take the lowest."""
        while len(self._busy) >= self._size:
            self._changed.clear()
            await self._changed.wait()
        lane = next(number for number in count() if number not in self._busy)
        self._busy.add(lane)
        return lane

    def leave(self, lane: int) -> None:
        """Give a lane back."""
        self._busy.remove(lane)
        self._changed.set()

    def resize(self, size: int) -> None:
        """Change how many may be in at once; who is in stays until it leaves."""
        self._size = size
        self._changed.set()
