"""What the bench asks of anything that can send visits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from playwright.sync_api import Page

WAIT_MS = 600_000.0


@dataclass(frozen=True, slots=True)
class Sync:
    """A sync that has ended: how long it took by its own account, and its repeated requests."""

    seconds: float
    retries: int


class Way(Protocol):
    """Attributes:
    page: a page in the process that does the work.
    in_extension: whether that is a process of the extension.
    """

    in_extension: bool

    @property
    def page(self) -> Page: ...

    def seed(self, visits: int) -> list[str]:
        """Let this many new visits wait, all ready to be sent; return their ids."""
        ...

    def sync(self) -> Sync:
        """Send what waits."""
        ...

    def stored(self) -> list[str]:
        """The id of each visit that the server has."""
        ...
