"""A run, and several in a row: nothing is lost, nothing is doubled, and the record is true."""

from __future__ import annotations

import asyncio
import json
from itertools import groupby
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heyho.errors import (
    NotSignedIn,
    RateLimited,
    ServerFailed,
    StorageError,
    StorageFull,
    TimedOut,
    TooLarge,
    Unintelligible,
    Unreachable,
)
from heyho.model import Outcome, SeqRange
from heyho.ports import Record
from heyho.ports.device import Conditions
from heyho.ports.network import Reply
from heyho.sync.attempts import OFFLINE_S, REQUEST_TIMEOUT_S
from heyho.sync.courier import MAX_FAILURES_IN_A_ROW
from heyho.sync.patience import MAX_ATTEMPTS
from heyho.sync.synchronizer import RUNS_KEPT, RunResult
from heyho.testing.loop import jumping
from heyho.testing.network import reply
from heyho.testing.stores import MemoryLedgerStore
from unit.sync.device import DESTINATION, Device
from unit.sync.servers import (
    Fault,
    ScriptedServer,
    forgetful,
    garbage,
    healthy,
    loses_reply,
    refusal,
    says,
    silent,
    unreachable,
    writes,
)

STRATEGIES = ["sequential", "concurrent", "parallel", "auto"]
OF_ONE_LANE = ["sequential", "concurrent"]  # with `concurrency` 1
DAY_S = 24 * 3600.0


def assert_adds_up(device: Device, result: RunResult) -> None:
    """The run's record and the progress agree with each other."""
    run, last = result.run, device.announced[-1]
    assert last["visitsDone"] == run.visits + run.rejected
    assert last["bytes"] == run.bytes
    assert last["inFlight"] == 0
    assert last["visitsDone"] + last["visitsFailed"] <= last["visits"]
    assert last["batchesDone"] + last["batchesFailed"] <= last["batches"]
    if run.outcome == "complete":
        assert last["visitsDone"] == last["visits"]
        assert last["batchesDone"] == last["batches"]
    for name in ("visitsDone", "visitsFailed", "batchesDone", "batchesFailed", "bytes"):
        told = [progress[name] for progress in device.announced]
        assert told == sorted(told)
    for span in run.spans:
        assert run.started_at <= span.start <= span.end <= (run.ended_at or 0)
        assert 0 <= span.batch < last["batches"]
        assert span.bytes > 0


class TestHealthy:
    @pytest.mark.parametrize("strategy", STRATEGIES)
    @jumping
    async def test_all_that_waits_is_sent_once(self, strategy: str) -> None:
        server = ScriptedServer()
        device = Device(server.answer, visits=95, batchSize=10, strategy=strategy)
        result = await device.sync()
        await device.assert_all_is_on(server)
        assert_adds_up(device, result)
        run = result.run
        assert (run.outcome, run.error, result.error) == ("complete", None, None)
        assert (run.visits, run.batches, run.rejected) == (95, 10, 0)
        assert sorted(len(batch) for batch in server.batches) == [5] + [10] * 9
        assert sorted(server.received) == sorted(device.visits)

    @jumping
    async def test_one_span_for_each_request(self) -> None:
        server = ScriptedServer()
        device = Device(server.answer, visits=25, batchSize=10, concurrency=3)
        run = (await device.sync()).run
        spans = sorted((span.batch, span.lane, span.visits, span.status) for span in run.spans)
        assert spans == [(0, 0, 10, 200), (1, 1, 10, 200), (2, 2, 5, 200)]
        assert {round(span.end - span.start) for span in run.spans} == {300}
        assert run.bytes == sum(span.bytes for span in run.spans)
        assert run.ended_at == pytest.approx(run.started_at + 300)

    @pytest.mark.parametrize(
        ("strategy", "lanes", "peak"), [("sequential", 5, 1), ("concurrent", 5, 5)]
    )
    @jumping
    async def test_the_settings_say_how_many_travel_at_once(
        self, strategy: str, lanes: int, peak: int
    ) -> None:
        server = ScriptedServer()
        device = Device(server.answer, visits=100, batchSize=10)
        await device.sync(strategy=strategy, concurrency=lanes)
        assert server.peak == peak
        assert max(progress["inFlight"] for progress in device.announced) == peak

    @pytest.mark.parametrize("strategy", STRATEGIES)
    @jumping
    async def test_a_second_run_has_nothing_to_do(self, strategy: str) -> None:
        server = ScriptedServer()
        device = Device(server.answer, visits=7, strategy=strategy)
        await device.sync()
        await asyncio.sleep(2 * DAY_S)
        result = await device.sync()
        assert (result.run.outcome, result.run.batches, result.error) == ("nothing", 0, None)
        assert device.announced == []
        assert (len(server.batches), server.config_asked) == (1, 1)

    @jumping
    async def test_without_visits_no_server_is_asked_anything(self) -> None:
        server = ScriptedServer()
        result = await Device(server.answer).sync()
        assert result.run.outcome == "nothing"
        assert server.config_asked == 0

    @jumping
    async def test_what_comes_during_a_run_waits_for_the_next(self) -> None:
        server = ScriptedServer(latency_s=1)
        device = Device(server.answer, visits=20, batchSize=10, strategy="sequential")
        run = asyncio.create_task(device.sync())
        await asyncio.sleep(0.5)
        device.visit(5)
        assert (await run).run.visits == 20
        assert len(await device.waiting()) == 5
        assert (await device.sync()).run.visits == 5
        await device.assert_all_is_on(server)

    @jumping
    async def test_numbers_without_a_visit_cost_no_request(self) -> None:
        server = ScriptedServer()
        device = Device(server.answer, visits=30, batchSize=10)
        for seq in range(11, 21):
            del device.database.visits[seq]
        result = await device.sync()
        assert (len(server.batches), result.run.batches) == (2, 2)
        assert_adds_up(device, result)
        assert await device.waiting() == []

    @jumping
    async def test_the_number_of_visits_that_wait(self) -> None:
        server = ScriptedServer(says(404))
        device = Device(server.answer, visits=25, batchSize=10)
        synchronizer = device.restarted()
        assert await synchronizer.waiting(DESTINATION) == 25
        await device.sync()
        assert await synchronizer.waiting(DESTINATION) == 10
        await device.sync()
        assert await synchronizer.waiting(DESTINATION) == 0
        assert await Device(server.answer).restarted().waiting(DESTINATION) == 0


