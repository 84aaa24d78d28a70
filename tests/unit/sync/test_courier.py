"""One batch: its verdict, its spans, and its place in the ledger."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from heyho.errors import NotSignedIn, ServerFailed
from heyho.model import Run, SeqRange, ServerLimits
from heyho.settings import Settings
from heyho.sync.courier import MAX_FAILURES_IN_A_ROW, Courier
from heyho.sync.progress import Progress
from heyho.sync.strategies import Verdict
from heyho.testing import LoopClock, MemoryTransport, MemoryVisitStore, jumping
from unit.sync.device import DESTINATION, SERVER, Device
from unit.sync.servers import TOKEN, Fault, ScriptedServer, garbage, healthy, says, silent


class Desk:
    """A courier with a device's visits behind it and a server before it."""

    def __init__(self, server: ScriptedServer, *, visits: int) -> None:
        self.device = Device(server.answer, visits=visits)
        self.run = Run(started_at=0, trigger="manual", strategy="sequential")
        self.progress = Progress(
            trigger="manual", strategy="sequential", started_at=0, visits=visits, batches=1
        )
        self.told: list[int] = []
        self.courier = Courier(
            clock=LoopClock(),
            read=partial(MemoryVisitStore(self.device.database).payload, client_id="device"),
            ledger=self.device.ledger_store,
            transport=MemoryTransport(server.answer),
            settings=Settings(server_url=SERVER, token=TOKEN),
            limits=ServerLimits(),
            run=self.run,
            progress=self.progress,
            announce=lambda: self.told.append(self.progress.in_flight),
        )

    async def send(self, first: int, last: int, *, number: int = 0, lane: int = 0) -> Verdict:
        return await self.courier.send(SeqRange(first, last), number=number, lane=lane)


@jumping
async def test_an_acknowledged_batch_is_in_the_ledger() -> None:
    desk = Desk(ScriptedServer(), visits=9)
    assert await desk.send(1, 5) is Verdict.ACKNOWLEDGED
    assert await desk.device.waiting() == sorted(desk.device.visits)[5:]
    assert (desk.progress.visits_done, desk.progress.batches_done) == (5, 1)
    assert desk.courier.first_error is None


@jumping
async def test_pages_are_told_when_a_batch_leaves_and_when_it_has_arrived() -> None:
    desk = Desk(ScriptedServer(says(500)), visits=2)
    await desk.send(1, 1)
    await desk.send(2, 2)
    assert desk.told == [1, 0, 1, 0]


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        (says(500), Verdict.FAILED),
        (garbage, Verdict.FAILED),
        (silent, Verdict.FAILED),
        (says(401), Verdict.STOP),
        (says(403), Verdict.STOP),
        (says(429), Verdict.STOP),
    ],
    ids=["500", "garbage", "silence", "401", "403", "429"],
)
@jumping
async def test_verdicts(fault: Fault, verdict: Verdict) -> None:
    desk = Desk(ScriptedServer(fault), visits=3)
    assert await desk.send(1, 3) is verdict
    assert len(await desk.device.waiting()) == 3
    assert desk.progress.visits_failed == 3


@jumping
async def test_too_many_failures_in_a_row_end_the_run() -> None:
    faults = [says(500)] * MAX_FAILURES_IN_A_ROW
    desk = Desk(ScriptedServer(says(500), healthy, *faults), visits=1)
    verdicts = [await desk.send(1, 1) for _ in range(MAX_FAILURES_IN_A_ROW + 2)]
    assert verdicts[1] is Verdict.ACKNOWLEDGED
    assert verdicts[-2:] == [Verdict.FAILED, Verdict.STOP]


@jumping
async def test_the_first_error_is_the_one_that_counts() -> None:
    desk = Desk(ScriptedServer(says(500), says(401), healthy), visits=3)
    await desk.send(1, 1)
    assert isinstance(desk.courier.first_error, ServerFailed)
    await desk.send(2, 2)
    await desk.send(3, 3)
    assert not isinstance(desk.courier.first_error, NotSignedIn)


@jumping
async def test_numbers_without_visits_are_acknowledged_unsent() -> None:
    server = ScriptedServer()
    desk = Desk(server, visits=3)
    desk.device.database.visits.clear()
    assert await desk.send(1, 3) is Verdict.ACKNOWLEDGED
    assert server.batches == []
    assert (desk.run.batches, desk.run.spans) == (0, [])
    assert (await desk.device.ledger_store.ledger(DESTINATION)).ranges == (SeqRange(1, 3),)


@jumping
async def test_cancelling_aborts_the_request_and_gives_the_batch_back() -> None:
    server = ScriptedServer(latency_s=5)
    desk = Desk(server, visits=3)
    task = asyncio.create_task(desk.send(1, 3))
    await asyncio.sleep(1)
    assert (server.in_flight, desk.progress.in_flight) == (1, 1)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert (server.in_flight, desk.progress.in_flight) == (0, 0)
    assert (len(await desk.device.waiting()), server.visits) == (3, {})
    assert [span.status for span in desk.run.spans] == [0]


@jumping
async def test_spans_say_which_batch_and_lane() -> None:
    desk = Desk(ScriptedServer(latency_s=2), visits=8)
    await desk.send(1, 3, number=4, lane=2)
    [span] = desk.run.spans
    assert (span.batch, span.lane, span.visits, span.status, span.attempt) == (4, 2, 3, 200, 1)
    assert span.end - span.start == 2000
    assert span.bytes == desk.run.bytes == desk.progress.bytes > 0
