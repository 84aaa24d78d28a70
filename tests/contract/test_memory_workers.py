"""The contract of the workers, on the in-memory twin."""

from __future__ import annotations

import pytest

from contract.memory_world import EchoServer
from contract.store_contract import visit
from contract.worker_contract import CONTRACTS, VISITS, Contract, Fate, World
from heyho.ports.network import Worker
from heyho.testing.loop import run_jumping
from heyho.testing.network import Doom, MemoryLine, MemoryWorkers
from heyho.testing.stores import MemoryDatabase


def memory_world() -> World:
    """Workers in memory, on a database with visits."""
    database = MemoryDatabase()
    database.append_visits(visit(number) for number in range(1, VISITS + 1))
    server = EchoServer()
    lines: dict[Worker, MemoryLine] = {}

    def start(boots: bool) -> Worker:
        workers = MemoryWorkers(database, server.answer, [None if boots else Doom("hangs")])
        worker = workers.start()
        [lines[worker]] = workers.lines
        return worker

    def harm(worker: Worker, fate: Fate) -> None:
        if fate == "hangs":
            lines[worker].hang()
        else:
            lines[worker].die()

    async def held() -> None:
        await server.held.wait()

    async def aborted() -> None:
        await server.aborted.wait()

    return World(start, harm, lambda path: path, held, aborted)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.__name__)
def test_in_memory(contract: Contract) -> None:
    run_jumping(contract(memory_world()))  # type: ignore[arg-type]
