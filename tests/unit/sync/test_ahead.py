"""Reading ahead: in order, bounded, and only while no lane waits."""

from __future__ import annotations

import asyncio
from itertools import chain

import pytest

from heyho.errors import StorageFull
from heyho.model import SeqRange
from heyho.ports import Record
from heyho.ports.network import Reply
from heyho.ports.stores import Payload
from heyho.settings import Settings
from heyho.sync.ahead import ReadAhead
from heyho.testing.loop import jumping
from unit.sync.device import SERVER, Device
from unit.sync.servers import TOKEN, ScriptedServer

BATCHES = [SeqRange(10 * n + 1, 10 * n + 10) for n in range(6)]


class Slow:
    """A visit store that takes a second for each payload, and takes note."""

    def __init__(self) -> None:
        self.asked: list[SeqRange] = []
        self.done: list[SeqRange] = []
        self.broken: set[SeqRange] = set()

    async def payload(self, seqs: SeqRange, *, client_id: str) -> Payload:
        self.asked.append(seqs)
        await asyncio.sleep(1)
        if seqs in self.broken:
            raise StorageFull("No room.")
        self.done.append(seqs)
        return Payload(len(seqs), 1, 1, None, seqs)

    async def bounds(self) -> SeqRange | None:
        raise AssertionError("nobody asks for the bounds")

    async def count(self, seqs: SeqRange) -> int:
        raise AssertionError("nobody counts")


def ahead_of(store: Slow, depth: int, **more: object) -> ReadAhead:
    return ReadAhead(store, BATCHES, client_id="device", depth=depth, **more)  # type: ignore[arg-type]


@jumping
async def test_the_next_is_read_once_the_lane_has_its_own() -> None:
    store = Slow()
    ahead = ahead_of(store, 1)
    asking = asyncio.ensure_future(ahead.payload(BATCHES[0]))
    await asyncio.sleep(0.5)
    assert store.asked == BATCHES[:1]
    assert (await asking).body == BATCHES[0]
    await asyncio.sleep(10)
    assert store.asked == BATCHES[:2]
    before = asyncio.get_running_loop().time()
    assert (await ahead.payload(BATCHES[1])).body == BATCHES[1]
    assert asyncio.get_running_loop().time() == before


@jumping
async def test_nothing_is_read_ahead_while_a_lane_waits() -> None:
    store = Slow()
    ahead = ahead_of(store, 3)
    lanes = [asyncio.ensure_future(ahead.payload(seqs)) for seqs in BATCHES[:2]]
    await asyncio.sleep(0.5)
    lanes.append(asyncio.ensure_future(ahead.payload(BATCHES[2])))
    await asyncio.wait(lanes[:2])
    assert store.asked == BATCHES[:3]
    await asyncio.wait(lanes)
    for seqs in BATCHES[3:]:
        await asyncio.sleep(0.5)
        assert store.asked[-1] == seqs
        await asyncio.sleep(0.5)
    assert store.asked == BATCHES


@jumping
async def test_a_part_of_a_batch_is_read_at_once() -> None:
    store = Slow()
    ahead = ahead_of(store, 1)
    await ahead.payload(BATCHES[0])
    half = SeqRange(BATCHES[0].first, BATCHES[0].last - 1)
    assert (await ahead.payload(half)).body == half
    assert sorted(store.asked) == sorted([BATCHES[0], half, BATCHES[1]])


@jumping
async def test_what_is_ready_is_not_read_again_and_the_rest_is_let_go() -> None:
    store = Slow()
    stranger = SeqRange(1000, 1009)
    ready = {
        seqs: asyncio.ensure_future(store.payload(seqs, client_id="device"))
        for seqs in (BATCHES[0], BATCHES[1], stranger)
    }
    await asyncio.sleep(0.5)
    ahead = ahead_of(store, 2, ready=ready)
    for seqs in BATCHES:
        assert (await ahead.payload(seqs)).body == seqs
    assert store.asked == [BATCHES[0], BATCHES[1], stranger, *BATCHES[2:]]
    assert stranger not in store.done
    assert ready[stranger].cancelled()


@jumping
async def test_closing_ends_what_is_being_read() -> None:
    store = Slow()
    store.broken = {BATCHES[1]}
    ahead = ahead_of(store, 2)
    await ahead.payload(BATCHES[0])
    await asyncio.sleep(1.5)
    ahead.close()
    await asyncio.sleep(10)
    assert store.asked == BATCHES[:3]


@pytest.mark.parametrize("strategy", ["sequential", "concurrent"])
@jumping
async def test_a_prepared_run_sends_everything_once(strategy: str) -> None:
    server = ScriptedServer()
    device = Device(server.answer, visits=25, batchSize=10, strategy=strategy, concurrency=2)
    synchronizer = device.restarted()
    settings = Settings(
        server_url=SERVER, token=TOKEN, batch_size=10, strategy=strategy, concurrency=2
    )
    await synchronizer.prepare(settings, client_id="device")
    await synchronizer.prepare(settings, client_id="device")
    device.visit(7)
    for _ in range(2):
        result = await synchronizer.run(
            settings, trigger="manual", client_id="device", announce=lambda _: None
        )
        assert result.error is None
    assert sorted(server.visits) == sorted(device.visits)
    assert sorted(chain.from_iterable(server.batches)) == sorted(device.visits)
    assert await device.waiting() == []


@jumping
async def test_two_who_prepare_at_once_start_workers_once() -> None:
    device = Device(ScriptedServer().answer, visits=50)
    synchronizer = device.restarted()
    settings = device.settings(batchSize=10, strategy="parallel", workers=2)
    preparing = [synchronizer.prepare(settings, client_id="device") for _ in range(2)]
    await asyncio.gather(*preparing)
    assert len(device.workers.lines) == 2
    await synchronizer.run(settings, trigger="manual", client_id="device", announce=lambda _: None)
    assert await device.waiting() == []
    assert [line.cut_off for line in device.workers.lines] == [True, True]


@jumping
async def test_a_run_that_is_ended_before_it_has_begun_leaves_no_worker() -> None:
    server = ScriptedServer()

    async def slow(method: str, url: str, body: Record | None, token: str | None) -> Reply:
        await asyncio.sleep(10)
        return await server.answer(method, url, body, token)

    device = Device(slow, visits=50)
    synchronizer = device.restarted()
    settings = device.settings(batchSize=10, strategy="parallel", workers=2)
    await synchronizer.prepare(settings, client_id="device")
    running = asyncio.ensure_future(
        synchronizer.run(settings, trigger="manual", client_id="device", announce=lambda _: None)
    )
    await asyncio.sleep(1)
    assert synchronizer.cancel()
    assert (await running).run.cancelled
    assert [line.cut_off for line in device.workers.lines] == [True, True]


@jumping
async def test_preparing_asks_the_server_for_nothing_but_its_limits() -> None:
    server = ScriptedServer()
    device = Device(server.answer, visits=5)
    settings = Settings(server_url=SERVER, token=TOKEN)
    await device.restarted().prepare(settings, client_id="device")
    await asyncio.sleep(1)
    assert (server.config_asked, server.batches) == (1, [])
