"""The line between the engine and a worker: what crosses it, and what becomes of it at its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from itertools import product
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heyho import errors
from heyho.errands import Errands
from heyho.errors import HeyhoError, RateLimited, StorageTooNew, WorkerLost
from heyho.model import SeqRange
from heyho.ports import Record
from heyho.ports.network import Reply
from heyho.ports.stores import Payload, VisitStore
from heyho.remote import BOOT_S, HANG_S
from heyho.testing.loop import jumping
from heyho.testing.network import Doom, MemoryTransport, MemoryWorkers, reply
from heyho.testing.stores import MemoryDatabase

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.SyncError | errors.StorageError)
]


class Server:
    """Answers each request once told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.answering = asyncio.Event()

    async def answer(self, method: str, url: str, body: Record | None, token: str | None) -> Reply:
        self.asked += 1
        await self.answering.wait()
        return reply(200, len((body or {})["pageVisits"]))


def database() -> MemoryDatabase:
    database = MemoryDatabase()
    database.append_visits({"id": f"visit-{number}"} for number in range(10))
    return database


async def outcome(doing: Awaitable[object]) -> str:
    """The name of the error that something ends with, or "done"."""
    try:
        await doing
    except Exception as error:
        return type(error).__name__
    return "done"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_errors_cross_whole(kind: type[HeyhoError]) -> None:
    error = kind("What happened.")
    vars(error).update(dict.fromkeys(vars(error), 7))
    again = HeyhoError.from_record(error.to_record())
    assert type(again) is kind
    assert again.sentence == "What happened."
    assert vars(again) == vars(error)


def test_fields_of_an_error_cross() -> None:
    error = RateLimited("Later.", status=429, retry_after_s=7.5)
    again = HeyhoError.from_record(error.to_record())
    assert isinstance(again, RateLimited)
    assert (again.status, again.retry_after_s, again.final) == (429, 7.5, False)


def test_an_unknown_error_is_none() -> None:
    assert HeyhoError.from_record({"name": "KeyError", "message": "'x'"}) is None


@jumping
async def test_errors_of_the_database_and_of_nobody() -> None:
    """An error of Heyho's comes as itself; what nobody foresaw comes as such."""
    said: list[Record] = []
    problems = [StorageTooNew("Newer."), KeyError("on purpose")]

    async def visits() -> VisitStore:
        raise problems.pop(0)

    errands = Errands(
        visits=visits, transport=cast("MemoryTransport", None), send=said.append, source="test"
    )
    caught: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: caught.append(context))
    for number in (1, 2):
        errands.take({"kind": "payload", "number": number, "first": 1, "last": 2, "clientId": "d"})
        await asyncio.sleep(0.1)
    names = [message["error"]["name"] for message in said if message["kind"] == "failed"]
    assert names == ["StorageTooNew", ""]


@jumping
async def test_it_is_given_up_on_time() -> None:
    """Never ready: after BOOT_S. Silent: HANG_S after the last sign of life, and not before."""
    loop = asyncio.get_running_loop()
    server = Server()
    workers = MemoryWorkers(database(), server.answer, [Doom("hangs"), None])
    never, sound = workers.start(), workers.start()
    start = loop.time()
    assert await outcome(never.payload(SeqRange(1, 2), client_id="d")) == "WorkerLost"
    assert loop.time() - start == BOOT_S

    payload = await sound.payload(SeqRange(1, 2), client_id="d")
    sending = asyncio.ensure_future(sound.post("/", payload, token="t", timeout_s=1000))
    await asyncio.sleep(60)
    assert not sending.done()
    workers.lines[1].hang()
    start = loop.time()
    assert await outcome(sending) == "WorkerLost"
    assert HANG_S - 1 <= loop.time() - start <= HANG_S + 1
    assert workers.lines[1].cut_off


@jumping
async def test_an_idle_worker_is_left_in_peace() -> None:
    """Without anything under way nobody asks for signs of life."""
    workers = MemoryWorkers(database(), Server().answer)
    worker = workers.start()
    await worker.payload(SeqRange(1, 2), client_id="d")
    workers.lines[0].hang()
    await asyncio.sleep(3600)
    assert not workers.lines[0].cut_off
    assert await outcome(worker.payload(SeqRange(1, 2), client_id="d")) == "WorkerLost"


@pytest.mark.parametrize(("how", "carried_out"), [*product(["dies", "hangs"], [False, True])])
def test_doom_at_a_call(how: Any, carried_out: bool) -> None:
    """The n-th call is lost, carried out or not; the ones before it were answered."""

    @jumping
    async def run() -> None:
        server = Server()
        server.answering.set()
        doom = Doom(how, at_call=2, carried_out=carried_out)
        worker = MemoryWorkers(database(), server.answer, [doom]).start()
        payload = await worker.payload(SeqRange(1, 2), client_id="d")
        assert await outcome(worker.post("/", payload, token="t", timeout_s=9)) == "WorkerLost"
        assert server.asked == carried_out

    run()


@given(
    st.lists(
        st.tuples(st.sampled_from(["payload", "post"]), st.integers(0, 8), st.booleans()),
        max_size=12,
    ),
    st.one_of(st.none(), st.builds(Doom, st.sampled_from(["dies", "hangs"]), st.integers(0, 6))),
)
def test_nothing_is_left_behind(calls: list[tuple[str, int, bool]], doom: Doom | None) -> None:
    """Whatever is asked, cancelled and lost, in any order, each request ends, and once all
    payloads are let go the worker keeps nothing."""

    @jumping
    async def run() -> None:
        server = Server()
        server.answering.set()
        workers = MemoryWorkers(database(), server.answer, [doom])
        worker = workers.start()
        made: list[Payload] = []

        async def one(kind: str) -> None:
            payload = await worker.payload(SeqRange(1, 3), client_id="d")
            made.append(payload)
            if kind == "post":
                await worker.post("/", payload, token="t", timeout_s=9)

        tasks = []
        for kind, turns, cancelled in calls:
            task = asyncio.ensure_future(one(kind))
            tasks.append(task)
            for _ in range(turns):
                await asyncio.sleep(0)
            if cancelled:
                task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(e is None or isinstance(e, asyncio.CancelledError | WorkerLost) for e in ended)
        for payload in made:
            worker.let_go(payload)
        await asyncio.sleep(1)
        assert not worker._asked
        assert not worker._held
        errands = workers.lines[0].errands
        if errands is not None and not workers.lines[0]._silent:
            assert not errands._payloads
            assert not errands._under_way

    run()