FINAL = {
    *("401", "403", "404", "a proxy's page", "a bare 400", "an empty answer", "any JSON"),
    "a short account",
}
FAULTS: dict[str, tuple[Fault, type[Exception], int]] = {
    "500": (says(500, "Data sync failed"), ServerFailed, 500),
    "503": (says(503, retry_after="7"), ServerFailed, 503),
    "408": (says(408), ServerFailed, 408),
    "425": (says(425), ServerFailed, 425),
    "429": (says(429, retry_after="30"), RateLimited, 429),
    "401": (says(401), NotSignedIn, 401),
    "403": (says(403), NotSignedIn, 403),
    "404": (says(404), Unintelligible, 404),
    "a proxy's page": (garbage, Unintelligible, 200),
    "a proxy's error page": (writes(502, "<html>Bad gateway</html>"), ServerFailed, 502),
    "a bare 400": (writes(400, "Bad Request"), Unintelligible, 400),
    "an empty answer": (writes(200, ""), Unintelligible, 200),
    "any JSON": (writes(200, '{"success": true}'), Unintelligible, 200),
    "a short account": (forgetful, Unintelligible, 200),
    "unreachable": (unreachable, Unreachable, 0),
    "a lost reply": (loses_reply, Unreachable, 0),
    "silence": (silent, TimedOut, 0),
}


