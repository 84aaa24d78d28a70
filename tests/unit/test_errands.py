"""What a worker does with the engine's messages, beyond what the workers' contract says."""

from __future__ import annotations

import asyncio
import gc

from heyho.errands import Errands
from heyho.ports import Record
from heyho.ports.stores import VisitStore
from heyho.testing.loop import jumping
from heyho.testing.network import MemoryServer, MemoryTransport
from heyho.testing.stores import MemoryDatabase, MemoryVisitStore


@jumping
async def test_what_is_let_go_at_once_is_never_begun() -> None:
    """Without a complaint: whatever is created and never awaited fails this test."""
    opened: list[VisitStore] = []
    answers: list[Record] = []

    async def visits() -> VisitStore:
        opened.append(MemoryVisitStore(MemoryDatabase()))
        return opened[0]

    transport = MemoryTransport(MemoryServer().answer)
    errands = Errands(visits=visits, transport=transport, send=answers.append, source="test")
    errands.take({"kind": "payload", "number": 1, "first": 1, "last": 2, "clientId": "device"})
    errands.take({"kind": "let_go", "number": 1})
    await asyncio.sleep(1)
    gc.collect()
    assert (opened, [answer["kind"] for answer in answers]) == ([], ["ready"])
