"""The rows of the bench's table, as data: what is measured, and its physical limit."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from heyho.settings import STRATEGIES
from heyho_server.limits.rates import Rate, Rates

Http = Literal["HTTP/1.1", "HTTP/2"]

BATCH_SIZE = 1000
CONNECTIONS = 6  # that Chromium opens to one host, where a connection carries one request
HEAVY_TIMES = 5
PEERS = ("dexie", "pouchdb")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One way to send visits.

    Attributes:
        way: what a person reads.
        strategy: one of the extension's, or of `PEERS`.
        concurrency: how many batches may travel at once.
        settings: more of the extension's settings.
        rates: the rate limits that a sync meets on the server; none unless the person wants them.
        fresh_engine: whether the extension's engine has to start anew for each run.
        most_visits: where more would take too long, unless the person wants them all.
        times: how many times the visits that the person wants.
        heavy: whether they take long to prepare.
        sink: whether the server stores them unread, so that only preparing takes time.
        latency_ms: the service time, where it is not what the person wants.
        runs: where one is all there can be.
    """

    way: str
    strategy: str
    concurrency: int
    http: Http = "HTTP/1.1"
    settings: Mapping[str, object] = field(default_factory=dict)
    rates: Sequence[Rate] = ()
    fresh_engine: bool = False
    most_visits: float = math.inf
    runs: float = math.inf
    times: int = 1
    heavy: bool = False
    sink: bool = False
    latency_ms: float | None = None

    @property
    def name(self) -> str:
        """What --rows is matched with."""
        return f"{self.way}, {self.strategy} {self.concurrency}, {self.http}"

    @property
    def lanes(self) -> int:
        """How many batches can really travel at once."""
        return min(self.concurrency, CONNECTIONS) if self.http == "HTTP/1.1" else self.concurrency

    def visits(self, wanted: int, *, full: bool) -> int:
        """How many each run sends; a sink takes whole batches only."""
        visits = wanted * self.times if full else int(min(wanted * self.times, self.most_visits))
        return math.ceil(visits / BATCH_SIZE) * BATCH_SIZE if self.sink else visits

    def ideal_s(self, visits: int, latency_ms: float) -> float:
        """The physical limit: the time that the server alone takes, in as few rounds as can be.

        Where rates are limited, the last batch may begin so many windows after the first.
        """
        batches, service_s = math.ceil(visits / BATCH_SIZE), latency_ms / 1000
        waits_s = [(math.ceil(batches / r.quota) - 1) * r.window_s for r in self.rates]
        rounds = math.ceil(batches / self.lanes)
        return max(rounds * service_s, max(waits_s, default=0) + service_s)


def _row(
    way: str, strategy: str, concurrency: int, http: Http = "HTTP/1.1", **settings: object
) -> Row:
    return Row(way=way, strategy=strategy, concurrency=concurrency, http=http, settings=settings)


def _heavy(way: str, strategy: str, *, cold: bool = False, **settings: object) -> Row:
    return Row(
        way=f"Heyho, heavy, {way}",
        strategy=strategy,
        concurrency=5,
        settings=settings,
        fresh_engine=cold,
        times=HEAVY_TIMES,
        heavy=True,
        sink=True,
        latency_ms=0.0,
    )


ROWS = [
    _row("Heyho, one by one", "sequential", 1),
    _row("Heyho, 1 at once", "concurrent", 1),
    _row("Heyho, 5 at once", "concurrent", 5),
    _row("Heyho, 10 at once", "concurrent", 10),
    _row("Heyho, 1 at once", "concurrent", 1, "HTTP/2"),
    _row("Heyho, 5 at once", "concurrent", 5, "HTTP/2"),
    _row("Heyho, 10 at once", "concurrent", 10, "HTTP/2"),
    Row(
        way="Heyho, workers, cold",
        strategy="parallel",
        concurrency=5,
        settings={"workers": 2},
        fresh_engine=True,
    ),
    _row("Heyho, workers, warm", "parallel", 5, workers=2),
    _heavy("5 at once, cold", "concurrent", cold=True),
    _heavy("workers, cold", "parallel", cold=True, workers=2),
    _heavy("5 at once, warm", "concurrent"),
    _heavy("workers, warm", "parallel", workers=2),
    _row("Heyho, auto", "auto", 10),
    _row("Heyho, auto", "auto", 10, "HTTP/2"),
    _row("Dexie, one by one", "dexie", 1),
    _row("Dexie, groups of 5", "dexie", 5),
    _row("Dexie, groups of 10", "dexie", 10),
    _row("Dexie, one by one", "dexie", 1, "HTTP/2"),
    _row("Dexie, groups of 5", "dexie", 5, "HTTP/2"),
    _row("Dexie, groups of 10", "dexie", 10, "HTTP/2"),
    Row(way="PouchDB", strategy="pouchdb", concurrency=1, most_visits=2000, runs=1),
]


def available(rows: Sequence[Row] = ROWS) -> list[Row]:
    """The rows that this extension can be told to do."""
    return [row for row in rows if row.strategy in (*STRATEGIES, *PEERS)]


def matching(pattern: re.Pattern[str], rows: Sequence[Row]) -> list[Row]:
    """The rows in whose name a regular expression is found."""
    return [row for row in rows if pattern.search(row.name)]


def limited(rows: Sequence[Row]) -> list[Row]:
    """The extension's rows under the server's own rate limits, where it is the server that answers.

    The peers know of no limits, and would count refused visits as lost.
    """
    rates = Rates().of_a_sync
    return [
        replace(row, way=f"{row.way}, limited", rates=rates)
        for row in rows
        if row.strategy not in PEERS and not row.sink
    ]
