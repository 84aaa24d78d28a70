"""Past syncs and refused visits, as pages are told of them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from heyho.model import Rejection, SeqRange
from heyho.past import AT_MOST, PARTS, Past, thinned
from heyho.ports import Record
from heyho.service import Handler
from heyho.testing.loop import jumping
from heyho.testing.stores import MemoryDatabase, MemoryLedgerStore, MemoryRunStore
from unit.sync.device import T0, visit_record


def past(database: MemoryDatabase) -> Past:
    return Past(runs=MemoryRunStore(database), ledger=MemoryLedgerStore(database))


async def ask(database: MemoryDatabase, kind: str, **fields: Any) -> Record:
    service = past(database)
    assert await service.step() is False
    handler: Handler = service.handlers[kind]
    return await handler({"kind": kind, **fields})


def span(batch: int, lane: int, start: float, end: float, **changes: Any) -> Record:
    times = {"batch": batch, "lane": lane, "start": T0 + start, "end": T0 + end}
    return {**times, "visits": 10, "bytes": 100, "status": 200, "attempt": 1, **changes}


@jumping
async def test_runs_come_newest_first_page_by_page() -> None:
    database = MemoryDatabase()
    assert await ask(database, "runs", limit=2) == {"runs": [], "next": None}
    for number in range(5):
        run: Record = {"startedAt": T0 + number, "endedAt": None, "spans": []}
        await MemoryRunStore(database).add(run, keep=9, keep_spans=9)
    seen: list[int] = []
    before: int | None = None
    while True:
        reply = await ask(database, "runs", limit=2, before=before)
        seen += [run["key"] for run in reply["runs"]]
        before = reply["next"]
        if before is None:
            break
    assert seen == [5, 4, 3, 2, 1]


@jumping
async def test_a_limit_that_makes_no_sense_is_bounded() -> None:
    database = MemoryDatabase()
    for number in range(AT_MOST + 5):
        await MemoryRunStore(database).add({"startedAt": number}, keep=500, keep_spans=9)
    for limit in (None, "many", 10_000):
        assert len((await ask(database, "runs", limit=limit))["runs"]) == AT_MOST
    assert len((await ask(database, "runs", limit=0))["runs"]) == 1


@jumping
async def test_refused_visits_come_with_their_reasons() -> None:
    database = MemoryDatabase()
    database.append_visits(visit_record(number) for number in range(3))
    rejections = [Rejection("visit-0000", "too odd"), Rejection("visit-0002", "too long")]
    await MemoryLedgerStore(database).acknowledge("x", [SeqRange(1, 3)], rejections, at_ms=7)
    assert (await ask(database, "refused"))["refused"] == [
        {
            "url": f"https://site.example/{number}",
            "title": f"Page {number}",
            "startedAt": T0 + number * 1000,
            "reason": reason,
            "when": 7,
        }
        for number, reason in ((2, "too long"), (0, "too odd"))
    ]


def test_spans_that_can_be_seen_stay_as_they_are() -> None:
    spans = [span(number, number % 5, 300 * (number // 5), 300) for number in range(5)]
    assert thinned(spans, 600) == spans


def test_spans_too_short_to_be_told_apart_become_one() -> None:
    spans = [
        span(number, number % 5, 10 * (number // 5), 10 * (number // 5) + 10)
        for number in range(5000)
    ]
    spans[70]["status"] = 503
    spans[80]["rejected"] = 2
    thin = thinned(spans, 10_000)
    assert len(thin) <= 5 * (PARTS + 6)
    assert sum(each["visits"] for each in thin) == 50_000
    assert sum(each.get("batches", 1) for each in thin) == 5000
    assert [each for each in thin if each["status"] == 503] == [spans[70]]
    assert [each for each in thin if each.get("rejected")] == [spans[80]]
    for lane in range(5):
        times = [(each["start"], each["end"]) for each in thin if each["lane"] == lane]
        assert all(end <= after for (_, end), (after, _) in pairwise(times))


@pytest.mark.parametrize("spans", [[], [span(0, 0, 0, 0)]])
def test_a_run_that_took_no_time_has_its_spans(spans: list[Record]) -> None:
    assert thinned(spans, 0) == spans
