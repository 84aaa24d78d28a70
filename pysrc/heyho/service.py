"""What the engine is made of: services, which answer requests and have work for quiet moments."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from heyho.ports import Record
from heyho.ports.device import Browser, Clock
from heyho.ports.network import Transport, Workers
from heyho.ports.stores import EventLog, LedgerStore, RunStore, StateStore, VisitStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Every port of the engine."""

    clock: Clock
    events: EventLog
    visits: VisitStore
    ledger: LedgerStore
    state: StateStore
    runs: RunStore
    transport: Transport
    workers: Workers
    browser: Browser


Handler = Callable[[Record], Awaitable[Record]]
"""From a request to the rest of a reply that is `ok`; raises HeyhoError for one that is not."""


class Service(Protocol):
    """More that the engine does, beside recording and syncing."""

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What answers requests, by their kind."""
        ...

    async def step(self) -> bool:
        """Do a piece of what can wait, in a moment without runs and requests.

        Returns whether there is more to do. It takes less than a second, is not cancelled, and
        what it has not written is done again after a kill.
        """
        ...
