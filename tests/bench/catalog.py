"""Measures search and figures over a long history, in the engine's own Python."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from playwright.sync_api import Playwright

from bench.figures import Figure
from bench.lab import Lab, lab
from bench.library import STEP_MS, record, site, word
from bench.plan import Plan
from bench.senders import START_MS

FEW_VISITS = 100_000
TIMES = 10
"""Each question is asked so often in a run; the slowest answer counts."""
LIMIT_MS = 100.0
FIGURES_LIMIT_MS = 1000.0
STEP_LIMIT_S = 0.5
PAGE = 100
FTS5 = {
    "a rare word": f"{word(25_000)}*",
    "the most frequent word": f"{word(0)}*",
    "two frequent words that never meet": "evenly* oddly*",
    "two letters": f"{word(0)[:2]}*",
}
"""Some of the questions in the words of SQLite's FTS5."""
AT_ONCE = 50_000
"""So many visits differ in their words; of more there are several such lots."""


def questions(count: int) -> dict[str, str]:
    """What is typed, by its name, to find something among so many visits."""
    middle = datetime.fromtimestamp((START_MS + count // 2 * STEP_MS) / 1000, UTC)
    return {
        "nothing typed": "",
        "a rare word": word(25_000),
        "a word of every hundredth visit": word(40),
        "the most frequent word": word(0),
        "two frequent words": f"{word(0)} {word(1)}",
        "two frequent words that never meet": "evenly oddly",
        "a frequent and a rare word": f"{word(0)} {word(25_000)}",
        "one letter": word(0)[:1],
        "two letters": word(0)[:2],
        "no word of the kind": "nowhere",
        "a phrase": f'"{word(0)} {word(2)}"',
        "one word and not another": f"evenly -{word(0)}",
        "a frequent word until the middle": f"evenly before:{middle:%Y-%m-%d}",
        "a rare word of a month": f"{word(2_000)} on:{middle:%Y-%m}",
        "a frequent word on a rare site": f"evenly site:{site(2_900)}",
        "a rare site": f"site:{site(2_900)}",
        "a rare device": "device:phone",
        "a device that is not there": "device:tablet evenly",
        "a category": "category:news evenly",
    }


def catalog(plan: Plan, playwright: Playwright) -> list[Figure]:
    """Over `FEW_VISITS`, or the whole backlog."""
    return list(_of(plan.backlog or FEW_VISITS, plan.runs, playwright))


def _of(visits: int, runs: int, playwright: Playwright) -> Iterator[Figure]:
    with lab(playwright) as page:
        size = min(visits, AT_ONCE)
        page.put([record(number) for number in range(size)], visits // size, STEP_MS)
        steps = page.probe("catalog", "index")
        yield _figure(f"indexing {visits:,} visits", "s", [sum(steps)], visits / 1000, "1 ms each")
        yield _figure("the slowest step of it", "s", [max(steps)], STEP_LIMIT_S)
        for name, text in questions(visits).items():
            request = {"kind": "search", "text": text, "limit": PAGE}
            yield _figure(name, "ms", [_asked(page, request) for _ in range(runs)], LIMIT_MS)
        request = {"kind": "figures"}
        measured = [_asked(page, request) for _ in range(runs)]
        yield _figure("figures of all", "ms", measured, FIGURES_LIMIT_MS)
        words, days = page.probe("catalog", "size")
        yield _figure("bytes of the index, a visit", "B", [words / visits], 500)
        yield _figure("bytes of the days, a visit", "B", [days / visits], 100)
        if visits <= FEW_VISITS:
            yield from _beside_fts5(page, visits)


def _beside_fts5(page: Lab, visits: int) -> Iterator[Figure]:
    seconds, size = page.peer("fts5", "build", {})
    name = f"FTS5 in memory, indexing {visits:,} visits"
    yield _figure(name, "s", [seconds], visits / 1000, "1 ms each")
    for name, expression in FTS5.items():
        options = {"expression": expression, "limit": PAGE, "times": TIMES}
        yield _figure(f"FTS5, {name}", "ms", [page.peer("fts5", "ask", options)], LIMIT_MS)
    yield _figure("FTS5, bytes of the index, a visit", "B", [size / visits], 500)


def _asked(page: Lab, request: dict[str, object]) -> float:
    took, found = page.probe("catalog", "ask", request, TIMES)
    assert found or request.get("text"), "the index is empty"
    return float(took)


def _figure(
    name: str, unit: str, measured: list[float], limit: float, against: str = "limit"
) -> Figure:
    return Figure(
        name=f"catalog: {name}",
        unit=unit,
        measured=measured,
        against=against,
        reference=[limit],
        goal=1.0,
    )