class TestFaults:
    @pytest.mark.parametrize("strategy", OF_ONE_LANE)
    @pytest.mark.parametrize("name", FAULTS)
    @jumping
    async def test_a_batch_that_fails_goes_again(self, name: str, strategy: str) -> None:
        fault, kind, status = FAULTS[name]
        server = ScriptedServer(cursed={"visit-0011": fault})
        device = Device(server.answer, visits=30, batchSize=10, concurrency=1, strategy=strategy)

        result = await device.sync()
        assert type(result.error) is kind
        assert (result.run.outcome, result.run.error) == ("partial", str(result.error))
        failed = [span for span in result.run.spans if span.batch == 1]
        in_parts = [1, 1] if name == "silence" else None
        assert [s.attempt for s in failed] == (in_parts or list(range(1, result.run.retries + 2)))
        assert {span.status for span in failed} == {status}
        assert result.run.retries == (0 if name in FINAL else {"silence": 0, "429": 2}.get(name, 4))
        assert await device.waiting() == sorted(device.visits)[10:][: 30 - result.run.visits]
        assert set(server.batches[1]) <= set(await device.waiting())
        assert_adds_up(device, result)
        assert device.announced[-1]["visitsFailed"] == 10
        assert device.announced[-1]["batchesFailed"] == 1

        server.cursed.clear()
        result = await device.sync()
        assert (result.run.outcome, result.error) == ("complete", None)
        await device.assert_all_is_on(server)

    @pytest.mark.parametrize("strategy", OF_ONE_LANE)
    @pytest.mark.parametrize("name", FAULTS)
    @jumping
    async def test_what_passes_passes_within_the_run(self, name: str, strategy: str) -> None:
        server = ScriptedServer(healthy, FAULTS[name][0])
        device = Device(server.answer, visits=30, batchSize=10, concurrency=1, strategy=strategy)
        result = await device.sync()
        assert_adds_up(device, result)
        if name in FINAL:
            assert (result.run.outcome, result.run.retries) == ("partial", 0)
        elif name == "silence":
            assert (result.run.outcome, result.error) == ("complete", None)
            assert [span.visits for span in result.run.spans] == [10, 10, 2, 2, 2, 2, 2, 10]
            await device.assert_all_is_on(server)
        else:
            assert (result.run.outcome, result.run.retries, result.error) == ("complete", 1, None)
            assert [span.attempt for span in result.run.spans] == [1, 1, 2, 1]
            await device.assert_all_is_on(server)

    @pytest.mark.parametrize("name", FAULTS)
    @jumping
    async def test_when_every_batch_fails_so_does_the_run(self, name: str) -> None:
        fault = FAULTS[name][0]
        server = ScriptedServer(cursed={f"visit-{n:04}": fault for n in range(1, 51, 10)})
        device = Device(server.answer, visits=50, batchSize=10)
        result = await device.sync()
        assert (result.run.outcome, result.run.visits, result.run.batches) == ("failed", 0, 0)
        assert await device.waiting() == sorted(device.visits)
        server.cursed.clear()
        await device.sync()
        await device.assert_all_is_on(server)

    @pytest.mark.parametrize("name", ["500", "silence", "a lost reply", "a proxy's page"])
    @jumping
    async def test_others_go_on_beside_it(self, name: str) -> None:
        server = ScriptedServer(cursed={"visit-0011": FAULTS[name][0]})
        device = Device(server.answer, visits=60, batchSize=10, concurrency=2)
        result = await device.sync()
        assert result.run.visits == 50
        assert await device.waiting() == sorted(device.visits)[10:20]

    @pytest.mark.parametrize("name", ["401", "429"])
    @jumping
    async def test_some_faults_end_the_run(self, name: str) -> None:
        server = ScriptedServer(cursed={"visit-0011": FAULTS[name][0]})
        device = Device(server.answer, visits=100, batchSize=10, concurrency=1)
        result = await device.sync()
        assert ({span.batch for span in result.run.spans}, result.run.visits) == ({0, 1}, 10)
        assert len(await device.waiting()) == 90

    @jumping
    async def test_the_servers_wish_to_wait_comes_through(self) -> None:
        server = ScriptedServer(says(429, retry_after="99"))
        result = await Device(server.answer, visits=1).sync()
        assert isinstance(result.error, RateLimited)
        assert result.error.retry_after_s == 99
        assert result.run.rate_limited == 1

    @pytest.mark.parametrize("status", [429, 503])
    @jumping
    async def test_it_is_known_before_the_run_has_ended(self, status: int) -> None:
        """A browser that is killed meanwhile must not ask again at its next start."""
        server = ScriptedServer(says(status, retry_after="30"))
        device = Device(server.answer, visits=1)
        run = asyncio.ensure_future(device.sync())
        await asyncio.sleep(10)
        assert not run.done()
        gate = device.database.state["pace"]["gate"]
        assert gate["blockedUntil"] - device.clock.now_ms() == pytest.approx(20_000, abs=1_000)
        assert (await run).run.outcome == "complete"

    @jumping
    async def test_a_person_may_insist(self) -> None:
        server = ScriptedServer(says(429, retry_after="1800"))
        device = Device(server.answer, visits=30, batchSize=10)
        assert isinstance((await device.sync()).error, RateLimited)
        asked = len(server.batches)
        run = await device.restarted().run(
            device.settings(), trigger="periodic", client_id="device", announce=lambda _: None
        )
        assert isinstance(run.error, RateLimited)
        assert len(server.batches) == asked
        assert (await device.sync()).run.outcome == "complete"
        await device.assert_all_is_on(server)

    @jumping
    async def test_a_run_gives_up_when_nothing_gets_through(self) -> None:
        server = ScriptedServer(*[says(404)] * 99)
        device = Device(server.answer, visits=99, batchSize=1, concurrency=1)
        await device.sync()
        assert len(server.batches) == MAX_FAILURES_IN_A_ROW

    @jumping
    async def test_a_run_is_not_patient_for_ever(self) -> None:
        server = ScriptedServer(*[says(500)] * 999)
        device = Device(server.answer, visits=99, batchSize=1, concurrency=3)
        result = await device.sync()
        assert len(server.batches) <= (MAX_FAILURES_IN_A_ROW + 2) * MAX_ATTEMPTS
        assert (result.run.ended_at or 0) - result.run.started_at < 100_000

    @jumping
    async def test_but_not_when_something_does(self) -> None:
        nine_of_ten = [*[says(404)] * (MAX_FAILURES_IN_A_ROW - 1), healthy]
        server = ScriptedServer(*nine_of_ten * 9)
        device = Device(server.answer, visits=90, batchSize=1, concurrency=1)
        assert (await device.sync()).run.visits == 9
        assert len(server.batches) == 90

    @jumping
    async def test_silence_costs_one_time_out(self) -> None:
        server = ScriptedServer(silent)
        result = await Device(server.answer, visits=1).sync()
        assert (result.run.outcome, result.run.retries) == ("complete", 1)
        span = result.run.spans[0]
        assert span.end - span.start == pytest.approx(REQUEST_TIMEOUT_S * 1000)
        assert span.status == 0

    @jumping
    async def test_a_cancelled_run_gives_everything_back(self) -> None:
        server = ScriptedServer(latency_s=1)
        device = Device(server.answer, visits=100, batchSize=10, concurrency=3)
        task = asyncio.create_task(device.sync())
        await asyncio.sleep(1.5)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert (server.in_flight, len(server.visits)) == (0, 30)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert await device.waiting() == sorted(device.visits)[30:]
        await device.sync()
        await device.assert_all_is_on(server)


