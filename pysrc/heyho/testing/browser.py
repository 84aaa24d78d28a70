"""A twin of the browser around the engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import deepcopy

from heyho.ports import Record
from heyho.ports.device import Conditions


class MemoryBrowser:
    """Browser that remembers what it was asked for."""

    def __init__(self) -> None:
        self.alarms: dict[str, tuple[float, float | None]] = {}
        self.badge = ""
        self.published: list[Record] = []
        self.paused: list[bool] = []
        self.paused_until: float | str | None = None
        self.closed = False
        self.locked: set[str] = set()
        self.device = Conditions()

    async def set_alarm(
        self, name: str, *, delay_minutes: float, period_minutes: float | None = None
    ) -> None:
        self.alarms[name] = (delay_minutes, period_minutes)

    async def clear_alarm(self, name: str) -> None:
        self.alarms.pop(name, None)

    async def alarm_at(self, name: str) -> float | None:
        alarm = self.alarms.get(name)
        return alarm[0] * 60_000 if alarm else None

    async def show_badge(self, text: str, title: str) -> None:
        self.badge = text

    async def recording_changed(self, *, paused: bool, until: float | str | None = None) -> None:
        self.paused.append(paused)
        self.paused_until = until

    def conditions(self) -> Conditions:
        return self.device

    def publish(self, message: Record) -> None:
        self.published.append(deepcopy(message))

    @asynccontextmanager
    async def lock(self, name: str) -> AsyncIterator[bool]:
        if name in self.locked:
            yield False
            return
        self.locked.add(name)
        try:
            yield True
        finally:
            self.locked.discard(name)

    def close(self) -> None:
        self.closed = True
