"""Who prepares and sends a batch: the engine's own thread, or a worker's."""

from __future__ import annotations

from typing import Protocol

from heyho.model import SeqRange
from heyho.ports.network import Reply, Transport
from heyho.ports.stores import Payload
from heyho.sync.ahead import ReadAhead


class Carrier(Protocol):
    """Prepares batches, and sends what it has prepared.

    Raises what VisitStore and Transport raise, and WorkerLost where it is a worker that is gone.
    """

    async def payload(self, seqs: SeqRange) -> Payload:
        """Read, encode and compress the visits of a range."""
        ...

    async def post(self, url: str, payload: Payload, *, token: str, timeout_s: float) -> Reply:
        """Send a payload; as often as need be."""
        ...

    def let_go(self, payload: Payload) -> None:
        """Forget a payload that will not be sent any more."""
        ...


class Crew(Protocol):
    """The carriers of a run."""

    def carrier(self, lane: int) -> Carrier:
        """Who carries the batches of a lane. Asked anew, it is somebody who is not lost."""
        ...


class OwnThread:
    """The carrier of every lane that needs no worker; reads ahead of them."""

    def __init__(self, ahead: ReadAhead, transport: Transport) -> None:
        self._ahead = ahead
        self._transport = transport

    def carrier(self, lane: int) -> Carrier:
        """A `Crew` of one."""
        return self

    async def payload(self, seqs: SeqRange) -> Payload:
        return await self._ahead.payload(seqs)

    async def post(self, url: str, payload: Payload, *, token: str, timeout_s: float) -> Reply:
        return await self._transport.post(url, payload, token=token, timeout_s=timeout_s)

    def let_go(self, payload: Payload) -> None:
        pass