class TestCancel:
    @pytest.mark.parametrize("strategy", STRATEGIES)
    @jumping
    async def test_it_stops_promptly_and_gives_all_back(self, strategy: str) -> None:
        server = ScriptedServer(latency_s=1)
        device = Device(server.answer, visits=100, batchSize=5, strategy=strategy)
        run = asyncio.create_task(device.sync())
        await asyncio.sleep(1.5)
        taken = len(server.visits)
        assert device.synchronizer.cancel()
        result = await run
        assert (result.run.outcome, result.run.cancelled, result.error) == ("partial", True, None)
        assert asyncio.get_running_loop().time() == pytest.approx(1.5)
        assert (server.in_flight, result.run.visits) == (0, taken)
        assert await device.waiting() == sorted(set(device.visits) - set(server.visits))
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert list(device.database.runs.values())[-1]["cancelled"]
        await device.sync()
        await device.assert_all_is_on(server)

    @jumping
    async def test_it_ends_a_pause_too(self) -> None:
        server = ScriptedServer(*[says(503, retry_after="50")] * 9)
        device = Device(server.answer, visits=9, strategy="sequential")
        run = asyncio.create_task(device.sync())
        await asyncio.sleep(20)
        device.synchronizer.cancel()
        assert (await run).run.cancelled
        assert asyncio.get_running_loop().time() == pytest.approx(20)

    @jumping
    async def test_without_a_run_there_is_nothing_to_cancel(self) -> None:
        device = Device(ScriptedServer().answer)
        assert not device.synchronizer.cancel()
        await device.sync()
        assert not device.synchronizer.cancel()


class TestOffline:
    @jumping
    async def test_a_run_waits_for_the_connection(self) -> None:
        server = ScriptedServer(healthy, unreachable)
        device = Device(server.answer, visits=30, batchSize=10, strategy="sequential")
        run = asyncio.create_task(device.sync())
        await asyncio.sleep(0.5)
        device.conditions = Conditions(online=False)
        await asyncio.sleep(20)
        assert (len(server.batches), run.done()) == (2, False)
        device.conditions = Conditions()
        result = await run
        assert (result.run.outcome, result.run.retries) == ("complete", 1)
        assert 20.5 <= asyncio.get_running_loop().time() < 22
        await device.assert_all_is_on(server)

    @pytest.mark.parametrize("strategy", STRATEGIES)
    @jumping
    async def test_but_not_for_ever(self, strategy: str) -> None:
        server = ScriptedServer(healthy, *[unreachable] * 99)
        device = Device(server.answer, visits=90, batchSize=10, strategy=strategy)
        run = asyncio.create_task(device.sync())
        await asyncio.sleep(0.5)
        device.conditions = Conditions(online=False)
        result = await run
        assert result.run.outcome == "partial"
        assert isinstance(result.error, Unreachable)
        assert asyncio.get_running_loop().time() < 3 * OFFLINE_S + 30
        server.script.clear()
        device.conditions = Conditions()
        await device.sync()
        await device.assert_all_is_on(server)


