"""What every implementation of the worker ports must do.

Plain coroutines that assert, as those of the stores and the transport. The database holds VISITS
visits, and the server is the one of the transport's contract.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from contract.transport_contract import PATIENCE_S, TOKEN
from heyho.errors import HeyhoError, TimedOut, Unreachable, WorkerLost
from heyho.model import SeqRange
from heyho.ports.network import Reply, Worker
from heyho.ports.stores import Payload

VISITS = 100
SOON_S = 30.0
"""Longer than any end of a worker takes to be noticed."""

Fate = Literal["ends", "crashes", "hangs"]


@dataclass(frozen=True, slots=True)
class World:
    """Workers, the server at their other end, and ways to harm them.

    Attributes:
        start: starts a worker; one that never boots where told.
        harm: lets something happen to a worker at once.
        url: of the server's answers, see the transport's contract.
        held: returns once a request for `/silent` has arrived.
        aborted: returns once a request for `/silent` was ended from this side.
    """

    start: Callable[[bool], Worker]
    harm: Callable[[Worker, Fate], None]
    url: Callable[[str], str]
    held: Callable[[], Awaitable[None]]
    aborted: Callable[[], Awaitable[None]]

    def worker(self) -> Worker:
        """A worker that boots."""
        return self.start(True)

    async def post(
        self,
        worker: Worker,
        payload: Payload,
        path: str = "/echo",
        *,
        timeout_s: float = PATIENCE_S,
    ) -> Reply:
        """Send a payload to one of the server's paths."""
        return await worker.post(self.url(path), payload, token=TOKEN, timeout_s=timeout_s)


Contract = Callable[[World], Awaitable[None]]


async def read(worker: Worker, first: int, last: int) -> Payload:
    """The payload of a range."""
    return await worker.payload(SeqRange(first, last), client_id="device")


async def seqs_sent(world: World, worker: Worker, payload: Payload) -> list[int]:
    """Which visits the server got."""
    echo = json.loads((await world.post(worker, payload)).text)
    assert echo["token"] == TOKEN
    assert echo["body"]["anonymousClientId"] == "device"
    return [visit["seq"] for visit in echo["body"]["pageVisits"]]


async def fails(kind: type[HeyhoError], doing: Awaitable[object]) -> str:
    """What is being done has to end in an error of a kind, and soon; returns its sentence."""
    try:
        async with asyncio.timeout(SOON_S):
            await doing
    except HeyhoError as error:
        assert type(error) is kind, repr(error)
        assert error.sentence.endswith(".")
        return error.sentence
    raise AssertionError(f"no {kind.__name__}")


async def reads_and_sends_a_range(world: World) -> None:
    """The server gets the visits of the range; only counts come here."""
    worker = world.worker()
    payload = await read(worker, 2, 4)
    assert (payload.visits, payload.only_id) == (3, None)
    assert 0 < payload.sent_bytes < payload.json_bytes
    assert await seqs_sent(world, worker, payload) == [2, 3, 4]


async def a_payload_of_one_tells_its_id(world: World) -> None:
    """As VisitStore's."""
    worker = world.worker()
    one, none = await read(worker, 7, 7), await read(worker, VISITS + 1, VISITS + 9)
    assert (one.visits, one.only_id) == (1, "visit-7")
    assert (none.visits, none.only_id) == (0, None)


async def a_payload_goes_several_times(world: World) -> None:
    """Sending uses nothing up."""
    worker = world.worker()
    payload = await read(worker, 1, 5)
    assert await seqs_sent(world, worker, payload) == [1, 2, 3, 4, 5]
    assert await seqs_sent(world, worker, payload) == [1, 2, 3, 4, 5]


async def marks_a_trial(world: World) -> None:
    """The server is told which request is a trial, and no other one is."""
    worker = world.worker()
    payload = await read(worker, 1, 2)
    for trial in (True, False):
        reply = await worker.post(
            world.url("/echo"), payload, token=TOKEN, timeout_s=PATIENCE_S, trial=trial
        )
        assert json.loads(reply.text)["trial"] is trial


async def does_several_things_at_once(world: World) -> None:
    """Each answer finds its question, also where one waits for ever."""
    worker = world.worker()
    stuck = asyncio.ensure_future(world.post(worker, await read(worker, 1, 1), "/silent"))

    async def one(first: int) -> list[int]:
        return await seqs_sent(world, worker, await read(worker, first, first + 1))

    assert await asyncio.gather(*map(one, range(1, 11))) == [[n, n + 1] for n in range(1, 11)]
    assert not stuck.done()
    worker.close()
    await fails(WorkerLost, stuck)


async def an_error_status_is_a_reply(world: World) -> None:
    """As the transport's: status, headers and text come whole."""
    worker = world.worker()
    reply = await world.post(worker, await read(worker, 1, 1), "/fails")
    assert reply.status == 500
    assert reply.headers["retry-after"] == "7"
    assert json.loads(reply.text) == {"message": "ü"}


async def errors_are_those_of_the_transport(world: World) -> None:
    """An error of the worker is raised here as what it was there; the worker works on."""
    worker = world.worker()
    payload = await read(worker, 1, 1)
    await fails(Unreachable, world.post(worker, payload, "/dead"))
    await fails(TimedOut, world.post(worker, payload, "/silent", timeout_s=0.3))
    assert await seqs_sent(world, worker, payload) == [1]


