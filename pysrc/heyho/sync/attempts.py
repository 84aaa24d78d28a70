"""Sends one payload, as often as it takes and makes sense."""

from __future__ import annotations

import asyncio

from heyho.errors import SyncError, TooLarge
from heyho.model import Rejection, ServerLimits
from heyho.ports import Payload
from heyho.replies import read_sync_reply
from heyho.settings import Settings
from heyho.sync.carriers import Carrier
from heyho.sync.logbook import Logbook
from heyho.sync.patience import Patience
from heyho.sync.progress import Travel

REQUEST_TIMEOUT_S = 30.0


class Attempts:
    """The attempts of one run.

    Args:
        over: set when the run is ending: nothing is tried again then.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        limits: ServerLimits,
        patience: Patience,
        logbook: Logbook,
        over: asyncio.Event,
    ) -> None:
        self._url = f"{settings.server_url}/data/sync"
        self._token = settings.token
        self._limits = limits
        self._patience = patience
        self._logbook = logbook
        self._over = over

    async def send(
        self, payload: Payload, carrier: Carrier, travel: Travel, *, lane: int
    ) -> tuple[Rejection, ...]:
        """Send a payload until the server has taken it; returns what it rejected by name.

        Raises:
            SyncError: of the last attempt.
            WorkerLost: the carrier is gone.
        """
        if payload.json_bytes > self._limits.max_body_bytes:
            raise TooLarge(
                "The visits are larger than your server takes in one request.", final=True
            )
        attempt = 1
        while True:
            try:
                return await self._attempt(payload, carrier, travel, lane=lane, attempt=attempt)
            except SyncError as error:
                pause_s = self._patience.pause_s(error, attempt=attempt)
                if pause_s is None or await self._ends_within(pause_s, travel):
                    raise
            attempt += 1
            self._logbook.retry()

    async def _attempt(
        self, payload: Payload, carrier: Carrier, travel: Travel, *, lane: int, attempt: int
    ) -> tuple[Rejection, ...]:
        with self._logbook.attempt(payload, travel, lane=lane, attempt=attempt) as answered:
            reply = await carrier.post(
                self._url, payload, token=self._token, timeout_s=REQUEST_TIMEOUT_S
            )
            answered(reply)
        taken = read_sync_reply(reply.status, reply.headers, reply.text, sent=payload.visits)
        self._patience.succeeded()
        return taken.rejections

    async def _ends_within(self, seconds: float, travel: Travel) -> bool:
        """Wait, unless the run is ending."""
        self._logbook.phase(travel, "pausing")
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            return False
        return True
