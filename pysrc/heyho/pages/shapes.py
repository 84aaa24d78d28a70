"""What the pages read from the engine, as types. Imported by mypy only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NotRequired, TypedDict

Clock = Callable[[float], str]
Json = dict[str, Any]


class Span(TypedDict):
    """One attempt of one batch, as a run's record has it. `waited`: milliseconds before it."""

    batch: int
    lane: int
    start: float
    end: float
    visits: int
    bytes: int
    status: int
    attempt: int
    rejected: NotRequired[int]
    waited: NotRequired[float]
    batches: NotRequired[int]


class Lane(TypedDict):
    """The batch in a busy lane."""

    lane: int
    batch: int
    visits: int | None
    phase: str
    since: float
    phaseSince: NotRequired[float]


class Block(TypedDict):
    """A part of a timeline's row, in percent. `count`: how many attempts it stands for."""

    left: float
    width: float
    kind: str
    count: int
    label: str


class Row(TypedDict):
    """A lane of a timeline."""

    label: str
    blocks: list[Block]


class Timeline(TypedDict):
    """A run in time. `ticks`: the times at the left edge, in the middle and at the right edge."""

    rows: list[Row]
    scaleMs: float
    ticks: list[str]
    summary: str


class Bar(TypedDict):
    """The time of a way in the lab's chart, in percent. `limit`: where the physical one is."""

    name: str
    time: str
    width: float
    limit: float | None
    kind: str
    note: str


class Run(TypedDict):
    """The last finished run. `outcome`: complete, partial, failed or nothing."""

    startedAt: float
    endedAt: float
    trigger: str
    strategy: str
    outcome: str
    visits: int
    rejected: int
    deleted: NotRequired[int]
    cancelled: bool
    error: str | None


class Status(TypedDict):
    """How things stand. `server` is a host for display; times are epoch milliseconds."""

    waiting: int
    quarantined: int
    paused: bool
    canSync: bool
    server: str
    lastRun: Run | None
    nextAt: float | None
    problem: str | None


class Progress(TypedDict):
    """A run under way, in visits, batches and bytes."""

    trigger: str
    strategy: str
    startedAt: float
    visits: int
    visitsDone: int
    visitsFailed: int
    batches: int
    batchesDone: int
    batchesFailed: int
    inFlight: int
    retries: int
    bytes: int
    secondsLeft: float | None
    waitsUntil: NotRequired[float | None]
    laneCount: NotRequired[int]
    lanes: NotRequired[list[Lane]]
    spans: NotRequired[list[Span]]
    spansLeftOut: NotRequired[int]


class Front(TypedDict):
    """The engine's word on the page in front."""

    state: str
    pattern: str | None
    site: str
    visits: int


class Here(TypedDict):
    """What the popup shows of the page in front.

    `action` does something, `yes` confirms it, `link` leads to the settings; each is empty where
    there is no such thing.
    """

    site: str
    said: str
    action: str
    yes: str
    link: str
    busy: bool


class Account(TypedDict):
    """What the page of syncs shows of a run; `figures` are names with values."""

    outcome: str
    tone: str
    how: str
    error: str
    deleted: str
    figures: list[tuple[str, str]]


class View(TypedDict):
    """What the popup shows."""

    tone: str
    figure: str
    caption: str
    message: str
    left: str
    action: str
    recording: str
    on: str
    lastAgo: str
    lastAt: float
    lastDid: str
    next: str
    aside: str
    server: str
    percent: int
    progress: str
    detail: str
