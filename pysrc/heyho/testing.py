"""In-memory twins of every port, and an event loop whose clock jumps. For tests only."""

from __future__ import annotations

import asyncio
import gzip
import json
import selectors
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Literal, ParamSpec, TypeVar

from heyho.errands import Errands
from heyho.errors import TimedOut
from heyho.model import Rejection, SeqRange
from heyho.ports import (
    CATALOG_FIELDS,
    CatalogChange,
    Conditions,
    FoldStep,
    Outdated,
    Payload,
    Record,
    Reply,
    VisitStore,
)
from heyho.remote import RemoteWorker
from heyho.sync.ledger import Ledger, unknown_rejection

P = ParamSpec("P")
T = TypeVar("T")


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop that never waits: when nothing is ready, its clock jumps to the next timer.

    Waiting for anything but a timer (a socket, a thread) is a deadlock here, and raises.
    """

    def __init__(self) -> None:
        super().__init__(_JumpingSelector(self))
        self.elapsed_s = 0.0

    def time(self) -> float:
        """Seconds of virtual time since the loop was made."""
        return self.elapsed_s


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, loop: JumpingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("every task waits for something that no timer will bring")
        if not ready and timeout:
            self._loop.elapsed_s += timeout
        return ready


def run_jumping(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on a `JumpingLoop`."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(main)


def jumping(test: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Make an async test one that pytest can call: it runs on a `JumpingLoop` of its own."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return run_jumping(test(*args, **kwargs))

    return run


class LoopClock:
    """Clock that follows the running event loop, so that it jumps along with it."""

    def __init__(self, start_ms: float = 1_700_000_000_000) -> None:
        self._start_ms = start_ms

    def now_ms(self) -> float:
        return self._start_ms + asyncio.get_running_loop().time() * 1000


@dataclass(slots=True)
class MemoryDatabase:
    """What the IndexedDB database holds; the twins of the stores share one.

    Attributes:
        transaction_s: how long a transaction takes to commit, and then to tell of it.
    """

    events: dict[int, Record] = field(default_factory=dict)
    visits: dict[int, Record] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    rejected: dict[str, Record] = field(default_factory=dict)
    runs: dict[int, Record] = field(default_factory=dict)
    words: dict[tuple[int, str], bytes] = field(default_factory=dict)
    days: dict[str, Record] = field(default_factory=dict)
    next_event: int = 1
    next_visit: int = 1
    next_run: int = 1
    transaction_s: float = 0.0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """The commit is the block, which awaits nothing: a kill falls before or after it."""
        await asyncio.sleep(self.transaction_s)
        yield
        await asyncio.sleep(self.transaction_s)

    def append_events(self, events: Iterable[Record]) -> None:
        """Add events as the recorder does."""
        for event in events:
            self.events[self.next_event] = deepcopy(event)
            self.next_event += 1

    def append_visits(self, visits: Iterable[Record]) -> None:
        """Add visits as the fold does; one whose id is known already is left out."""
        known = {visit["id"] for visit in self.visits.values()}
        for visit in visits:
            if visit["id"] not in known:
                known.add(visit["id"])
                self.visits[self.next_visit] = {**deepcopy(visit), "seq": self.next_visit}
                self.next_visit += 1

    def change_catalog(self, change: CatalogChange) -> None:
        """A change of the catalog, as a part of whatever transaction is under way."""
        if self.state.get("catalog", {}).get("revision", 0) != change.expects:
            raise Outdated
        for key in [key for key in self.words if key[0] in change.drop]:
            del self.words[key]
        self.words |= change.rows
        if change.clear_days:
            self.days.clear()
        for day, row in change.days.items():
            if row is None:
                self.days.pop(day, None)
            else:
                self.days[day] = deepcopy(row)
        self.state |= deepcopy({**change.state, "catalog": change.catalog})


class MemoryEventLog:
    """EventLog in memory."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def fold(self, step: FoldStep, *, limit: int) -> int:
        database = self._database
        async with database.transaction():
            pairs = sorted(database.events.items())[:limit]
            if pairs:
                folded = step(deepcopy(database.state.get("fold")), deepcopy(pairs))
                database.append_visits(folded.visits)
                database.state["fold"] = deepcopy(folded.state)
                for key, _ in pairs:
                    del database.events[key]
        return len(pairs)


