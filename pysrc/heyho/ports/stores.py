"""What is recorded and known, and what a sync does with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from heyho.model import Rejection, SeqRange
from heyho.ports import Record
from heyho.sync.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Folded:
    """What one step of the fold wants written: visits without `seq`, and the next state."""

    state: Record
    visits: Sequence[Record]


FoldStep = Callable[[Record | None, Sequence[tuple[int, Record]]], Folded]
"""From the fold's state (None at first) and (key, event) pairs in order of their keys."""


class EventLog(Protocol):
    """Raw browser events, in the order in which they happened."""

    async def fold(self, step: FoldStep, *, limit: int) -> int:
        """Hand the oldest events, `limit` at most, to `step` and return how many there were.

        In one transaction the visits are stored, the state is replaced and the events are
        deleted; if anything fails, nothing has happened. `step` is not called without events.
        """
        ...


@dataclass(frozen=True, slots=True)
class Payload:
    """A range of visits, ready to travel.

    Attributes:
        visits: how many visits there are in it.
        json_bytes: the size of the body before compression.
        sent_bytes: the size of `body`.
        only_id: the visit's id where there is exactly one, else None.
        body: the gzipped body; opaque to everyone but the transport of the same world.
    """

    visits: int
    json_bytes: int
    sent_bytes: int
    only_id: str | None
    body: Any


class VisitStore(Protocol):
    """Ended visits by sequence number."""

    async def bounds(self) -> SeqRange | None:
        """The first and the last sequence number, or None when there is no visit."""
        ...

    async def count(self, seqs: SeqRange) -> int:
        """How many visits there are in a range."""
        ...

    async def count_of(self, domain: str) -> int:
        """How many visits there are of a domain, exactly as visits have it."""
        ...

    async def payload(self, seqs: SeqRange, *, client_id: str) -> Payload:
        """Read, encode and compress the visits of a range as the body of a sync request."""
        ...


class LedgerStore(Protocol):
    """What servers have acknowledged, and what they refused for good."""

    async def ledger(self, destination: str) -> Ledger:
        """The ledger of a destination (`Settings.destination`); empty for a new one."""
        ...

    async def acknowledge(
        self,
        destination: str,
        ranges: Sequence[SeqRange],
        rejections: Sequence[Rejection],
        *,
        at_ms: float,
    ) -> None:
        """Add ranges to a destination's ledger, and put the rejected records into quarantine.

        Raises Unintelligible for a rejected id that no visit of the ranges has.
        """
        ...

    async def quarantined(self) -> int:
        """How many records are in quarantine."""
        ...

    async def quarantine(self, limit: int) -> list[Record]:
        """The quarantined of the latest visits: `id`, `reason`, `when` and `record` of each."""
        ...


class StateStore(Protocol):
    """Small values by key."""

    async def get(self, key: str) -> Any:
        """The value, or None."""
        ...

    async def put(self, key: str, value: Any) -> None:
        """Replace the value."""
        ...


class RunStore(Protocol):
    """The records of past sync runs."""

    async def add(self, run: Record, *, keep: int, keep_spans: int) -> None:
        """Append a run's record, and forget the oldest ones beyond `keep`.

        Those beyond `keep_spans` lose their `spans`.
        """
        ...

    async def latest(self, limit: int, *, before: int | None = None) -> list[tuple[int, Record]]:
        """The newest records below the key `before`, each with its key, newest first."""
        ...
