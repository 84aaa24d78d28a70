"""What the bench asks of anything that can send visits."""

from __future__ import annotations

from collections.abc import Sequence
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
    ids: of the visits that each sync sends.
    page: a page in the process that does the work.
    in_extension: whether that is a process of the extension.
    """

    in_extension: bool

    @property
    def ids(self) -> Sequence[str]: ...

    @property
    def page(self) -> Page: ...

    def get_ready(self) -> None:
        """Let all visits wait, whether or not they were sent before."""
        ...

    def sync(self) -> Sync:
        """Send what waits."""
        ...