class TestSplitting:
    @pytest.mark.parametrize("strategy", STRATEGIES)
    @pytest.mark.parametrize("takes", [1, 3, 7, 20])
    @jumping
    async def test_a_server_that_takes_less_than_it_says(self, takes: int, strategy: str) -> None:
        server = ScriptedServer(takes=takes)
        device = Device(server.answer, visits=50, batchSize=20, strategy=strategy)
        result = await device.sync()
        assert result.run.outcome == "complete"
        assert result.run.visits == 50
        assert_adds_up(device, result)
        await device.assert_all_is_on(server)
        assert len(server.received) == 50

    @jumping
    async def test_every_attempt_leaves_a_span(self) -> None:
        server = ScriptedServer(takes=10)
        run = (await Device(server.answer, visits=40).sync()).run
        spans = [(span.batch, span.visits, span.status) for span in run.spans]
        assert spans == [
            (0, 40, 413),
            (0, 20, 413),
            (0, 10, 200),
            (0, 10, 200),
            (0, 20, 413),
            (0, 10, 200),
            (0, 10, 200),
        ]

    @jumping
    async def test_the_original_servers_words_for_too_large(self) -> None:
        server = ScriptedServer(
            says(400, "Batch size exceeded. Maximum 1000 records allowed, got 1001")
        )
        device = Device(server.answer, visits=8)
        assert (await device.sync()).run.outcome == "complete"
        assert [len(batch) for batch in server.batches] == [8, 4, 4]
        await device.assert_all_is_on(server)

    @jumping
    async def test_too_many_bytes_are_split_before_they_travel(self) -> None:
        config = reply(200, {"maxRecords": 1000, "maxBodyBytes": 3000})
        server = ScriptedServer(config=config)
        device = Device(server.answer, visits=64)
        result = await device.sync()
        await device.assert_all_is_on(server)
        assert {len(batch) for batch in server.batches} == {8}
        assert len(result.run.spans) == len(server.batches) == 8

    @jumping
    async def test_one_visit_of_too_many_bytes_goes_into_quarantine(self) -> None:
        config = reply(200, {"maxRecords": 1000, "maxBodyBytes": 3000})
        server = ScriptedServer(config=config)
        device = Device(server.answer, visits=9)
        [huge] = device.visit(title="x" * 4000)
        result = await device.sync()
        assert (result.run.outcome, result.run.visits, result.run.rejected) == ("complete", 9, 1)
        assert list(device.quarantine) == [huge]
        assert "larger" in device.quarantine[huge]
        assert huge not in server.received

    @jumping
    async def test_half_a_batch_can_fail(self) -> None:
        server = ScriptedServer(says(413), healthy, says(404))
        device = Device(server.answer, visits=8)
        result = await device.sync()
        assert (result.run.outcome, result.run.visits) == ("partial", 4)
        assert await device.waiting() == sorted(device.visits)[4:]
        assert device.announced[-1]["visitsDone"] == 4
        assert device.announced[-1]["visitsFailed"] == 4
        await device.sync()
        await device.assert_all_is_on(server)

    @jumping
    async def test_the_other_half_waits_when_the_first_fails(self) -> None:
        server = ScriptedServer(says(413), says(404))
        device = Device(server.answer, visits=8)
        result = await device.sync()
        assert (result.run.outcome, len(server.batches)) == ("failed", 2)
        assert device.announced[-1]["visitsFailed"] == 8
        await device.sync()
        await device.assert_all_is_on(server)

    @pytest.mark.parametrize("strategy", STRATEGIES)
    @pytest.mark.parametrize("number", [1, 5, 20])
    @jumping
    async def test_a_visit_that_a_proxy_does_not_take_holds_up_no_other(
        self, number: int, strategy: str
    ) -> None:
        visit_id = f"visit-{number:04}"
        server = ScriptedServer(cursed={visit_id: writes(413, "<html>Too large</html>")})
        device = Device(server.answer, visits=30, batchSize=10, strategy=strategy)
        result = await device.sync()
        assert (result.run.outcome, result.run.visits, result.run.rejected) == ("partial", 29, 0)
        assert isinstance(result.error, TooLarge)
        assert await device.waiting() == [visit_id]
        assert_adds_up(device, result)
        server.cursed.clear()
        await device.sync()
        await device.assert_all_is_on(server)

    @pytest.mark.parametrize("strategy", STRATEGIES)
    @jumping
    async def test_a_proxy_that_takes_nothing_is_not_asked_for_each_visit(
        self, strategy: str
    ) -> None:
        server = ScriptedServer(*[writes(413, "<html>Too large</html>")] * 9999)
        device = Device(server.answer, visits=1000, batchSize=100, strategy=strategy)
        result = await device.sync()
        assert (result.run.outcome, len(await device.waiting())) == ("failed", 1000)
        assert len(server.batches) <= 10 * MAX_FAILURES_IN_A_ROW


