"""The contract of the transport, on the in-memory twin."""

from __future__ import annotations

import gzip

import pytest

from contract.memory_world import EchoServer
from contract.transport_contract import CONTRACTS, Contract, Network
from heyho.ports.stores import Payload
from heyho.testing.loop import run_jumping
from heyho.testing.network import MemoryTransport


def payload(text: str) -> Payload:
    packed = gzip.compress(text.encode())
    return Payload(1, len(text.encode()), len(packed), None, packed)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.__name__)
def test_in_memory(contract: Contract) -> None:
    network = Network(MemoryTransport(EchoServer().answer), lambda path: path, payload)
    run_jumping(contract(network))  # type: ignore[arg-type]
