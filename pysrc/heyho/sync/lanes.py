"""Lanes: a semaphore that tells its holders apart, and whose size may change."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from heyho.errors import TimedOut
from heyho.sync.adaptive import PATIENCE_ROUNDS, AdaptiveLimit


class Lanes:
    """Lets `size` holders in at once, each in a lane of its own, numbered from 0.

    On a slow line all that is sent at once comes too late. So there are fewer lanes after a
    time-out, and one more, up to `size`, after as many answers as there are.

    Args:
        size: how many to begin with, and at most.
        resized: called with their new number.

    Attributes:
        answers: how many attempts were answered, whatever the server said.
    """

    def __init__(self, size: int, resized: Callable[[int], None] = lambda _: None) -> None:
        self.answers = 0
        self._size = self._most = size
        self._resized = resized
        self._ceiling: float = math.inf
        self._lowered = 0
        self._calm = 0
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

    @contextmanager
    def timed(self) -> Iterator[Callable[[bool], None]]:
        """Around one attempt; call what it yields with whether the server was overloaded.

        Nothing is called where the attempt says nothing of the server, or there is no answer.
        """
        answers, lowered = self.answers, self._lowered

        def ended(overloaded: bool) -> None:
            self.answers += 1
            if not overloaded and lowered == self._lowered:
                self._rise()

        try:
            yield ended
        except TimedOut:
            if lowered == self._lowered:  # else it was on its way with the one that lowered them
                self._lower(self._size // 2 if answers != self.answers else 1)
            raise

    def _lower(self, size: int) -> None:
        self._ceiling = self._size
        self._lowered += 1
        self._change(max(1, size))

    def _rise(self) -> None:
        """Give a lane back, to the number at which there was trouble only after a long calm."""
        self._calm += 1
        rounds = PATIENCE_ROUNDS if self._size + 1 >= self._ceiling else 1
        if self._size < self._most and self._calm >= rounds * self._size:
            self._change(self._size + 1)
            if self._size >= self._ceiling:
                self._ceiling = math.inf

    def _change(self, size: int) -> None:
        self._calm = 0
        if size != self._size:
            self.resize(size)
            self._resized(size)


class AdaptiveLanes(Lanes):
    """Lanes whose number follows what attempts tell of the server.

    Args:
        limit: decides how many there should be.
        resized: called with their new number.
    """

    def __init__(self, limit: AdaptiveLimit, resized: Callable[[int], None]) -> None:
        super().__init__(limit.limit, resized)
        self._limit = limit

    @contextmanager
    def timed(self) -> Iterator[Callable[[bool], None]]:
        now_s = asyncio.get_running_loop().time
        attempt = self._limit.began(now_s())
        overload: bool | None = None

        def ended(overloaded: bool) -> None:
            nonlocal overload
            self.answers += 1
            overload = overloaded

        try:
            yield ended
        except TimedOut:
            overload = True
            raise
        finally:
            if overload is None:
                self._limit.abandoned(attempt)
            else:
                self._limit.ended(attempt, now_s(), overloaded=overload)
            self._change(self._limit.limit)
