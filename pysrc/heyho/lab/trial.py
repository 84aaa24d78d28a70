"""What sending takes of the world, for a trial: the server keeps nothing, and nor does the device.

The sync's own code does the sending. It gets a transport that marks every request as a trial, and
a ledger that is empty and stays so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from heyho.errors import NoTrial
from heyho.model import Rejection, SeqRange
from heyho.ports import Record
from heyho.ports.network import Reply, Transport, Worker, Workers
from heyho.ports.stores import Payload
from heyho.replies import decode
from heyho.sync.ledger import Ledger
from heyho.sync.sending import Means


def trial_means(means: Means) -> Means:
    """The same world, in which nothing is delivered for good."""
    return replace(
        means,
        ledger=BlankLedger(),
        transport=TrialTransport(means.transport),
        workers=TrialWorkers(means.workers),
    )


class BlankLedger:
    """LedgerStore in which nothing is ever written."""

    async def ledger(self, destination: str) -> Ledger:
        return Ledger()

    async def acknowledge(
        self,
        destination: str,
        ranges: Sequence[SeqRange],
        rejections: Sequence[Rejection],
        *,
        at_ms: float,
    ) -> None:
        pass

    async def quarantined(self) -> int:
        return 0

    async def quarantine(self, limit: int) -> list[Record]:
        return []


class TrialTransport:
    """Transport whose every post is a trial.

    Raises NoTrial where a batch was taken, and not as one.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def post(
        self, url: str, payload: Payload, *, token: str, timeout_s: float, trial: bool = True
    ) -> Reply:
        reply = await self._transport.post(
            url, payload, token=token, timeout_s=timeout_s, trial=True
        )
        return _checked(reply)

    async def get(self, url: str, *, token: str | None, timeout_s: float) -> Reply:
        return await self._transport.get(url, token=token, timeout_s=timeout_s)


class TrialWorkers:
    """Workers whose every post is a trial."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    def start(self) -> Worker:
        return _TrialWorker(self._workers.start())


class _TrialWorker:
    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def payload(self, seqs: SeqRange, *, client_id: str) -> Payload:
        return await self._worker.payload(seqs, client_id=client_id)

    async def post(
        self, url: str, payload: Payload, *, token: str, timeout_s: float, trial: bool = True
    ) -> Reply:
        reply = await self._worker.post(url, payload, token=token, timeout_s=timeout_s, trial=True)
        return _checked(reply)

    def let_go(self, payload: Payload) -> None:
        self._worker.let_go(payload)

    def close(self) -> None:
        self._worker.close()


def _checked(reply: Reply) -> Reply:
    if 200 <= reply.status < 300:
        answer = decode(reply.text)
        data = answer.get("data") if isinstance(answer, dict) else None
        if (
            isinstance(data, dict)
            and "page_visits_synced" in data
            and data.get("trial") is not True
        ):
            raise NoTrial(
                "Your server stored what was meant as a trial: something between you and it "
                "drops the mark. No visit is lost or doubled by that."
            )
    return reply