class TestDeleted:
    @pytest.mark.parametrize("strategy", STRATEGIES)
    @jumping
    async def test_what_the_server_had_deleted_is_acknowledged_and_counted(
        self, strategy: str
    ) -> None:
        server = ScriptedServer(
            forgot=[f"visit-{n:04}" for n in range(3, 33)], rejects={"visit-0003": "odd"}
        )
        device = Device(server.answer, visits=60, strategy=strategy, batchSize=10)
        run = (await device.sync()).run
        assert (run.visits, run.rejected, run.deleted) == (59, 1, 29)
        assert (await device.sync()).run.outcome == "nothing"


class TestQuarantine:
    @jumping
    async def test_a_rejected_visit_is_kept_with_the_servers_reason(self) -> None:
        server = ScriptedServer(rejects={"visit-0003": "url is too odd."})
        device = Device(server.answer, visits=5)
        result = await device.sync()
        assert (result.run.outcome, result.run.visits, result.run.rejected) == ("complete", 4, 1)
        assert device.database.rejected["visit-0003"] == {
            "id": "visit-0003",
            "reason": "url is too odd.",
            "when": result.run.ended_at,
            "record": device.visits["visit-0003"],
        }
        assert (await device.sync()).run.outcome == "nothing"

    @jumping
    async def test_pages_are_told_how_many_lanes_there_are(self) -> None:
        server = ScriptedServer(*[silent] * 3)
        device = Device(server.answer, visits=90, batchSize=1, strategy="concurrent", concurrency=3)
        result = await device.sync()
        told = [record["laneCount"] for record in device.announced]
        assert [size for size, _ in groupby(told)] == [3, 1, 2, 3]
        alone, two, _ = list(result.run.spans)[3:6]
        assert alone.end <= two.start

    @jumping
    async def test_a_server_that_refuses_everything_ends_the_run_and_nothing_is_given_up(
        self,
    ) -> None:
        server = ScriptedServer(*[says(400, "No such thing.")] * 200)
        device = Device(server.answer, visits=2000, strategy="concurrent")
        result = await device.sync()
        assert result.run.outcome == "failed"
        assert "No such thing." in str(result.run.error)
        assert device.quarantine == {}
        assert len(await device.waiting()) == 2000
        assert len(server.batches) < 100

    @jumping
    async def test_a_refusal_with_a_code_is_about_the_visit(self) -> None:
        code = {"success": False, "error_code": "VALIDATION_FAILED", "message": "Bad title."}
        server = ScriptedServer(*[writes(422, json.dumps(code))] * 3)
        device = Device(server.answer, visits=2)
        result = await device.sync()
        assert (result.run.outcome, result.run.rejected) == ("complete", 2)

    @pytest.mark.parametrize("strategy", STRATEGIES)
    @jumping
    async def test_poison_is_found_and_all_others_get_through(self, strategy: str) -> None:
        poison = ["visit-0001", "visit-0030", "visit-0031", "visit-0064"]
        server = ScriptedServer(chokes_on=poison)
        device = Device(server.answer, visits=64, batchSize=32, strategy=strategy)
        result = await device.sync()
        assert (result.run.outcome, result.run.visits, result.run.rejected) == ("complete", 60, 4)
        assert set(device.quarantine) == set(poison)
        for visit_id, reason in device.quarantine.items():
            assert f"Cannot read {visit_id}" in reason
        assert set(server.visits) == set(device.visits) - set(poison)
        assert_adds_up(device, result)
        assert await device.waiting() == []

    @jumping
    async def test_a_batch_rejected_as_a_whole(self) -> None:
        """The original server answers 400 when it rejects every visit."""
        message = "Validation failed for one or more records"
        errors = [{"record_id": f"visit-{n:04}", "message": f"bad {n}"} for n in (1, 2)]
        data = {"page_visits_synced": 0, "validation_errors": errors}

        async def rejects_all(_server: ScriptedServer, _body: Record) -> Reply:
            return reply(400, {"success": False, "message": message, "data": data})

        server = ScriptedServer(rejects_all)
        device = Device(server.answer, visits=2)
        result = await device.sync()
        assert (result.run.outcome, result.run.rejected) == ("complete", 2)
        assert device.quarantine == {"visit-0001": "bad 1", "visit-0002": "bad 2"}


