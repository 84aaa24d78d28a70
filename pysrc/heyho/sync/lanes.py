"""Lanes: a semaphore that tells its holders apart, and whose size may change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from heyho.sync.adaptive import AdaptiveLimit


class Lanes:
    """Lets `size` holders in at once, each in a lane of its own, numbered from 0."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._busy: set[int] = set()
        self._pausing: set[int] = set()
        self._changed = asyncio.Event()

    async def enter(self) -> int:
        """Wait for a free lane, and take the lowest."""
        while len(self._busy) >= self._size:
            self._changed.clear()
            await self._changed.wait()
        lane = next(number for number in count() if number not in self._busy)
        self._busy.add(lane)
        return lane

    async def go_on(self, lane: int) -> None:
        """After a pause within a lane, wait until no more than `size` others send."""
        self._pausing.add(lane)
        try:
            while len(self._busy - self._pausing) >= self._size:
                self._changed.clear()
                await self._changed.wait()
        finally:
            self._pausing.remove(lane)

    def leave(self, lane: int) -> None:
        """Give a lane back."""
        self._busy.remove(lane)
        self._changed.set()

    def resize(self, size: int) -> None:
        """Change how many may be in at once; who is in stays until it leaves."""
        self._size = size
        self._changed.set()

    def timed_out(self) -> None:
        """Halve the lanes: on a slow line all that is sent at once comes too late."""
        self.resize(max(1, self._size // 2))

    @contextmanager
    def timed(self) -> Iterator[Callable[[bool], None]]:
        """Around one attempt; call what it yields with whether the server was overloaded.

        Nothing is called where the attempt says nothing of the server.
        """
        yield lambda _: None


class AdaptiveLanes(Lanes):
    """Lanes whose number follows what attempts tell of the server.

    Args:
        limit: decides how many there should be.
        resized: called with their new number.
    """

    def __init__(self, limit: AdaptiveLimit, resized: Callable[[int], None]) -> None:
        super().__init__(limit.limit)
        self._limit = limit
        self._resized = resized

    def timed_out(self) -> None:
        """Nothing more: the limit has heard that the server was overloaded."""

    @contextmanager
    def timed(self) -> Iterator[Callable[[bool], None]]:
        now_s = asyncio.get_running_loop().time
        attempt = self._limit.began(now_s())
        overload: bool | None = None

        def ended(overloaded: bool) -> None:
            nonlocal overload
            overload = overloaded

        try:
            yield ended
        finally:
            if overload is None:
                self._limit.abandoned(attempt)
            else:
                self._limit.ended(attempt, now_s(), overloaded=overload)
            if self._limit.limit != self._size:
                self.resize(self._limit.limit)
                self._resized(self._limit.limit)
