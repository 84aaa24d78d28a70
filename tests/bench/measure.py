"""Measures a row: a fresh server, a fresh browser, and some runs in a row."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, Playwright

from bench.extension import Extension
from bench.host import Host
from bench.peer import Peer
from bench.plan import Plan
from bench.result import Result, differences
from bench.rows import PEERS, Row
from bench.way import Way
from harness.browser import Browser
from harness.processes import Meter


def measure(row: Row, plan: Plan, playwright: Playwright) -> Result:
    """Send the visits as often as planned, and look what has arrived.

    Raises:
        RuntimeError: another version of HTTP was spoken than the row's.
    """
    visits = plan.visits if plan.full else int(min(plan.visits, row.most_visits))
    made: list[str] = []
    syncs, usages = [], []
    with (
        tempfile.TemporaryDirectory() as folder,
        Host(Path(folder), row, plan.latency_ms) as host,
        Browser(playwright=playwright, args=host.browser_args) as browser,
    ):
        way = way_of(row)(browser, host, row)
        meter = Meter(browser, extension=way.in_extension) if Meter.works_here() else None
        for _ in range(int(min(plan.runs, row.runs))):
            made += way.seed(visits)
            collect_garbage(way.page)
            if meter:
                meter.start()
            syncs.append(way.sync())
            if meter:
                usages.append(meter.stop())
        counts = host.counts()
        lost, duplicated = differences(made, way.stored())
    spoken = [f"HTTP/{version}" for version in counts["versions"]]
    if spoken != [row.http]:
        raise RuntimeError(f"{row.name}: {' and '.join(spoken) or 'nothing'} was spoken")
    return Result(
        row=row,
        visits=visits,
        ideal_s=row.ideal_s(visits, plan.latency_ms),
        syncs=syncs,
        usages=usages,
        peak_in_flight=counts["peakInFlight"],
        lost=lost,
        duplicated=duplicated,
        rate_limited=counts["rateLimited"],
    )


def way_of(row: Row) -> Callable[[Browser, Host, Row], Way]:
    """What carries out a row."""
    return Peer if row.strategy in PEERS else Extension


def collect_garbage(page: Page) -> None:
    """Leave nothing of the seeding in the memory that is measured."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.detach()
