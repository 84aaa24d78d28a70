"""One batch: its verdict, its spans, and its place in the ledger."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any
from unittest.mock import patch

import pytest

from heyho.errors import NotSignedIn, Unintelligible, WorkerLost
from heyho.model import Run, SeqRange, ServerLimits
from heyho.ports.device import Conditions
from heyho.ports.network import Reply
from heyho.ports.stores import Payload
from heyho.settings import Settings
from heyho.sync.acknowledger import Acknowledger
from heyho.sync.attempts import Attempts
from heyho.sync.carriers import Carrier
from heyho.sync.courier import MAX_FAILURES_IN_A_ROW, Courier
from heyho.sync.lanes import Lanes
from heyho.sync.logbook import Logbook
from heyho.sync.pacing import Gate
from heyho.sync.patience import Patience
from heyho.sync.progress import Progress
from heyho.sync.strategies import Verdict
from heyho.testing.loop import jumping
from heyho.testing.network import MemoryTransport
from heyho.testing.stores import MemoryVisitStore
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
        self.told: list[tuple[str, int]] = []
        clock = self.device.clock
        settings = Settings(server_url=SERVER, token=TOKEN)
        logbook = Logbook(clock=clock, run=self.run, progress=self.progress, announce=self._tell)
        self.over = over = asyncio.Event()
        self.courier = Courier(
            crew=self,
            attempts=Attempts(
                clock=clock,
                conditions=Conditions,
                gate=Gate(clock=clock),
                lanes=Lanes(1),
                settings=settings,
                limits=ServerLimits(),
                patience=Patience(now_s=asyncio.get_running_loop().time, random=Random(1)),
                logbook=logbook,
                over=over,
            ),
            acknowledger=Acknowledger(
                ledger=self.device.ledger_store, destination=settings.destination, clock=clock
            ),
            logbook=logbook,
            over=over,
        )
        self._visits = MemoryVisitStore(self.device.database)
        self._transport = MemoryTransport(server.answer)
        self.held: list[Payload] = []
        self.lose = 0

    def carrier(self, lane: int) -> Carrier:
        return self

    async def payload(self, seqs: SeqRange) -> Payload:
        payload = await self._visits.payload(seqs, client_id="device")
        self.held.append(payload)
        return payload

    async def post(self, url: str, payload: Payload, *, token: str, timeout_s: float) -> Reply:
        if self.lose:
            self.lose -= 1
            raise WorkerLost("The worker is gone.")
        return await self._transport.post(url, payload, token=token, timeout_s=timeout_s)

    def let_go(self, payload: Payload) -> None:
        self.held.remove(payload)

    def _tell(self, progress: Progress) -> None:
        phases = [travel.phase for travel in progress.travels.values()]
        self.told.append((phases[0] if phases else "", progress.batches_done))

    async def send(self, first: int, last: int, *, number: int = 0, lane: int = 0) -> Verdict:
        verdict = await self.courier.send(SeqRange(first, last), number=number, lane=lane)
        await self.courier.settle()
        return verdict


@jumping
async def test_an_acknowledged_batch_is_in_the_ledger() -> None:
    desk = Desk(ScriptedServer(), visits=9)
    assert await desk.send(1, 5) is Verdict.DELIVERED
    assert await desk.device.waiting() == sorted(desk.device.visits)[5:]
    assert (desk.progress.visits_done, desk.progress.batches_done) == (5, 1)
    assert desk.courier.first_error is None


@jumping
async def test_pages_are_told_what_happens_to_a_batch() -> None:
    desk = Desk(ScriptedServer(says(500)), visits=2)
    await desk.send(1, 1)
    assert desk.told == [
        ("reading", 0),
        ("sending", 0),
        ("pausing", 0),
        ("sending", 0),
        ("", 1),
    ]


@jumping
async def test_a_wait_for_the_servers_limits_is_not_its_silence() -> None:
    desk = Desk(ScriptedServer(silent), visits=1)
    admit = Gate.admit

    async def waits(gate: Gate) -> int:
        await asyncio.sleep(35)
        return await admit(gate)

    with patch.object(Gate, "admit", waits):
        assert await desk.send(1, 1) is Verdict.DELIVERED
    assert not desk.over.is_set()


@jumping
async def test_the_next_batch_travels_before_the_ledger_has_the_last() -> None:
    desk = Desk(ScriptedServer(), visits=2)
    store = desk.device.ledger_store
    acknowledge = store.acknowledge
    written: list[float] = []

    async def slowly(*args: Any, **kwargs: Any) -> None:
        await asyncio.sleep(1)
        await acknowledge(*args, **kwargs)
        written.append(asyncio.get_running_loop().time())

    store.acknowledge = slowly  # type: ignore[method-assign]
    for seq in (1, 2):
        await desk.courier.send(SeqRange(seq, seq), number=seq - 1, lane=0)
    starts = [span.start - desk.run.spans[0].start for span in desk.run.spans]
    assert starts == pytest.approx([0, 300])
    assert written == pytest.approx([1.3])
    assert desk.progress.visits_done == 1
    await desk.courier.settle()
    assert (len(written), desk.progress.visits_done) == (2, 2)
    assert await desk.device.waiting() == []


@jumping
async def test_cancelling_leaves_an_acknowledgement_on_its_way() -> None:
    desk = Desk(ScriptedServer(), visits=2)
    store = desk.device.ledger_store
    acknowledge = store.acknowledge

    async def slowly(*args: Any, **kwargs: Any) -> None:
        await asyncio.sleep(2)
        await acknowledge(*args, **kwargs)

    store.acknowledge = slowly  # type: ignore[method-assign]
    await desk.courier.send(SeqRange(1, 1), number=0, lane=0)
    next_one = asyncio.ensure_future(desk.courier.send(SeqRange(2, 2), number=1, lane=0))
    await asyncio.sleep(1)
    next_one.cancel()
    await asyncio.wait([next_one])
    await desk.courier.settle()
    assert (desk.run.visits, len(await desk.device.waiting())) == (1, 1)


@jumping
async def test_a_batch_whose_worker_is_lost_goes_by_another() -> None:
    desk = Desk(ScriptedServer(), visits=3)
    desk.lose = 2
    assert await desk.send(1, 3) is Verdict.DELIVERED
    assert [span.status for span in desk.run.spans] == [0, 0, 200]
    assert (desk.held, desk.run.retries, desk.courier.first_error) == ([], 0, None)


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        (says(404), Verdict.FAILED),
        (garbage, Verdict.FAILED),
        (says(401), Verdict.STOP),
        (says(403), Verdict.STOP),
    ],
    ids=["404", "garbage", "401", "403"],
)
@jumping
async def test_verdicts(fault: Fault, verdict: Verdict) -> None:
    desk = Desk(ScriptedServer(fault), visits=3)
    assert await desk.send(1, 3) is verdict
    assert len(await desk.device.waiting()) == 3
    assert desk.progress.visits_failed == 3


@jumping
async def test_too_many_failures_in_a_row_end_the_run() -> None:
    faults = [says(404)] * MAX_FAILURES_IN_A_ROW
    desk = Desk(ScriptedServer(says(404), healthy, *faults), visits=1)
    verdicts = [await desk.send(1, 1) for _ in range(MAX_FAILURES_IN_A_ROW + 2)]
    assert verdicts[1] is Verdict.DELIVERED
    assert verdicts[-2:] == [Verdict.FAILED, Verdict.STOP]


@jumping
async def test_the_first_error_is_the_one_that_counts() -> None:
    desk = Desk(ScriptedServer(says(404), says(401), healthy), visits=3)
    await desk.send(1, 1)
    assert isinstance(desk.courier.first_error, Unintelligible)
    await desk.send(2, 2)
    await desk.send(3, 3)
    assert not isinstance(desk.courier.first_error, NotSignedIn)


@jumping
async def test_numbers_without_visits_are_acknowledged_unsent() -> None:
    server = ScriptedServer()
    desk = Desk(server, visits=3)
    desk.device.database.visits.clear()
    assert await desk.send(1, 3) is Verdict.DELIVERED
    assert server.batches == []
    assert (desk.run.batches, len(desk.run.spans)) == (0, 0)
    assert (await desk.device.ledger_store.ledger(DESTINATION)).ranges == (SeqRange(1, 3),)


@jumping
async def test_cancelling_aborts_the_request_and_gives_the_batch_back() -> None:
    server = ScriptedServer(latency_s=5)
    desk = Desk(server, visits=3)
    task = asyncio.create_task(desk.send(1, 3))
    await asyncio.sleep(1)
    assert (server.in_flight, len(desk.progress.travels)) == (1, 1)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert (server.in_flight, desk.progress.travels, desk.held) == (0, {}, [])
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
