"""Several batches at once, prepared and sent by threads of their own."""

from __future__ import annotations

from heyho.errors import WorkerLost
from heyho.model import SeqRange
from heyho.ports.network import Reply, Worker, Workers
from heyho.ports.stores import Payload
from heyho.sync.carriers import Carrier

MAX_REPLACED = 4


class WorkerCrew:
    """Workers that share the lanes out among themselves; the strategy above is `concurrent`.

    A worker that is lost is replaced. When `MAX_REPLACED` of them were, something is wrong with
    workers as such, and their lanes go on in the engine's own thread.

    Args:
        workers: where workers come from; they start booting at once.
        size: how many.
        client_id: the device that payloads name.

    Attributes:
        own: who carries batches when no worker does.
    """

    def __init__(
        self, workers: Workers, *, size: int, client_id: str, own: Carrier | None = None
    ) -> None:
        self._workers = workers
        self._client_id = client_id
        self._replaced = 0
        self._seats = [self._hire() for _ in range(size)]
        self.own = own

    @property
    def size(self) -> int:
        """How many workers there are."""
        return len(self._seats)

    def carrier(self, lane: int) -> Carrier:
        """The worker of a lane, or whoever has taken its place."""
        seat = lane % len(self._seats)
        if self._seats[seat].lost:
            if self._replaced >= MAX_REPLACED and self.own:
                return self.own
            self._replaced += 1
            self._seats[seat] = self._hire()
        return self._seats[seat]

    def close(self) -> None:
        """End all workers."""
        for seat in self._seats:
            seat.close()

    def _hire(self) -> _Seat:
        return _Seat(self._workers.start(), self._client_id)


class _Seat:
    """A worker, as a carrier that remembers when it is lost."""

    def __init__(self, worker: Worker, client_id: str) -> None:
        self._worker = worker
        self._client_id = client_id
        self.lost = False

    async def payload(self, seqs: SeqRange) -> Payload:
        try:
            return await self._worker.payload(seqs, client_id=self._client_id)
        except WorkerLost:
            self.lost = True
            raise

    async def post(self, url: str, payload: Payload, *, token: str, timeout_s: float) -> Reply:
        try:
            return await self._worker.post(url, payload, token=token, timeout_s=timeout_s)
        except WorkerLost:
            self.lost = True
            raise

    def let_go(self, payload: Payload) -> None:
        self._worker.let_go(payload)

    def close(self) -> None:
        self._worker.close()
