"""Measures a row: a fresh server, a fresh browser, and some runs in a row."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Page, Playwright

from bench.extension import Extension
from bench.host import Host
from bench.peer import Peer
from bench.plan import Plan
from bench.result import Result, differences
from bench.rows import PEERS, Row
from bench.seeds import Seeds
from bench.way import Way
from harness.browser import Browser
from harness.processes import Meter


def measure(row: Row, plan: Plan, seeds: Seeds, playwright: Playwright) -> Result:
    """Send the same visits as often as planned, and look each time what has arrived.

    Raises:
        RuntimeError: another version of HTTP was spoken than the row's.
    """
    visits = row.visits(plan.visits, full=plan.full)
    latency_ms = plan.latency_ms if row.latency_ms is None else row.latency_ms
    syncs, usages = [], []
    lost = duplicated = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        profile = folder / "profile"
        own = row.strategy not in PEERS
        ids = seeds.plant(profile, visits, heavy=row.heavy) if own else []
        with (
            Host(folder, row, latency_ms) as host,
            Browser(profile=profile, playwright=playwright, args=host.browser_args) as browser,
        ):
            way: Way = (
                Extension(browser, host, row, ids) if own else Peer(browser, host, row, visits)
            )
            meter = Meter(browser, extension=way.in_extension) if Meter.works_here() else None
            for _ in range(int(min(plan.runs, row.runs))):
                host.forget()
                way.get_ready()
                collect_garbage(way.page)
                if meter:
                    meter.start()
                syncs.append(way.sync())
                if meter:
                    usages.append(meter.stop())
                missing, more = differences(way.ids, host.stored())
                lost, duplicated = lost + missing, duplicated + more
            counts = host.counts()
    spoken = [f"HTTP/{version}" for version in counts["versions"]]
    if spoken != [row.http]:
        raise RuntimeError(f"{row.name}: {' and '.join(spoken) or 'nothing'} was spoken")
    return Result(
        row=row,
        visits=visits,
        ideal_s=row.ideal_s(visits, latency_ms),
        syncs=syncs,
        usages=usages,
        peak_in_flight=counts["peakInFlight"],
        lost=lost,
        duplicated=duplicated,
        rate_limited=counts["rateLimited"],
    )


def collect_garbage(page: Page) -> None:
    """Leave nothing of the preparations in the memory that is measured."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.detach()
