"""Lives of an engine: each ends at some await, and the next one has only what was committed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextvars import Context
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVarTuple

from fault.audit import (
    assert_nothing_is_made_up,
    assert_sent_again_with_reason,
    missing,
    waiting,
)
from fault.server import Server
from heyho.sync.synchronizer import RunResult
from heyho.testing.loop import JumpingLoop, LoopClock
from heyho.testing.network import Doom
from unit.sync.device import T0, Device

Ts = TypeVarTuple("Ts")


class Killed(KeyboardInterrupt):
    """The end of a loop, which lets no other exception through."""


class MortalLoop(JumpingLoop):
    """An event loop to which something may happen between two of its steps.

    A step is one callback: what a task does from one await to the next.
    """

    def __init__(self) -> None:
        super().__init__()
        self.steps = 0
        self._fate: Callable[[], object] | None = None
        self._fate_at = 0

    def befall(self, after_steps: int, fate: Callable[[], object]) -> None:
        """Call `fate` so many steps from now."""
        self._fate, self._fate_at = fate, self.steps + after_steps

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        return super().call_soon(self._step, callback, args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        return super().call_at(when, self._step, callback, args, context=context)

    def _step(self, callback: Callable[[*Ts], object], args: tuple[*Ts]) -> None:
        callback(*args)
        self.steps += 1
        if self._fate and self.steps >= self._fate_at:
            fate, self._fate = self._fate, None
            fate()

    def bury(self) -> None:
        """End whatever is still under way."""
        self._fate = None
        while under_way := asyncio.all_tasks(self):
            for task in under_way:
                task.cancel()
            self.run_until_complete(asyncio.wait(under_way))
        self.run_until_complete(self.shutdown_asyncgens())
        self.close()


@dataclass(frozen=True, slots=True)
class End:
    """The untimely end of a run.

    Attributes:
        steps: so many steps of the engine's loop,
        from_s: counted from that time on.
        by: the engine is killed, or the person ends the run.
        arrive: whether the requests on their way at a kill reach the server all the same.
    """

    steps: int
    from_s: float = 0.0
    by: Literal["kill", "cancel"] = "kill"
    arrive: bool = False


class Lives:
    """A device on which every run is the life of another engine.

    Attributes:
        in_flight: how often a visit reached the server in a life and the ledger never heard of it.
        steps: how many the last life had.
    """

    def __init__(self, server: Server, *, visits: int = 0, transaction_s: float = 0.0) -> None:
        self.server = server
        self.device = Device(server.answer, visits=visits)
        self.device.database.transaction_s = transaction_s
        self.in_flight: list[int] = []
        self.steps = 0
        self._wall_ms = float(T0)
        self._lost_workers = 0

    def pass_time(self, seconds: float) -> None:
        """Let time pass without an engine."""
        self._wall_ms += 1000 * seconds

    def run(
        self,
        end: End | None = None,
        *,
        arriving: Mapping[float, int] | None = None,
        dooms: Iterable[Doom] = (),
        **settings: Any,
    ) -> RunResult | None:
        """One life with one run in it; returns None if it was killed.

        Args:
            end: nothing happens if the run ends earlier.
            arriving: how many visits are recorded meanwhile, by the time in seconds.
            dooms: what becomes of the workers.
            settings: some of the person's.
        """
        loop = MortalLoop()
        device = self.device = Device(self.server.answer, database=self.device.database, **settings)
        device.clock = LoopClock(self._wall_ms)
        device.dooms = iter(dooms := list(dooms))
        for at_s, count in (arriving or {}).items():
            loop.call_at(at_s, device.visit, count)
        if end:
            fate = _die if end.by == "kill" else partial(_cancel, device)
            loop.call_at(end.from_s, loop.befall, end.steps, fate)
        result = None
        try:
            result = loop.run_until_complete(device.sync())
        except Killed:
            for request in self.server.on_the_way if end and end.arrive else ():
                if request.receipt is None:
                    request.arrive(at_s=loop.time())
        self.steps = loop.steps
        self.pass_time(loop.time())
        # Whatever the dead still do, they do it to another database, and nobody hears of it.
        committed, unheard = deepcopy(device.database), self.server.unheard.copy()
        loop.bury()
        device.database, self.server.unheard = committed, unheard
        self._lost_workers += len(dooms)
        self._account(ends=result is None or result.run.cancelled, lost_workers=len(dooms))
        return result

    def _account(self, *, ends: bool, lost_workers: int) -> None:
        """Nobody will ever know what the server had and the ledger had not; not much may be."""
        lost = self.server.database.arrivals - self.server.unheard
        unknown = Counter({key: lost[key] for key in waiting(self.device, self.device.settings())})
        self.in_flight.append(unknown.total())
        lanes = self.device.progress.lanes if hasattr(self.device, "progress") else 0
        batch = self.device.settings().batch_size
        assert unknown.total() <= (2 * ends + lost_workers) * lanes * batch
        self.server.unheard.update(unknown)

    def assert_nothing_is_wrong(self) -> None:
        """The ledger is true, and nothing was sent again without a reason."""
        assert missing(self.device, self.server, self.device.settings()) == set()
        assert_nothing_is_made_up(self.device, self.server)
        assert_sent_again_with_reason(self.server, lost_workers=self._lost_workers)

    def assert_all_has_arrived(self) -> None:
        """The server has what was recorded, apart from what it refuses for good."""
        self.assert_nothing_is_wrong()
        assert waiting(self.device, self.device.settings()) == set()


def _cancel(device: Device) -> None:
    device.synchronizer.cancel()


def _die() -> None:
    raise Killed