async def cancelling_aborts_the_request(world: World) -> None:
    """A cancelled post ends at once, here and at the server; the payload is there still."""
    worker = world.worker()
    payload = await read(worker, 1, 1)
    request = asyncio.ensure_future(world.post(worker, payload, "/silent"))
    async with asyncio.timeout(SOON_S):
        await world.held()
    request.cancel()
    try:
        await request
    except asyncio.CancelledError:
        pass
    else:
        raise AssertionError("the cancellation was swallowed")
    async with asyncio.timeout(SOON_S):
        await world.aborted()
    assert await seqs_sent(world, worker, payload) == [1]


async def a_cancelled_payload_is_nobodys(world: World) -> None:
    """Whoever does not wait for a payload has not got it, and the worker works on."""
    worker = world.worker()
    await read(worker, 1, 1)
    for turns in range(4):
        reading = asyncio.ensure_future(read(worker, 1, VISITS))
        for _ in range(turns):
            await asyncio.sleep(0)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        assert reading.cancelled()
    assert (await read(worker, 1, VISITS)).visits == VISITS


async def what_is_let_go_is_gone(world: World) -> None:
    """It cannot be sent, it can be let go again, and the others are still there."""
    worker = world.worker()
    one, other = await read(worker, 1, 1), await read(worker, 2, 2)
    worker.let_go(one)
    worker.let_go(one)
    try:
        await world.post(worker, one)
    except ValueError:
        pass
    else:
        raise AssertionError("it was sent")
    assert await seqs_sent(world, worker, other) == [2]


async def a_payload_belongs_to_its_worker(world: World) -> None:
    """No other worker has the body."""
    one, other = world.worker(), world.worker()
    payload = await read(one, 1, 1)
    try:
        await world.post(other, payload)
    except ValueError:
        pass
    else:
        raise AssertionError("it was sent")
    assert await seqs_sent(world, one, payload) == [1]


async def closing_ends_what_is_under_way(world: World) -> None:
    """Whatever waits raises WorkerLost, and whatever is asked afterwards does so too."""
    worker = world.worker()
    payload = await read(worker, 1, 1)
    waiting = asyncio.ensure_future(world.post(worker, payload, "/silent"))
    await asyncio.sleep(0.1)
    worker.close()
    worker.close()
    await fails(WorkerLost, waiting)
    await fails(WorkerLost, read(worker, 1, 1))
    await fails(WorkerLost, world.post(worker, payload))
    worker.let_go(payload)


async def closing_while_it_boots(world: World) -> None:
    """A worker can be closed before it is there."""
    worker = world.worker()
    waiting = asyncio.ensure_future(read(worker, 1, 1))
    await asyncio.sleep(0)
    worker.close()
    await fails(WorkerLost, waiting)


async def _is_lost(world: World, fate: Fate) -> None:
    """What is under way on a worker that comes to harm is lost; other workers go on."""
    worker, other = world.worker(), world.worker()
    payload = await read(worker, 1, 1)
    await read(other, 1, 1)
    waiting = asyncio.ensure_future(world.post(worker, payload, "/silent"))
    elsewhere = asyncio.ensure_future(world.post(other, await read(other, 2, 2), "/silent"))
    await asyncio.sleep(0.1)
    world.harm(worker, fate)
    sentence = await fails(WorkerLost, waiting)
    assert ("no sign of life" in sentence) == (fate == "hangs"), sentence
    await fails(WorkerLost, world.post(worker, payload))
    await fails(WorkerLost, read(worker, 1, 1))
    assert not elsewhere.done()
    elsewhere.cancel()
    assert (await read(other, 1, 3)).visits == 3


async def one_that_ends_is_lost(world: World) -> None:
    """A worker that closes itself, or that is ended."""
    await _is_lost(world, "ends")


async def one_that_crashes_is_lost(world: World) -> None:
    """A worker with an error that nobody caught."""
    await _is_lost(world, "crashes")


async def one_that_hangs_is_lost(world: World) -> None:
    """A worker in an endless loop."""
    await _is_lost(world, "hangs")


async def one_that_comes_to_harm_idle_is_lost(world: World) -> None:
    """Nobody notices, until the next request."""
    fates: tuple[Fate, ...] = ("ends", "crashes", "hangs")
    workers = [world.worker() for _ in fates]
    await asyncio.gather(*(read(worker, 1, 1) for worker in workers))
    for worker, fate in zip(workers, fates, strict=True):
        world.harm(worker, fate)
    await asyncio.gather(*(fails(WorkerLost, read(worker, 1, 1)) for worker in workers))


async def one_that_never_boots_is_lost(world: World) -> None:
    """What was asked of it does not wait for ever."""
    worker = world.start(False)
    try:
        await read(worker, 1, 1)
    except WorkerLost as error:
        assert error.sentence.endswith(".")
    else:
        raise AssertionError("it has read something")


CONTRACTS: tuple[Contract, ...] = (
    reads_and_sends_a_range,
    a_payload_of_one_tells_its_id,
    a_payload_goes_several_times,
    marks_a_trial,
    does_several_things_at_once,
    an_error_status_is_a_reply,
    errors_are_those_of_the_transport,
    cancelling_aborts_the_request,
    a_cancelled_payload_is_nobodys,
    what_is_let_go_is_gone,
    a_payload_belongs_to_its_worker,
    closing_ends_what_is_under_way,
    closing_while_it_boots,
    one_that_ends_is_lost,
    one_that_crashes_is_lost,
    one_that_hangs_is_lost,
    one_that_comes_to_harm_idle_is_lost,
    one_that_never_boots_is_lost,
)
