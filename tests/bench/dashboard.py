"""Measures how quickly the dashboard shows a long history, in the built extension."""

from __future__ import annotations

from statistics import median

from playwright.sync_api import Playwright

from bench.figures import Figure
from bench.plan import Plan
from harness.browser import Browser
from harness.fluency import fluency

USUAL = 100_000
LIMITS_MS = {
    "opened to first results, engine closed": 1500.0,
    "opened to first results, engine open": 500.0,
    "a window scrolled to rows in it": 100.0,
    "keystroke to results": 100.0,
    "figures of everything": 1000.0,
}


def dashboard(plan: Plan, playwright: Playwright) -> list[Figure]:
    """The median of each, against what feels immediate."""
    visits = plan.backlog or USUAL
    with Browser(playwright=playwright) as browser:
        times = fluency(browser, visits)
    return [
        Figure(
            name=f"dashboard, {visits:,} visits: {name}",
            unit="ms",
            measured=[median(times[name])],
            against="the limit",
            reference=[limit_ms],
            goal=1.0,
        )
        for name, limit_ms in LIMITS_MS.items()
    ]
