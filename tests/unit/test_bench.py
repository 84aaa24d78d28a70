"""The pure parts of the bench: its rows, its limits, its figures, its table and its chart."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench.chart import BARS, LABELS, chart
from bench.checks import CHECKS, planned
from bench.couch import Couch
from bench.figures import Figure, figures_table
from bench.plan import Plan
from bench.result import Result, differences
from bench.rows import BATCH_SIZE, PEERS, ROWS, Row, available, limited, matching
from bench.service import ServiceTime
from bench.sink import Sink, sunk_ids
from bench.table import table
from bench.way import Sync
from harness.processes import Usage
from heyho.replies import read_sync_reply
from heyho.settings import RANGES, STRATEGIES
from heyho.testing.loop import jumping
from heyho_server.api.asgi import Message, Receive, Scope, Send

CONTRACT = {
    *("strategy", "concurrency", "http", "seconds", "idealSeconds", "peakInFlight"),
    *("lost", "duplicated", "rateLimited", "retries", "cpuSeconds", "peakMemoryMb"),
}
SVG = "{http://www.w3.org/2000/svg}"


def row(strategy: str = "concurrent", concurrency: int = 5, **more: object) -> Row:
    return Row(way=f"{strategy} & co", strategy=strategy, concurrency=concurrency, **more)  # type: ignore[arg-type]


def result(of: Row, *seconds: float, visits: int = 10_000, metered: bool = True) -> Result:
    return Result(
        row=of,
        visits=visits,
        ideal_s=of.ideal_s(visits, 300),
        syncs=[Sync(s, retries=1) for s in seconds],
        usages=[Usage(cpu_s=s / 2, peak_memory_mb=s * 100) for s in seconds if metered],
        peak_in_flight=5,
        lost=0,
        duplicated=0,
        rate_limited=0,
    )


class TestRows:
    @pytest.mark.parametrize(
        ("concurrency", "http", "visits", "ideal_s"),
        [
            (1, "HTTP/1.1", 10_000, 3.0),
            (5, "HTTP/1.1", 10_000, 0.6),
            (10, "HTTP/1.1", 10_000, 0.6),
            (10, "HTTP/2", 10_000, 0.3),
            (5, "HTTP/2", 10_000, 0.6),
            (5, "HTTP/1.1", 1, 0.3),
            (10, "HTTP/2", 10_001, 0.6),
            (6, "HTTP/1.1", 100_000, 5.1),
        ],
    )
    def test_the_physical_limit(
        self, concurrency: int, http: str, visits: int, ideal_s: float
    ) -> None:
        assert row(concurrency=concurrency, http=http).ideal_s(visits, 300) == pytest.approx(
            ideal_s
        )

    @pytest.mark.parametrize(
        ("concurrency", "visits", "ideal_s"),
        [(5, 5000, 0.3), (5, 5001, 1.3), (5, 10_000, 1.3), (10, 100_000, 19.3), (1, 9000, 2.7)],
    )
    def test_the_physical_limit_where_rates_are_limited(
        self, concurrency: int, visits: int, ideal_s: float
    ) -> None:
        (of,) = limited([row(concurrency=concurrency), row("dexie")])
        assert of.ideal_s(visits, 300) == pytest.approx(ideal_s)
        assert "limited" in of.name

    def test_how_many_visits_it_sends(self) -> None:
        assert row().visits(1500, full=False) == 1500
        assert row(times=5).visits(1500, full=False) == 7500
        assert row(most_visits=1000).visits(1500, full=False) == 1000
        assert row(most_visits=1000).visits(1500, full=True) == 1500
        assert row(sink=True).visits(1500, full=False) == 2000

    def test_each_has_a_name_of_its_own(self) -> None:
        assert len({row.name for row in ROWS}) == len(ROWS)

    def test_those_that_the_extension_can_do_are_available(self) -> None:
        assert {row.strategy for row in available()} == {
            *PEERS,
            *(row.strategy for row in ROWS if row.strategy in STRATEGIES),
        }
        assert {"sequential", "concurrent"} <= {row.strategy for row in available()}
        assert available([row("by post")]) == []

    def test_settings_are_the_extensions(self) -> None:
        low, high = RANGES["concurrency"]
        assert all(low <= row.concurrency <= high for row in ROWS)
        assert {name for row in ROWS for name in row.settings} <= set(RANGES)

    def test_every_lane_and_http_has_its_peer(self) -> None:
        dexie = {(row.concurrency, row.http) for row in ROWS if row.strategy == "dexie"}
        assert {(row.concurrency, row.http) for row in ROWS} == dexie

    @pytest.mark.parametrize(
        ("pattern", "found"), [("", 2), ("concurrent", 1), ("DEXIE 5", 1), ("HTTP/2", 0)]
    )
    def test_are_found_by_their_names(self, pattern: str, found: int) -> None:
        rows = [row(), row("dexie")]
        assert len(matching(re.compile(pattern, re.IGNORECASE), rows)) == found


class TestResult:
    def test_tells_of_all_its_runs(self) -> None:
        record = result(row(), 0.9, 0.7, 0.6).to_record()
        assert record.keys() >= CONTRACT
        assert (record["seconds"], record["firstSeconds"], record["bestSeconds"]) == (0.7, 0.9, 0.6)
        assert (record["cpuSeconds"], record["peakMemoryMb"], record["retries"]) == (0.35, 90, 3)

    def test_does_not_make_up_what_was_not_measured(self) -> None:
        record = result(row(), 0.9, metered=False).to_record()
        assert (record["cpuSeconds"], record["peakMemoryMb"]) == (None, None)

    @pytest.mark.parametrize(
        ("stored", "lost", "duplicated"),
        [("ab", 0, 0), ("a", 1, 0), ("aab", 0, 1), ("bb", 1, 1), ("abc", 0, 1), ("", 2, 0)],
    )
    def test_every_id_counts_once(self, stored: str, lost: int, duplicated: int) -> None:
        assert differences("ab", stored) == (lost, duplicated)


class TestFigures:
    figure = Figure(
        name="mixing",
        unit="s",
        measured=[0.9, 0.6, 0.8],
        against="a spoon",
        reference=[0.5, 0.4, 0.6],
        goal=1.5,
    )

    def test_compare_best_with_best_and_median_with_median(self) -> None:
        record = self.figure.to_record()
        assert (record["ratio"], record["ratioOfMedians"]) == (1.5, 1.6)

    def test_may_have_a_limit_for_a_peer(self) -> None:
        assert replace(self.figure, reference=[1.2]).ratio == pytest.approx(0.5)

    def test_have_a_table(self) -> None:
        headings, _, cells = split(figures_table([self.figure]))
        assert len(headings) == len(cells)
        assert cells[:2] == ["mixing", "s"]
        assert cells[-3:] == ["1.50", "1.60", "1.50"]

    def test_of_long_backlogs_are_left_out_without_one(self) -> None:
        anything = re.compile("")
        checks = [replace(CHECKS[0], with_backlog=True), CHECKS[1]]
        plan = Plan(visits=1, latency_ms=0, runs=1)
        assert planned(anything, plan, checks) == checks[1:]
        assert planned(anything, replace(plan, backlog=10), checks) == checks
        assert planned(re.compile("no such"), plan, checks) == []


def split(text: str) -> list[list[str]]:
    """The cells of a table, line by line."""
    lines = [line.strip("|").split("|") for line in text.splitlines()]
    return [[cell.strip() for cell in line] for line in lines]


class TestTable:
    def cells(self, *results: Result) -> list[dict[str, str]]:
        headings, _, *rows = split(table(results))
        return [dict(zip(headings, cells, strict=True)) for cells in rows]

    def test_compares_with_the_limit_and_with_dexie(self) -> None:
        heyho, dexie = self.cells(result(row(), 0.66), result(row("dexie"), 0.825))
        assert (heyho["median s"], heyho["of limit"], heyho["of Dexie"]) == ("0.66", "1.10", "0.80")
        assert (dexie["of limit"], dexie["of Dexie"]) == ("1.38", "1.00")

    def test_compares_nothing_that_differs(self) -> None:
        heyho = result(row(), 0.66)
        for other in (
            result(row("dexie", 10), 0.8),
            result(row("dexie", http="HTTP/2"), 0.8),
            result(row("dexie"), 0.8, visits=2000),
        ):
            assert self.cells(heyho, other)[0]["of Dexie"] == ""

    def test_has_columns_of_one_width(self) -> None:
        text = table([result(row(), 0.66), result(row("dexie"), 12.5, metered=False)])
        assert len({len(line) for line in text.splitlines()}) == 1


class TestChart:
    def test_has_a_bar_and_a_limit_for_each_row(self) -> None:
        results = [result(row(), 0.7), result(row("pouchdb", 1), 25.0, visits=2000)]
        svg = ET.fromstring(chart(results, 10_000, 300))
        bars = [bar for bar in svg.iter(f"{SVG}rect") if bar.get("class")]
        assert [bar.get("class") for bar in bars] == ["own", "peer"]
        assert len(list(svg.iter(f"{SVG}path"))) == 1 + len(results)
        texts = [text.text for text in svg.iter(f"{SVG}text")]
        assert {"concurrent & co, HTTP/1.1", " 0.70 s"} <= set(texts)
        assert {"pouchdb & co, HTTP/1.1, 2,000 visits", " → 25.00 s"} <= set(texts)

    def test_cuts_off_what_is_far_beyond_the_limit(self) -> None:
        results = [result(row(), seconds) for seconds in (0.3, 0.9, 60)]
        svg = ET.fromstring(chart(results, 10_000, 300))
        widths = [
            float(str(bar.get("width"))) for bar in svg.iter(f"{SVG}rect") if bar.get("class")
        ]
        assert widths == [pytest.approx(BARS / 3, abs=0.1), BARS, BARS]
        assert float(str(svg.get("viewBox")).split()[2]) > LABELS + BARS

    def test_stands_a_service_time_of_nothing(self) -> None:
        ET.fromstring(chart([replace(result(row(), 0.3), ideal_s=0.0)], 10_000, 0))


async def receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def ignore(message: Message) -> None:
    pass


class TestServiceTime:
    """On a clock that jumps; `took` is how long each request was under way."""

    async def request(self, app: ServiceTime, path: str = "/data/sync") -> float:
        loop = asyncio.get_running_loop()
        start = loop.time()
        await app({"type": "http", "path": path, "http_version": "2"}, receive, ignore)
        return loop.time() - start

    def app(self, work_s: float, status: int = 200) -> ServiceTime:
        async def work(scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.sleep(work_s)
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        return ServiceTime(work, 0.3, lambda scope: scope["path"] == "/data/sync")

    @jumping
    async def test_is_a_floor_and_not_an_addition(self) -> None:
        assert await self.request(self.app(work_s=0.1)) == pytest.approx(0.3)
        assert await self.request(self.app(work_s=0.5)) == pytest.approx(0.5)

    @jumping
    async def test_is_not_for_other_requests(self) -> None:
        app = self.app(work_s=0.1)
        assert await self.request(app, "/config") == pytest.approx(0.1)
        assert app.counts.requests == 0

    @jumping
    async def test_is_the_same_for_all_that_travel_together(self) -> None:
        app = self.app(work_s=0.1, status=429)
        took = await asyncio.gather(*(self.request(app) for _ in range(10)))
        assert took == [pytest.approx(0.3)] * 10
        assert app.counts.to_record() == {
            "requests": 10,
            "rateLimited": 10,
            "peakInFlight": 10,
            "versions": ["2"],
        }
        assert app.counts.in_flight == 0


class TestSink:
    def test_keeps_what_it_takes(self, tmp_path: Path) -> None:
        sent: list[Message] = []

        async def two_batches() -> None:
            sink = Sink(tmp_path / "sink")
            for ids in ("ab", "bc"):
                await sink({}, posting(ids), collect)

        async def collect(message: Message) -> None:
            sent.append(message)

        asyncio.run(two_batches())
        assert sorted(sunk_ids(tmp_path / "sink")) == ["a", "b", "b", "c"]
        taken = read_sync_reply(200, json.loads(sent[-1]["body"]), sent=BATCH_SIZE)
        assert taken.rejections == ()


def posting(ids: str) -> Receive:
    """The request of a batch, in two pieces."""
    body = gzip.compress(json.dumps({"pageVisits": [{"id": one} for one in ids]}).encode())
    pieces = iter([(body[:10], True), (body[10:], False)])

    async def receive() -> Message:
        piece, more = next(pieces)
        return {"type": "http.request", "body": piece, "more_body": more}

    return receive


class TestCouch:
    def test_asks_only_for_what_it_has_not(self) -> None:
        couch = Couch()
        assert couch.do("GET", "", None)[0] == 200
        offered = {"a": ["1-x"], "b": ["1-y"]}
        assert couch.do("POST", "_revs_diff", offered)[1].keys() == {"a", "b"}
        couch.do("POST", "_bulk_docs", {"docs": [{"_id": "a", "_rev": "1-x"}]})
        assert couch.do("POST", "_revs_diff", offered)[1] == {"b": {"missing": ["1-y"]}}
        assert couch.written == {"a": 1}

    def test_keeps_checkpoints(self) -> None:
        couch = Couch()
        assert couch.do("GET", "_local/it", None)[0] == 404
        assert couch.do("PUT", "_local/it", {"last_seq": 5})[0] == 201
        assert couch.do("GET", "_local/it", None)[1] == {"last_seq": 5, "_rev": "0-1"}