class TestLimits:
    @jumping
    async def test_the_server_is_asked_once_a_day(self) -> None:
        server = ScriptedServer()
        device = Device(server.answer)
        for _ in range(12):
            device.visit()
            await device.sync()
            await asyncio.sleep(DAY_S / 4)
        assert server.config_asked == 3

    @jumping
    async def test_another_server_is_asked_anew(self) -> None:
        server = ScriptedServer()
        device = Device(server.answer, visits=1)
        await device.sync()
        await device.sync(serverUrl="https://other.example/api/v1")
        assert server.config_asked == 2

    @pytest.mark.parametrize(
        ("said", "setting", "batch"), [(30, 1000, 30), (30, 20, 20), (5000, 1000, 120)]
    )
    @jumping
    async def test_the_smaller_batch_counts(self, said: int, setting: int, batch: int) -> None:
        server = ScriptedServer(max_records=said)
        device = Device(server.answer, visits=120)
        await device.sync(batchSize=setting)
        assert {len(ids) for ids in server.batches} == {batch}

    @pytest.mark.parametrize(
        "config",
        [
            refusal(404, "Not Found"),
            refusal(500, "no"),
            Reply(200, {}, "<html>Welcome to the hotel</html>"),
            reply(200, {"maxRecords": 0, "maxBodyBytes": "many"}),
            reply(200, [1]),
        ],
        ids=["404", "500", "garbage", "nonsense", "list"],
    )
    @jumping
    async def test_a_server_that_does_not_say_its_limits(self, config: Reply) -> None:
        server = ScriptedServer(config=config)
        device = Device(server.answer, visits=1500)
        assert (await device.sync()).run.outcome == "complete"
        assert [len(batch) for batch in server.batches] == [1000, 500]

    @jumping
    async def test_a_server_that_cannot_be_asked_cannot_be_sent_to(self) -> None:
        async def nobody(method: str, url: str, body: Record | None, token: str | None) -> Reply:
            raise Unreachable("Your server could not be reached.")

        device = Device(nobody, visits=3)
        result = await device.sync()
        assert (result.run.outcome, len(result.run.spans)) == ("failed", 0)
        assert result.run.error == "Your server could not be reached."
        assert len(await device.waiting()) == 3

    @jumping
    async def test_limits_from_a_clock_that_was_wrong_are_asked_again(self) -> None:
        server = ScriptedServer()
        device = Device(server.answer, visits=1)
        await device.sync()
        device.database.state["server"]["askedAt"] += 2 * DAY_S * 1000
        device.visit()
        await device.sync()
        assert server.config_asked == 2


class TestServers:
    @jumping
    async def test_each_server_has_a_ledger_of_its_own(self) -> None:
        old, new = ScriptedServer(), ScriptedServer(says(404))

        async def answer(method: str, url: str, body: Record | None, token: str | None) -> Reply:
            server = new if "new.example" in url else old
            return await server.answer(method, url, body, token)

        device = Device(answer, visits=10)
        await device.sync()
        there = "https://new.example/api/v1"
        await device.sync(serverUrl=there)
        assert len(await device.waiting(there)) == 10
        await device.sync(serverUrl=there)
        device.visit(2)
        await device.sync(serverUrl=there)
        assert (len(old.visits), len(new.visits)) == (10, 12)
        assert len(await device.waiting(there)) == 0
        await device.sync()
        await device.assert_all_is_on(old)
        assert len(old.received) == 12


class TestPace:
    @jumping
    async def test_what_a_run_has_learnt_is_there_for_the_next(self) -> None:
        server = ScriptedServer()
        device = Device(server.answer, visits=400, batchSize=10, strategy="auto")
        first = (await device.sync()).run
        assert first.why == "concurrent, 10 lanes: a server with room for all lanes"
        pace = device.database.state["pace"]
        assert pace["sendMs"] == pytest.approx(300)
        assert pace["limit"]["limit"] == 10
        device.visit(400)
        second = (await device.sync()).run
        assert second.why == "concurrent, 10 lanes: as many lanes as the server bore last time"
        assert server.peak == 10

    @jumping
    async def test_lanes_give_way_where_the_server_is_overloaded(self) -> None:
        """It refuses whatever is more than four at once."""

        async def answer(method: str, url: str, body: Record | None, token: str | None) -> Reply:
            if method == "POST" and server.in_flight >= 4:
                await asyncio.sleep(0.1)
                return refusal(503, "busy")
            return await server.answer(method, url, body, token)

        server = ScriptedServer()
        device = Device(answer, visits=2000, batchSize=5, strategy="auto")
        run = (await device.sync()).run
        assert run.outcome == "complete"
        await device.assert_all_is_on(server)
        assert device.database.state["pace"]["limit"]["limit"] <= 5
        late = [span for span in run.spans if span.batch > 200]
        assert sum(span.status == 503 for span in late) < 0.1 * len(late)

    @jumping
    async def test_a_short_backlog_teaches_nothing_about_lanes(self) -> None:
        device = Device(ScriptedServer(latency_s=0.1).answer, visits=400, batchSize=10)
        await device.sync(strategy="auto")
        device.visit(30)
        assert "the backlog is short" in (await device.sync(strategy="auto")).run.why
        assert device.database.state["pace"]["limit"]["limit"] == 10


