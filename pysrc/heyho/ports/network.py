"""The way to a server, and threads that go it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from heyho.model import SeqRange
from heyho.ports import Record
from heyho.ports.stores import Payload


class Caller(Protocol):
    """Calls to the person's server that carry no visits."""

    async def call(self, url: str, body: Record, *, token: str, timeout_s: float) -> Reply:
        """Post JSON. Raises Unreachable or TimedOut; cancelling aborts it."""
        ...


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole HTTP answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str


class Transport(Protocol):
    """HTTP to the person's server, with a time-out for each request."""

    async def post(
        self, url: str, payload: Payload, *, token: str, timeout_s: float, trial: bool = False
    ) -> Reply:
        """Send a gzipped JSON body. Raises Unreachable or TimedOut; cancelling aborts it.

        Args:
            trial: mark it as a sync of which the server keeps nothing.
        """
        ...

    async def get(self, url: str, *, token: str | None, timeout_s: float) -> Reply:
        """Fetch. Raises Unreachable or TimedOut; cancelling aborts it."""
        ...


class Worker(Protocol):
    """A thread of its own that prepares and sends batches.

    Its methods are those of VisitStore and Transport, carried out there; several may be under way
    at once. What is asked before the worker has booted waits for it. Besides the errors of those
    ports, each raises WorkerLost if the worker ends, does not start, or hangs.
    """

    async def payload(self, seqs: SeqRange, *, client_id: str) -> Payload:
        """As VisitStore's. The body stays in the worker, and only this worker can send it."""
        ...

    async def post(
        self, url: str, payload: Payload, *, token: str, timeout_s: float, trial: bool = False
    ) -> Reply:
        """As Transport's, for a payload of this worker. A payload may be sent several times."""
        ...

    def let_go(self, payload: Payload) -> None:
        """Forget a payload that will not be sent any more."""
        ...

    def close(self) -> None:
        """End the thread at once, and give its memory back. What is under way raises WorkerLost."""
        ...


class Workers(Protocol):
    """Starts workers."""

    def start(self) -> Worker:
        """A new worker, which boots at once."""
        ...
