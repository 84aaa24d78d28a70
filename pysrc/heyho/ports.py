"""The ports: what the pure side asks of the world.

Each has one adapter in `heyho.browser`, one in-memory twin in `heyho.testing`, and one contract
suite in `tests/contract` that both pass. The stores raise `StorageError`, the transport raises
`SyncError`; a method that raises has changed nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from heyho.model import Rejection, SeqRange
from heyho.sync.ledger import Ledger

Record = dict[str, Any]
"""What JSON can say of one thing: a visit as it is stored and sent, an event, a state value."""


class Clock(Protocol):
    """The wall clock. Waiting is asyncio's, whose event loop the tests replace."""

    def now_ms(self) -> float:
        """Epoch milliseconds."""
        ...


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


class StateStore(Protocol):
    """Small values by key."""

    async def get(self, key: str) -> Any:
        """The value, or None."""
        ...

    async def put(self, key: str, value: Any) -> None:
        """Replace the value."""
        ...


class Outdated(Exception):
    """The catalog has changed since a change of it was planned: plan it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogChange:
    """What is to be written into the catalog, all of it or nothing.

    Attributes:
        expects: the `revision` of the catalog that it was planned on; 0 where there was none.
        catalog: the next value of the state's key `catalog`, with another `revision`.
        drop: blocks whose rows go.
        rows: rows of blocks to be put, by block and name.
        clear_days: whether all days go before `days` are put.
        days: whole days to be put, or to be deleted where they are None.
        state: other keys of the state to be put along with it.
    """

    expects: int
    catalog: Record
    drop: Sequence[int] = ()
    rows: Mapping[tuple[int, str], bytes] = field(default_factory=dict)
    clear_days: bool = False
    days: Mapping[str, Record | None] = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)


class CatalogStore(Protocol):
    """The index and the roll-ups, and the visits that they are made of."""

    async def rows(self, keys: Sequence[tuple[int, str]]) -> list[bytes | None]:
        """Rows of blocks by block and name; None for one that is not there."""
        ...

    async def block(self, block: int) -> dict[str, bytes]:
        """All rows of a block by name."""
        ...

    async def days(self, days: Sequence[str]) -> list[Record | None]:
        """Days by name; None for one that is not there."""
        ...

    async def days_between(self, first: str, last: str) -> dict[str, Record]:
        """All days from the first to the last one, in order."""
        ...

    async def write(self, change: CatalogChange) -> None:
        """Write in one transaction. Raises Outdated, and nothing has been written."""
        ...

    async def visits(self, seqs: Sequence[int]) -> list[Record | None]:
        """Visits by `seq`, with the fields in `CATALOG_FIELDS`; None for one that is not there."""
        ...

    async def after(self, seq: int, *, limit: int) -> list[Record]:
        """The first visits with a greater `seq`, with the fields in `CATALOG_FIELDS`."""
        ...

    async def count_after(self, seq: int, *, most: int) -> int:
        """How many visits have a greater `seq`; from `most` on, about how many, at no more cost."""
        ...

    async def by_id(self, visit_id: str) -> Record | None:
        """A visit by its id, with the fields in `CATALOG_FIELDS`."""
        ...

    async def begun_between(self, first: float, last: float, *, limit: int) -> list[Record]:
        """The earliest visits that began in a time (epoch ms, both included), as above."""
        ...

    async def runs(self, *, before: int | None, limit: int) -> list[tuple[int, Record]]:
        """The latest runs with a smaller number than that, latest first, with their numbers."""
        ...


CATALOG_FIELDS = (
    *("seq", "id", "url", "title", "domain", "startedAt", "endedAt", "activeDuration"),
    *("transition", "sourcePageVisitId", "anonymousClientId"),
)


class Calendar(Protocol):
    """The device's local time."""

    def zone(self) -> str:
        """The time zone's name."""
        ...

    def offset_min(self, at_ms: float) -> int:
        """How many minutes the local time is ahead of UTC at a moment (epoch ms)."""
        ...


class RunStore(Protocol):
    """The records of past sync runs."""

    async def add(self, run: Record, *, keep: int, keep_spans: int) -> None:
        """Append a run's record, and forget the oldest ones beyond `keep`.

        Those beyond `keep_spans` lose their `spans`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole HTTP answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str


class Transport(Protocol):
    """HTTP to the person's server, with a time-out for each request."""

    async def post(self, url: str, payload: Payload, *, token: str, timeout_s: float) -> Reply:
        """Send a gzipped JSON body. Raises Unreachable or TimedOut; cancelling aborts it."""
        ...

    async def get(self, url: str, *, token: str | None, timeout_s: float) -> Reply:
        """Fetch. Raises Unreachable or TimedOut; cancelling aborts it."""
        ...


class Worker(Protocol):
    """A thread of its own that prepares and sends batches.

    Its methods are those of VisitStore and Transport, carried out there; several may be under way
    at once. What is asked before the worker has booted waits for it. Besides the errors of those
    ports, each raises WorkerLost if the worker ends, does not start, or hangs.
    """

    async def payload(self, seqs: SeqRange, *, client_id: str) -> Payload:
        """As VisitStore's. The body stays in the worker, and only this worker can send it."""
        ...

    async def post(self, url: str, payload: Payload, *, token: str, timeout_s: float) -> Reply:
        """As Transport's, for a payload of this worker. A payload may be sent several times."""
        ...

    def let_go(self, payload: Payload) -> None:
        """Forget a payload that will not be sent any more."""
        ...

    def close(self) -> None:
        """End the thread at once, and give its memory back. What is under way raises WorkerLost."""
        ...


class Workers(Protocol):
    """Starts workers."""

    def start(self) -> Worker:
        """A new worker, which boots at once."""
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

    async def recording_changed(self, *, paused: bool) -> None:
        """Tell the recorder that it was paused or resumed."""
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