class TestRuns:
    @jumping
    async def test_every_run_leaves_its_record(self) -> None:
        server = ScriptedServer(healthy, says(404), says(401))
        device = Device(server.answer, visits=20, batchSize=10, concurrency=1)
        results = [await device.sync() for _ in range(4)]
        outcomes: list[Outcome | None] = [result.run.outcome for result in results]
        assert outcomes == ["partial", "failed", "complete", "nothing"]
        stored = list(device.database.runs.values())
        assert stored == [result.run.to_record() for result in results]

    @jumping
    async def test_only_the_last_ones_are_kept(self) -> None:
        device = Device(ScriptedServer().answer)
        for _ in range(RUNS_KEPT + 20):
            await device.sync()
        kept = [run["startedAt"] for run in device.database.runs.values()]
        assert len(kept) == RUNS_KEPT
        assert min(device.database.runs) == 21


class BrokenLedgerStore(MemoryLedgerStore):
    """Refuses to acknowledge, so many times."""

    refusals = 0

    async def acknowledge(self, *args: Any, **kwargs: Any) -> None:
        if self.refusals:
            self.refusals -= 1
            raise StorageFull("This device has no room left for Heyho.")
        await super().acknowledge(*args, **kwargs)


class TestStorage:
    @pytest.mark.parametrize("strategy", OF_ONE_LANE)
    @jumping
    async def test_a_full_disk_ends_the_run_and_loses_nothing(self, strategy: str) -> None:
        server = ScriptedServer()
        device = Device(server.answer, visits=50, batchSize=10, concurrency=1, strategy=strategy)
        device.ledger_store = store = BrokenLedgerStore(device.database)
        store.refusals = 99
        result = await device.sync()
        assert isinstance(result.error, StorageError)
        assert result.run.outcome == "failed"
        assert 1 <= len(server.batches) <= 2
        assert result.run.error == "This device has no room left for Heyho."
        assert len(await device.waiting()) == 50
        assert_adds_up(device, result)
        assert device.announced[-1]["visitsFailed"] >= 10 * len(server.batches)
        store.refusals = 0
        await device.sync()
        await device.assert_all_is_on(server)


any_fault = st.sampled_from(sorted(FAULTS)).map(lambda name: FAULTS[name][0])
script = st.lists(st.one_of(st.just(healthy), any_fault, st.just(says(413))), max_size=12)


@settings(max_examples=150)
@given(
    runs=st.lists(st.tuples(script, st.integers(0, 12), st.integers(0, 9)), min_size=1, max_size=5),
    takes=st.integers(1, 12),
    batch_size=st.integers(1, 12),
    strategy=st.sampled_from(STRATEGIES),
    lanes=st.integers(1, 5),
    odd=st.sets(st.integers(1, 40), max_size=3),
    poison=st.sets(st.integers(1, 40), max_size=3),
)
@jumping
async def test_whatever_happens_every_visit_arrives(
    runs: list[tuple[list[Fault], int, int]],
    takes: int,
    batch_size: int,
    strategy: str,
    lanes: int,
    odd: set[int],
    poison: set[int],
) -> None:
    """Several runs, each with faults of its own, and new visits before each and during it."""
    rejects = {f"visit-{n:04}": "odd" for n in odd}
    chokes_on = {f"visit-{n:04}" for n in poison}
    server = ScriptedServer(takes=takes, rejects=rejects, chokes_on=chokes_on)
    device = Device(server.answer, batchSize=batch_size, strategy=strategy, concurrency=lanes)
    for faults, before, during in runs:
        server.script.extend(faults)
        device.visit(before)
        run = asyncio.create_task(device.sync())
        await asyncio.sleep(0.5)
        device.visit(during)
        result = await run
        if device.announced:
            assert_adds_up(device, result)
        await device.assert_ledger_is_true_to(server)

    server.script.clear()
    device.visit(1 + len(poison))  # the server takes one of them, so that poison is known for it
    result = await device.sync()
    assert result.run.outcome in ("complete", "nothing")
    assert await device.waiting() == []
    known = set(device.visits)
    assert known == set(server.visits) | set(device.quarantine)
    assert all(record == device.visits[key] for key, record in server.visits.items())
    assert known & (set(rejects) | chokes_on) <= set(device.quarantine)
    ledger = await device.ledger_store.ledger(DESTINATION)
    assert ledger.ranges == ((SeqRange(1, len(known)),) if known else ())
