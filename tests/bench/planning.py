"""Measures how long a run takes to its first request, however much waits."""

from __future__ import annotations

from playwright.sync_api import Playwright

from bench.figures import Figure
from bench.lab import lab
from bench.plan import Plan

GAPS = 10_000
LIMIT_S = 0.2


def planning(plan: Plan, playwright: Playwright) -> list[Figure]:
    """Of a backlog in one piece, and of one in which every other stretch is acknowledged."""
    visits = max(plan.backlog, 2 * GAPS)
    took: dict[int, list[float]] = {0: [], GAPS: []}
    with lab(playwright) as page:
        page.seed(visits)
        for _ in range(plan.runs):
            for gaps, seconds in took.items():
                to_first_s, first_batch = page.probe("planning", "plan", gaps, visits // GAPS)
                assert first_batch, "the first batch was empty"
                seconds.append(to_first_s)
    return [
        Figure(
            name=f"planning {visits:,} visits" + (f", {gaps:,} gaps" if gaps else ""),
            unit="s",
            measured=seconds,
            against="limit",
            reference=[LIMIT_S],
            goal=1.0,
        )
        for gaps, seconds in took.items()
    ]
