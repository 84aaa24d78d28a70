"""The clock, and the browser around the engine."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from heyho.ports import Record


class Clock(Protocol):
    """The wall clock. Waiting is asyncio's, whose event loop the tests replace."""

    def now_ms(self) -> float:
        """Epoch milliseconds."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """The device as it is now.

    Attributes:
        online: False only where it is certain that there is no connection.
        slow: the connection is like 3G or worse.
        metered: the person wants little to be sent.
        cores: how many threads run at once.
    """

    online: bool = True
    slow: bool = False
    metered: bool = False
    cores: int = 2


class Browser(Protocol):
    """What the engine asks of the rest of the extension."""

    async def set_alarm(
        self, name: str, *, delay_minutes: float, period_minutes: float | None = None
    ) -> None:
        """Wake the extension later, once or again and again; replaces the alarm of that name."""
        ...

    async def clear_alarm(self, name: str) -> None:
        """Forget an alarm, if there is one."""
        ...

    async def alarm_at(self, name: str) -> float | None:
        """When an alarm goes off next, in epoch milliseconds."""
        ...

    async def show_badge(self, text: str, title: str) -> None:
        """Label the toolbar button; an empty text takes the label off."""
        ...

    async def recording_changed(self, *, paused: bool, until: float | str | None = None) -> None:
        """Tell the recorder that it was paused, until when (see `Settings`), or resumed."""
        ...

    def conditions(self) -> Conditions:
        """The device and its connection."""
        ...

    def publish(self, message: Record) -> None:
        """Tell every open page."""
        ...

    def lock(self, name: str) -> AbstractAsyncContextManager[bool]:
        """Hold a lock of the whole extension; enters with False when another context has it."""
        ...

    def close(self) -> None:
        """End this context and give its memory back."""
        ...
