"""Measures whether the engine's memory grows with the backlog."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Playwright

from bench.extension import Extension
from bench.figures import Figure
from bench.host import Host
from bench.measure import collect_garbage
from bench.plan import Plan
from bench.result import differences
from bench.rows import BATCH_SIZE, Row
from bench.seeds import Seeds
from harness.browser import Browser
from harness.processes import Meter

FEW = (10_000, 100_000)
SERVICE_MS = 20.0
GOAL = 1.2
ROW = Row(way="memory", strategy="concurrent", concurrency=5, sink=True)


def memory(plan: Plan, playwright: Playwright) -> list[Figure]:
    """The most memory of the extension's pages, from the click to the end: of many, of few."""
    many = max(plan.backlog // BATCH_SIZE * BATCH_SIZE, BATCH_SIZE)
    few = [visits for visits in FEW if visits < many]
    with tempfile.TemporaryDirectory() as folder:
        seeds = Seeds(Path(folder), playwright)
        peaks_mb = {visits: _peak_mb(visits, seeds, playwright) for visits in [*few, many]}
    return [
        Figure(
            name=f"memory to sync {many:,} visits",
            unit="MB",
            measured=[peaks_mb[many]],
            against=f"{visits:,} visits",
            reference=[peaks_mb[visits]],
            goal=GOAL,
        )
        for visits in few
    ]


def _peak_mb(visits: int, seeds: Seeds, playwright: Playwright) -> float:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ids = seeds.plant(folder / "profile", visits, heavy=False)
        with (
            Host(folder, ROW, SERVICE_MS) as host,
            Browser(profile=folder / "profile", playwright=playwright) as browser,
        ):
            extension = Extension(browser, host, ROW, ids)
            extension.get_ready()
            collect_garbage(extension.page)
            meter = Meter(browser, extension=True)
            meter.start()
            extension.sync()
            usage = meter.stop()
            assert differences(ids, host.stored()) == (0, 0), "not every visit is there once"
    return usage.peak_memory_mb
