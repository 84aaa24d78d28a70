"""Which way suits: from times to a verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heyho.lab.measure import Bounds, Measure, bounds_of
from heyho.lab.sample import sample
from heyho.lab.verdict import Verdict, judge
from heyho.lab.ways import WAYS, pick_ways
from heyho.model import Run, SeqRange, Span
from heyho.settings import Settings
from heyho.sync.quota import Policy

LANES = {"sequential": 1, "concurrent-2": 2, "concurrent-5": 5, "concurrent-10": 10}
FIVE = Policy("sync-user", 5, 1.0)


def measure(way: str, ms: float, *, error: str | None = None, lanes: int | None = None) -> Measure:
    [found] = [it for it in WAYS if it.name == way]
    run = Run(started_at=0.0, trigger="manual", strategy=found.strategy, ended_at=ms)
    return Measure(
        way=way,
        changes=found.changes,
        lanes=lanes or LANES.get(way, 5),
        workers=0,
        run=run,
        error=error,
    )


def bounds(batches: int = 30, *policies: Policy, connections: int = 10) -> Bounds:
    return Bounds(batches=batches, connections=connections, policies=policies, request_ms=300.0)


def verdict(times: dict[str, float], given: Bounds | None = None) -> Verdict:
    return judge([measure(way, ms) for way, ms in times.items()], given or bounds())


def named(found: Verdict) -> tuple[str | None, str]:
    return (found.best.way if found.best else None, found.reason)


ALL_ALIKE = dict.fromkeys([way.name for way in WAYS], 1000.0)


@pytest.mark.parametrize(
    ("times", "given", "expected"),
    [
        (ALL_ALIKE, bounds(), ("sequential", "same")),
        ({**ALL_ALIKE, "concurrent-10": 960}, bounds(), ("sequential", "same")),
        (
            {"sequential": 9000, "concurrent-2": 4500, "concurrent-5": 1900, "concurrent-10": 950},
            bounds(),
            ("concurrent-10", "lanes"),
        ),
        (
            {"sequential": 9000, "concurrent-5": 1900, "concurrent-10": 1850, "auto": 1900},
            bounds(),
            ("concurrent-5", "enough"),
        ),
        (
            {"sequential": 9000, "concurrent-5": 1900, "concurrent-10": 1850},
            bounds(connections=6),
            ("concurrent-5", "connections"),
        ),
        (
            {"sequential": 900, "concurrent-2": 650, "concurrent-5": 330, "concurrent-10": 330},
            bounds(3),
            ("concurrent-5", "batches"),
        ),
        (
            {"sequential": 9000, "concurrent-2": 6000, "concurrent-5": 6000},
            bounds(30, FIVE),
            ("concurrent-2", "limited"),
        ),
        (
            {"sequential": 3329, "concurrent-2": 2132, "concurrent-5": 1919, "auto": 2123},
            bounds(10, FIVE),
            ("concurrent-5", "lanes"),
        ),
        (
            {"sequential": 3329, "concurrent-2": 1950, "concurrent-5": 1919, "auto": 2123},
            bounds(10, FIVE),
            ("concurrent-2", "quota"),
        ),
        ({"sequential": 900, "auto": 500}, bounds(), ("auto", "auto")),
        (
            {"sequential": 900, "concurrent-2": 800, "parallel": 400},
            bounds(),
            ("parallel", "workers"),
        ),
        ({"sequential": 300, "concurrent-5": 300}, bounds(1), ("sequential", "one_batch")),
        ({"sequential": 300}, bounds(), (None, "unfinished")),
        ({}, bounds(), (None, "unfinished")),
    ],
)
def test_the_verdict(
    times: dict[str, float], given: Bounds, expected: tuple[str | None, str]
) -> None:
    assert named(verdict(times, given)) == expected


def test_a_limit_is_told_where_it_decides() -> None:
    record = verdict({"sequential": 9000, "concurrent-5": 5300}, bounds(30, FIVE)).to_record()
    assert (record["quota"], record["windowS"]) == (5, 1.0)
    assert (record["compared"], record["changes"]) == (
        "sequential",
        {"strategy": "concurrent", "concurrency": 5},
    )
    roomy = Policy("sync-user", 1000, 1.0)
    free = verdict({"sequential": 9000, "concurrent-5": 1900}, bounds(30, roomy))
    assert (free.reason, free.quota) == ("lanes", None)


def test_a_quicker_way_that_was_chance_is_named() -> None:
    times = {"sequential": 990, "concurrent-5": 670, "concurrent-10": 400}
    swaying = [replace(measure(way, ms), spread_ms=280.0) for way, ms in times.items()]
    found = judge(swaying, bounds(3))
    assert named(found) == ("concurrent-5", "batches")
    record = found.to_record()
    assert (record["quickest"], record["quickestMs"]) == ("concurrent-10", 400)
    assert record["chanceMs"] == 280
    steady = verdict({**times, "concurrent-10": 650}, bounds(3))
    assert (named(steady), steady.quickest) == (("concurrent-5", "batches"), None)


def test_what_did_not_come_to_its_end_is_named_and_never_chosen() -> None:
    whole = [measure("sequential", 900), measure("concurrent-2", 500)]
    found = judge([*whole, measure("concurrent-10", 5, error="Too much.")], bounds())
    assert named(found) == ("concurrent-2", "lanes")
    assert found.failed == ("concurrent-10",)


@given(
    st.dictionaries(
        st.sampled_from([way.name for way in WAYS]), st.floats(1, 1e6), min_size=2, max_size=6
    )
)
def test_nobody_is_told_to_wait_a_tenth_longer_or_to_learn_more_than_it_takes(
    times: dict[str, float],
) -> None:
    found = verdict(times)
    assert found.best is not None
    least = min(times.values())
    assert found.best.ms <= least + max(60.0, 0.1 * least)
    simpler = [way.name for way in WAYS if way.name in times]
    for name in simpler[: simpler.index(found.best.way)]:
        assert times[name] > least + max(60.0, 0.1 * least)


def test_what_two_measures_of_one_way_differ_by_tells_no_two_ways_apart() -> None:
    def twice(way: str, *times: float) -> Measure:
        first, second = (measure(way, ms) for ms in times)
        return first.or_better(second)

    calm = [twice("sequential", 3000, 3010), twice("concurrent-5", 900, 905)]
    calm.append(twice("concurrent-10", 700, 705))
    assert named(judge(calm, bounds())) == ("concurrent-10", "lanes")
    busy = [twice("sequential", 3000, 3400), twice("concurrent-5", 1400, 900)]
    busy.append(twice("concurrent-10", 700, 1000))
    assert named(judge(busy, bounds())) == ("concurrent-5", "enough")


def test_a_failed_measure_is_worse_than_any_other() -> None:
    failed, slow = measure("auto", 5, error="No."), measure("auto", 9000)
    for best in (failed.or_better(slow), slow.or_better(failed)):
        assert (best.ms, best.is_whole, best.spread_ms) == (9000, True, 0)


def test_the_physical_limit() -> None:
    free = bounds(10, connections=6)
    assert [free.ideal_ms(lanes) for lanes in (1, 2, 5, 10)] == [3000, 1500, 600, 600]
    held = bounds(11, FIVE)
    assert (held.quota, held.quota_ms) == (FIVE, 2000)
    assert [held.ideal_ms(lanes) for lanes in (1, 10)] == [3300, 2300]
    assert bounds(5, FIVE).quota is None
    unknown = bounds_of([], batches=3, server_url="https://a.example", policies=())
    assert (unknown.ideal_ms(2), unknown.connections) == (None, 10)
    local = bounds_of([], batches=3, server_url="http://127.0.0.1:1/api/v1", policies=())
    assert local.connections == 6


def test_a_record_counts_from_the_start_of_its_way() -> None:
    it = measure("sequential", 500)
    span = Span(batch=0, lane=1, start=100.0, end=400.0, visits=3, bytes=9, status=200)
    it.run.started_at, it.run.ended_at = 50.0, 550.0
    it.run.spans.append(span)
    record = it.to_record(300.0)
    assert (record["ms"], record["requestMs"], record["lanes"]) == (500, 300, 2)
    assert [(it["start"], it["end"]) for it in record["spans"]] == [(50, 350)]


def test_ways_are_settings() -> None:
    mine = Settings(strategy="auto", concurrency=7)
    of = {way.name: way.settings(mine) for way in WAYS}
    assert (of["concurrent-2"].strategy, of["concurrent-2"].concurrency) == ("concurrent", 2)
    assert (of["parallel"].strategy, of["parallel"].concurrency) == ("parallel", 7)
    assert [it.name for it in pick_ways(["auto", "sequential", "?"])] == ["sequential", "auto"]
    assert pick_ways(None) == WAYS == pick_ways(["?"])


class TestSample:
    @pytest.mark.parametrize(
        ("within", "waiting", "want", "expected"),
        [
            (None, [], 10, []),
            ((1, 5), [(1, 5)], 10, [(1, 5)]),
            ((1, 50), [(1, 50)], 10, [(1, 10)]),
            ((1, 50), [(3, 5), (20, 50)], 10, [(3, 5), (20, 26)]),
            ((1, 50), [(49, 50)], 10, [(41, 50)]),
            ((7, 50), [], 100, [(7, 50)]),
        ],
    )
    def test_what_waits_or_else_the_latest(
        self,
        within: tuple[int, int] | None,
        waiting: list[tuple[int, int]],
        want: int,
        expected: list[tuple[int, int]],
    ) -> None:
        found = sample(
            SeqRange(*within) if within else None, [SeqRange(*it) for it in waiting], want=want
        )
        assert found == [SeqRange(*it) for it in expected]
