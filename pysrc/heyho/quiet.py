"""Quiet moments: services do what can wait, and a context that nobody needs any more closes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from heyho.errors import HeyhoError
from heyho.service import Service

LINGER_S = 10.0
REST_S = 0.5


class Quiet:
    """What goes on while nothing is asked for.

    Args:
        services: what may have work; what stands first comes first, after each piece anew.
        is_idle: whether nothing else is under way.
        close: ends this context.
    """

    def __init__(
        self,
        services: Sequence[Service],
        *,
        is_idle: Callable[[], bool],
        close: Callable[[], None],
    ) -> None:
        self._services = services
        self._is_idle = is_idle
        self._end = close
        self._closing: asyncio.TimerHandle | None = None
        self._working: asyncio.Task[bool] | None = None
        self._asked = False

    def stay(self) -> None:
        """Do not close."""
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None

    def linger(self) -> None:
        """Close the context in `LINGER_S`, unless something is asked for before."""
        self.stay()
        self._asked = True  # and services that have had their turn may have work again
        if self._is_idle():
            loop = asyncio.get_running_loop()
            self._closing = loop.call_later(LINGER_S, self._close)
            if self._working is None and self._services:
                self._working = asyncio.ensure_future(self._work())
                self._working.add_done_callback(self._worked)

    async def _work(self) -> bool:
        """Let services do what can wait, for as long as nothing else is asked for.

        Returns whether all of it is done, or has failed: that is tried again after the next
        request, which tells of it.
        """
        await asyncio.sleep(REST_S)
        with suppress(HeyhoError):
            while self._is_idle() and await self._piece():
                pass
        return self._is_idle() and not self._asked

    async def _piece(self) -> bool:
        """Let the first service that has work do a piece of it; whether there was one."""
        self._asked = False
        for service in self._services:
            if self._is_idle() and await service.step():
                return True
        return False

    def _worked(self, task: asyncio.Task[bool]) -> None:
        self._working = None
        if not task.cancelled() and not task.result():
            self.linger()  # what was asked for may have been answered already

    def _close(self) -> None:
        if self._working is None:
            self._end()
        else:
            self.linger()
