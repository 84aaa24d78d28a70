"""An event loop that never waits."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")


T = TypeVar("T")


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop that never waits: when nothing is ready, its clock jumps to the next timer.

    Waiting for anything but a timer (a socket, a thread) is a deadlock here, and raises.
    """

    def __init__(self) -> None:
        super().__init__(_JumpingSelector(self))
        self.elapsed_s = 0.0

    def time(self) -> float:
        """Seconds of virtual time since the loop was made."""
        return self.elapsed_s


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, loop: JumpingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("every task waits for something that no timer will bring")
        if not ready and timeout:
            self._loop.elapsed_s += timeout
        return ready


def run_jumping(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on a `JumpingLoop`."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(main)


def jumping(test: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Make an async test one that pytest can call: it runs on a `JumpingLoop` of its own."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return run_jumping(test(*args, **kwargs))

    return run


class LoopClock:
    """Clock that follows the running event loop, so that it jumps along with it."""

    def __init__(self, start_ms: float = 1_700_000_000_000) -> None:
        self._start_ms = start_ms

    def set_by(self, ms: float) -> None:
        """Set the clock ahead, or back where `ms` is negative."""
        self._start_ms += ms

    def now_ms(self) -> float:
        return self._start_ms + asyncio.get_running_loop().time() * 1000
