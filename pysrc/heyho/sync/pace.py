"""What runs have learnt of their destination, kept from run to run."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from heyho.ports.device import Clock
from heyho.ports.stores import StateStore
from heyho.sync.adaptive import AdaptiveLimit
from heyho.sync.estimate import smoothed
from heyho.sync.pacing import Gate
from heyho.sync.plan import SAFE_LANES

MAX_MS = 60_000.0


class Pace:
    """How soon, how many at once, and how long things take at one destination.

    Attributes:
        gate: what every request has to pass.
        limit: how many lanes the server bore, or None.
        send_ms: how long an attempt takes, or None.
        read_ms: how long preparing a batch takes, or None.
    """

    def __init__(self, destination: str, gate: Gate) -> None:
        self.destination = destination
        self.gate = gate
        self.limit: AdaptiveLimit | None = None
        self.send_ms: float | None = None
        self.read_ms: float | None = None

    @classmethod
    def from_record(cls, record: Any, destination: str, *, clock: Clock) -> Pace:
        """Read what `to_record` wrote; nothing is known of another destination."""
        known = isinstance(record, Mapping) and record.get("destination") == destination
        told: Mapping[str, Any] = record if known else {}
        pace = cls(destination, Gate.from_record(told.get("gate"), clock=clock))
        if "limit" in told:
            pace.limit = AdaptiveLimit.from_record(told["limit"], start=SAFE_LANES)
        pace.send_ms = _duration(told.get("sendMs"))
        pace.read_ms = _duration(told.get("readMs"))
        return pace

    def to_record(self) -> dict[str, Any]:
        """The stored form."""
        return {
            "destination": self.destination,
            "gate": self.gate.to_record(),
            **({"limit": self.limit.to_record()} if self.limit else {}),
            "sendMs": self.send_ms,
            "readMs": self.read_ms,
        }

    def sent(self, took_ms: float) -> None:
        """Note how long an attempt took that the server answered well."""
        self.send_ms = smoothed(self.send_ms, min(took_ms, MAX_MS))

    def read(self, took_ms: float) -> None:
        """Note how long it took to prepare a batch."""
        self.read_ms = smoothed(self.read_ms, min(took_ms, MAX_MS))


class PaceKeeper:
    """Keeps the pace of the last destination in the state's `pace`."""

    def __init__(self, *, clock: Clock, state: StateStore) -> None:
        self._clock = clock
        self._state = state
        self._pace: Pace | None = None
        self._saving: asyncio.Task[None] | None = None

    async def pace(self, destination: str) -> Pace:
        """What is known of a destination."""
        if self._pace is None or self._pace.destination != destination:
            stored = await self._state.get("pace")
            self._pace = Pace.from_record(stored, destination, clock=self._clock)
        return self._pace

    async def save(self) -> None:
        """Store what has been learnt."""
        if self._pace is not None:
            await self._state.put("pace", self._pace.to_record())

    def save_soon(self) -> None:
        """Store it beside what goes on, so that a browser's sudden end does not undo it."""
        if self._saving is None or self._saving.done():
            self._saving = asyncio.ensure_future(self.save())
            # A failure shows in the run's own writing.
            self._saving.add_done_callback(lambda task: task.cancelled() or task.exception())


def _duration(value: object) -> float | None:
    usable = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MAX_MS
    return float(value) if usable else None  # type: ignore[arg-type]
