"""The contract of the transport, on the in-memory twin."""

from __future__ import annotations

import asyncio
import gzip

import pytest

from contract.transport_contract import CONTRACTS, Contract, Network
from heyho.errors import Unreachable
from heyho.ports import Payload, Record, Reply
from heyho.testing import MemoryTransport, reply, run_jumping


async def answer(method: str, url: str, body: Record | None, token: str | None) -> Reply:
    """The server of this world."""
    match url:
        case "/echo":
            return reply(200, {"method": method, "token": token, "body": body})
        case "/fails":
            return reply(500, {"message": "ü"}, retry_after="7")
        case "/silent":
            await asyncio.sleep(3600)
    raise Unreachable("Nobody is there.")


def payload(text: str) -> Payload:
    packed = gzip.compress(text.encode())
    return Payload(1, len(text.encode()), len(packed), None, packed)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.__name__)
def test_in_memory(contract: Contract) -> None:
    network = Network(MemoryTransport(answer), lambda path: path, payload)
    run_jumping(contract(network))  # type: ignore[arg-type]