class MemoryVisitStore:
    """VisitStore in memory."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def bounds(self) -> SeqRange | None:
        await asyncio.sleep(0)
        visits = self._database.visits
        return SeqRange(min(visits), max(visits)) if visits else None

    async def count(self, seqs: SeqRange) -> int:
        await asyncio.sleep(0)
        return len(self._within(seqs))

    async def payload(self, seqs: SeqRange, *, client_id: str) -> Payload:
        await asyncio.sleep(0)
        rows = self._within(seqs)
        body = {"anonymousClientId": client_id, "tabAggregates": [], "pageVisits": rows}
        text = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
        packed = gzip.compress(text)
        return Payload(
            visits=len(rows),
            json_bytes=len(text),
            sent_bytes=len(packed),
            only_id=rows[0]["id"] if len(rows) == 1 else None,
            body=packed,
        )

    def _within(self, seqs: SeqRange) -> list[Record]:
        visits = self._database.visits
        return [visits[seq] for seq in sorted(visits) if seqs.first <= seq <= seqs.last]


class MemoryLedgerStore:
    """LedgerStore in memory."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def ledger(self, destination: str) -> Ledger:
        await asyncio.sleep(0)
        return self._ledger(destination)

    def _ledger(self, destination: str) -> Ledger:
        return Ledger.from_record(self._database.state.get("ledger", {}).get(destination, ()))

    async def acknowledge(
        self,
        destination: str,
        ranges: Sequence[SeqRange],
        rejections: Sequence[Rejection],
        *,
        at_ms: float,
    ) -> None:
        async with self._database.transaction():
            self._acknowledge(destination, ranges, rejections, at_ms)

    def _acknowledge(
        self,
        destination: str,
        ranges: Sequence[SeqRange],
        rejections: Sequence[Rejection],
        at_ms: float,
    ) -> None:
        ledger = self._ledger(destination).acknowledge_all(ranges)
        acknowledged = Ledger.of(ranges)
        by_id = {
            visit["id"]: visit
            for seq, visit in self._database.visits.items()
            if seq in acknowledged
        }
        for rejection in rejections:
            if rejection.record_id not in by_id:
                raise unknown_rejection(rejection)
        self._database.state.setdefault("ledger", {})[destination] = ledger.to_record()
        for rejection in rejections:
            self._database.rejected[rejection.record_id] = {
                "id": rejection.record_id,
                "reason": rejection.reason,
                "when": at_ms,
                "record": deepcopy(by_id[rejection.record_id]),
            }

    async def quarantined(self) -> int:
        await asyncio.sleep(0)
        return len(self._database.rejected)


class MemoryStateStore:
    """StateStore in memory."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def get(self, key: str) -> Any:
        await asyncio.sleep(0)
        return deepcopy(self._database.state.get(key))

    async def put(self, key: str, value: Any) -> None:
        async with self._database.transaction():
            self._database.state[key] = deepcopy(value)


class MemoryCatalogStore:
    """CatalogStore in memory."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def rows(self, keys: Sequence[tuple[int, str]]) -> list[bytes | None]:
        await asyncio.sleep(0)
        return [self._database.words.get(key) for key in keys]

    async def block(self, block: int) -> dict[str, bytes]:
        await asyncio.sleep(0)
        return {name: row for (own, name), row in self._database.words.items() if own == block}

    async def days(self, days: Sequence[str]) -> list[Record | None]:
        await asyncio.sleep(0)
        return [deepcopy(self._database.days.get(day)) for day in days]

    async def days_between(self, first: str, last: str) -> dict[str, Record]:
        await asyncio.sleep(0)
        days = sorted(self._database.days.items())
        return {day: deepcopy(row) for day, row in days if first <= day <= last}

    async def write(self, change: CatalogChange) -> None:
        async with self._database.transaction():
            self._database.change_catalog(change)

    async def visits(self, seqs: Sequence[int]) -> list[Record | None]:
        await asyncio.sleep(0)
        visits = self._database.visits
        return [_picked(visits[seq]) if seq in visits else None for seq in seqs]

    async def after(self, seq: int, *, limit: int) -> list[Record]:
        await asyncio.sleep(0)
        visits = sorted(self._database.visits.items())
        return [_picked(visit) for own, visit in visits if own > seq][:limit]

    async def count_after(self, seq: int, *, most: int) -> int:
        await asyncio.sleep(0)
        return sum(own > seq for own in self._database.visits)

    async def by_id(self, visit_id: str) -> Record | None:
        await asyncio.sleep(0)
        found = (visit for visit in self._database.visits.values() if visit["id"] == visit_id)
        return next(map(_picked, found), None)

    async def begun_between(self, first: float, last: float, *, limit: int) -> list[Record]:
        await asyncio.sleep(0)
        visits = sorted(self._database.visits.values(), key=lambda visit: visit["startedAt"])
        return [_picked(visit) for visit in visits if first <= visit["startedAt"] <= last][:limit]

    async def runs(self, *, before: int | None, limit: int) -> list[tuple[int, Record]]:
        await asyncio.sleep(0)
        runs = sorted(self._database.runs.items(), reverse=True)
        return [(key, deepcopy(run)) for key, run in runs if before is None or key < before][:limit]


