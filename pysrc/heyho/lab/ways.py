"""The ways in which visits can travel, as the lab tries them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from heyho.settings import Settings


@dataclass(frozen=True, slots=True)
class Way:
    """A strategy, with its number of lanes where that is the person's to choose."""

    name: str
    strategy: str
    concurrency: int | None = None

    def settings(self, settings: Settings) -> Settings:
        """The person's settings, but for how batches travel."""
        lanes = settings.concurrency if self.concurrency is None else self.concurrency
        return replace(settings, strategy=self.strategy, concurrency=lanes)

    @property
    def changes(self) -> dict[str, Any]:
        """What a person who wants to use it has to set."""
        lanes = {} if self.concurrency is None else {"concurrency": self.concurrency}
        return {"strategy": self.strategy, **lanes}


WAYS = (
    Way("sequential", "sequential"),
    Way("concurrent-2", "concurrent", 2),
    Way("concurrent-5", "concurrent", 5),
    Way("concurrent-10", "concurrent", 10),
    Way("auto", "auto"),
    Way("parallel", "parallel"),
)
"""The simplest first: it is what the person has to understand, and what the device has to bear."""


def pick_ways(names: object) -> Sequence[Way]:
    """Those that are named, in the order of `WAYS`; all of them where none is."""
    wanted = names if isinstance(names, list) else []
    return [way for way in WAYS if way.name in wanted] or WAYS
