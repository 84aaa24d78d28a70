"""Measures what it takes to read, encode and compress visits, beside the same in JavaScript."""

from __future__ import annotations

from collections.abc import Iterable

from playwright.sync_api import Playwright

from bench.figures import Figure
from bench.lab import Lab, lab
from bench.plan import Plan
from bench.rows import BATCH_SIZE

MOST_VISITS = 100_000
LANES = (1, 5)
GOAL = 1.5


def preparing(plan: Plan, playwright: Playwright) -> list[Figure]:
    """Of ten times the visits of a row, and `MOST_VISITS` at most; Heyho and the peer in turns."""
    visits = min(10 * plan.visits, MOST_VISITS)
    own: dict[int, list[float]] = {lanes: [] for lanes in LANES}
    peer: list[float] = []
    with lab(playwright) as page:
        page.seed(visits)
        for _ in range(plan.runs):
            for lanes in LANES:
                own[lanes].append(_own_s(page, visits, lanes))
            peer.append(_peer_s(page, visits))
    return [
        Figure(
            name=f"preparing {visits:,} visits, {lanes} at once",
            unit="s",
            measured=own[lanes],
            against="JavaScript with Dexie",
            reference=peer,
            goal=GOAL,
        )
        for lanes in LANES
    ]


def _own_s(page: Lab, visits: int, lanes: int) -> float:
    return _seconds(page.probe("preparing", "prepare", 1, visits, BATCH_SIZE, lanes))


def _peer_s(page: Lab, visits: int) -> float:
    options = {"first": 1, "last": visits, "size": BATCH_SIZE}
    return _seconds(page.peer("preparing", "prepare", options))


def _seconds(result: Iterable[float]) -> float:
    seconds, sent_bytes = result
    assert sent_bytes, "nothing was prepared"
    return seconds