def _picked(visit: Record) -> Record:
    return {name: deepcopy(visit[name]) for name in CATALOG_FIELDS if name in visit}


class MemoryCalendar:
    """Calendar of a zone without summer time.

    Attributes:
        minutes: how far it is ahead of UTC.
    """

    def __init__(self, minutes: int = 0) -> None:
        self.minutes = minutes

    def zone(self) -> str:
        return f"UTC{self.minutes:+}"

    def offset_min(self, at_ms: float) -> int:
        return self.minutes


class MemoryRunStore:
    """RunStore in memory."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def add(self, run: Record, *, keep: int, keep_spans: int) -> None:
        database = self._database
        async with database.transaction():
            database.runs[database.next_run] = deepcopy(run)
            if old := database.runs.get(database.next_run - keep_spans):
                old["spans"] = []
            for key in [key for key in database.runs if key <= database.next_run - keep]:
                del database.runs[key]
            database.next_run += 1


Answer = Callable[[str, str, Record | None, str | None], Awaitable[Reply]]
"""From method, URL, decoded body and token to a reply: a server in a function."""


class MemoryTransport:
    """Transport to a function instead of a network."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def post(self, url: str, payload: Payload, *, token: str, timeout_s: float) -> Reply:
        body = json.loads(gzip.decompress(payload.body))
        return await self._within(timeout_s, self._answer("POST", url, body, token))

    async def get(self, url: str, *, token: str | None, timeout_s: float) -> Reply:
        return await self._within(timeout_s, self._answer("GET", url, None, token))

    async def _within(self, timeout_s: float, reply: Awaitable[Reply]) -> Reply:
        try:
            async with asyncio.timeout(timeout_s):
                return await reply
        except TimeoutError:
            raise TimedOut(f"No answer within {timeout_s:.0f} seconds.") from None


@dataclass(frozen=True, slots=True)
class Doom:
    """What becomes of a worker, and when.

    Attributes:
        how: it is gone, or it does nothing any more.
        at_call: 0 as it boots; n at its n-th `payload` or `post`.
        carried_out: that call is carried out first, and only the answer is lost.
    """

    how: Literal["dies", "hangs"]
    at_call: int = 0
    carried_out: bool = False


class MemoryWorkers:
    """Workers in memory, which share a database and a server.

    Args:
        database: what they read.
        answer: what they send to.
        dooms: what becomes of each, in the order in which they are started; nothing of the rest.

    Attributes:
        lines: the way to each worker that was started.
    """

    def __init__(
        self, database: MemoryDatabase, answer: Answer, dooms: Iterable[Doom | None] = ()
    ) -> None:
        self.lines: list[MemoryLine] = []
        self._database = database
        self._answer = answer
        self._dooms = iter(dooms)

    def start(self) -> RemoteWorker:
        line = MemoryLine(self._database, self._answer, next(self._dooms, None))
        self.lines.append(line)
        return RemoteWorker(line)


class MemoryLine:
    """Line to a worker in memory. Messages cross as JSON, and one turn of the event loop later.

    Attributes:
        calls: how many times `payload` and `post` have arrived.
        errands: the worker's end, once it has booted.
        cut_off: whether the engine has ended the worker.
    """

    def __init__(self, database: MemoryDatabase, answer: Answer, doom: Doom | None) -> None:
        self.calls = 0
        self.errands: Errands | None = None
        self.cut_off = False
        self._visits = MemoryVisitStore(database)
        self._transport = MemoryTransport(answer)
        self._doom = doom
        self._silent = False
        self._unanswered: int | None = None

    def open(self, hear: Callable[[Record], None], lose: Callable[[str], None]) -> None:
        self._hear, self._lose = hear, lose
        self._loop = asyncio.get_running_loop()
        self._loop.call_soon(self._boot)

    def send(self, message: Record) -> None:
        self._loop.call_soon(self._arrive, json.dumps(message))

    def cut(self) -> None:
        self.cut_off = self._silent = True
        if self.errands is not None:
            self.errands.close()

    def die(self) -> None:
        """Let the worker be gone from now on."""
        self.hang()
        self._loop.call_soon(self._lose, "ended")

    def hang(self) -> None:
        """Let the worker do nothing any more."""
        self._silent = True

    def _boot(self) -> None:
        if self._doom is not None and self._doom.at_call == 0:
            self._befall(self._doom)
        if not self._silent:
            self.errands = Errands(
                visits=self._opened, transport=self._transport, send=self._reply, source="memory"
            )

    async def _opened(self) -> VisitStore:
        return self._visits

    def _arrive(self, text: str) -> None:
        message = json.loads(text)
        if message["kind"] in ("payload", "post"):
            self.calls += 1
            if self._doom is not None and self.calls == self._doom.at_call:
                if self._doom.carried_out:
                    self._unanswered = message["number"]
                else:
                    self._befall(self._doom)
        if self.errands is not None and not self._silent:
            self.errands.take(message)

    def _reply(self, message: Record) -> None:
        if (
            self._doom is not None
            and self._unanswered is not None
            and message.get("number") == self._unanswered
        ):
            self._befall(self._doom)
        if not self._silent:
            self._loop.call_soon(self._reach, json.dumps(message))

    def _reach(self, text: str) -> None:
        if not self.cut_off:
            self._hear(json.loads(text))

    def _befall(self, doom: Doom) -> None:
        if doom.how == "dies":
            self.die()
        else:
            self.hang()


class MemoryServer:
    """A server that keeps what it is sent, and answers as heyho_server does."""

    def __init__(self, token: str = "token", *, max_records: int = 1000) -> None:
        self.visits: dict[str, Record] = {}
        self.received: list[str] = []
        self._token = token
        self._max_records = max_records

    async def answer(self, method: str, url: str, body: Record | None, token: str | None) -> Reply:
        """An `Answer`."""
        if method == "GET" and url.endswith("/config"):
            limits = {"maxRecords": self._max_records, "maxBodyBytes": 10_000_000}
            return reply(200, {**limits, "rateLimits": []})
        if token != self._token:
            return reply(401, {"success": False, "message": "You need to sign in."})
        records = body["pageVisits"] if body else []
        self.received += [record["id"] for record in records]
        self.visits |= {record["id"]: record for record in records}
        return reply(
            200,
            {
                "success": True,
                "data": {"page_visits_synced": len(records), "validation_errors": []},
            },
        )


def reply(status: int, body: Any, **headers: str) -> Reply:
    """A reply with a JSON body; header names take `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers=named, text=json.dumps(body))


class MemoryBrowser:
    """Browser that remembers what it was asked for."""

    def __init__(self) -> None:
        self.alarms: dict[str, tuple[float, float | None]] = {}
        self.badge = ""
        self.published: list[Record] = []
        self.paused: list[bool] = []
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

    async def recording_changed(self, *, paused: bool) -> None:
        self.paused.append(paused)

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
