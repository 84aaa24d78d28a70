"""Sends one payload, as often as it takes and makes sense."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from heyho import texts
from heyho.errors import RateLimited, SyncError, TimedOut, TooLarge, TooSlow, Unreachable
from heyho.model import ServerLimits
from heyho.ports.device import Clock, Conditions
from heyho.ports.network import Reply
from heyho.ports.stores import Payload
from heyho.replies import Acknowledgement, decode, read_sync_reply
from heyho.settings import Settings
from heyho.sync.carriers import Carrier
from heyho.sync.lanes import Lanes
from heyho.sync.logbook import Logbook
from heyho.sync.pacing import Gate
from heyho.sync.patience import MAX_WAIT_S, Patience
from heyho.sync.progress import Travel
from heyho.sync.quota import read_advice

REQUEST_TIMEOUT_S = 30.0
OFFLINE_S = 30.0
LOOK_S = 0.5
TOO_MANY, FAILED = 429, 500


class Attempts:
    """The attempts of one run.

    Args:
        over: set when the run is ending: nothing is tried again then.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        conditions: Callable[[], Conditions],
        settings: Settings,
        limits: ServerLimits,
        gate: Gate,
        lanes: Lanes,
        patience: Patience,
        logbook: Logbook,
        over: asyncio.Event,
    ) -> None:
        self._clock = clock
        self._conditions = conditions
        self._url = f"{settings.server_url}/data/sync"
        self._token = settings.token
        self._limits = limits
        self._gate = gate
        self._lanes = lanes
        self._patience = patience
        self._logbook = logbook
        self._over = over

    async def send(
        self, payload: Payload, carrier: Carrier, travel: Travel, *, lane: int
    ) -> Acknowledgement:
        """Send a payload until the server has taken it; returns how it accounts for the visits.

        Raises:
            TooSlow: nothing at all has got through meanwhile; smaller payloads might.
            SyncError: of the last attempt.
            WorkerLost: the carrier is gone.
        """
        if payload.json_bytes > self._limits.max_body_bytes:
            raise TooLarge(texts.text("error_larger"), final=True)
        attempt = 1
        while True:
            answers = self._lanes.answers
            try:
                return await self._attempt(payload, carrier, travel, lane=lane, attempt=attempt)
            except TimedOut as error:
                in_vain = answers == self._lanes.answers
                await self._go_on(error, travel, lane=lane, attempt=attempt)
                if in_vain and payload.only_id is None:
                    raise TooSlow(error.sentence) from error
            except SyncError as error:
                pause_s = self._patience.pause_s(error, attempt=attempt)
                if isinstance(error, Unreachable):
                    pause_s = await self._until_online(pause_s, travel)
                if pause_s is None or await self._ends_within(pause_s, travel):
                    raise
            attempt += 1
            self._logbook.retry()

    async def _go_on(self, error: TimedOut, travel: Travel, *, lane: int, attempt: int) -> None:
        """Return when there is a lane for another attempt; raise the error where there is no use.

        A server from which nothing has come for so long ends the run: each further batch would
        take another time-out.
        """
        pause_s = self._patience.pause_s(error, attempt=attempt)
        if pause_s is not None and not await self._ends_within(pause_s, travel):
            await self._lanes.go_on(lane)
            if not self._over.is_set() and not self._patience.is_over(error, attempt=attempt):
                return
        if self._patience.spent:
            self._over.set()
        raise error

    async def _attempt(
        self, payload: Payload, carrier: Carrier, travel: Travel, *, lane: int, attempt: int
    ) -> Acknowledgement:
        ticket = await self._admit(travel)
        reply: Reply | None = None
        try:
            with (
                self._logbook.attempt(payload, travel, lane=lane, attempt=attempt) as answered,
                self._lanes.timed() as ended,
            ):
                reply = await carrier.post(
                    self._url, payload, token=self._token, timeout_s=REQUEST_TIMEOUT_S
                )
                answered(reply)
                ended(reply.status == TOO_MANY or reply.status >= FAILED)
        finally:
            if reply is None:
                self._gate.lost(ticket)
        answer = decode(reply.text)
        advice = read_advice(reply.status, reply.headers, answer, now_ms=self._clock.now_ms())
        self._gate.heard(ticket, advice)
        taken = read_sync_reply(
            reply.status, answer, sent=payload.visits, retry_after_s=advice.retry_after_s
        )
        self._patience.succeeded()
        if taken.rejections:
            self._logbook.refused(len(taken.rejections))
        return taken

    async def _admit(self, travel: Travel) -> int:
        """Wait for the gate; who would have to wait too long leaves it to another run."""
        wait_s = self._gate.wait_s
        if wait_s > MAX_WAIT_S:
            raise self._later()
        if wait_s:
            self._logbook.wait(travel, wait_s)
        begun_s = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(MAX_WAIT_S):
                ticket = await self._gate.admit()
        except TimeoutError:
            raise self._later() from None
        finally:
            self._patience.waited(begun_s)
        if self._over.is_set():
            self._gate.lost(ticket)
            raise self._later()
        return ticket

    def _later(self) -> RateLimited:
        """The error of whoever leaves it to another run, with how long the gate stays shut."""
        return RateLimited(texts.text("error_slow_down"), retry_after_s=self._gate.wait_s)

    async def _until_online(self, pause_s: float | None, travel: Travel) -> float | None:
        """The pause before the next attempt; without a connection, until there is one again."""
        looks = 0
        while not self._conditions().online:
            if looks * LOOK_S >= OFFLINE_S or await self._ends_within(LOOK_S, travel):
                return None
            looks += 1
        return 0.0 if looks else pause_s

    async def _ends_within(self, seconds: float, travel: Travel) -> bool:
        """Wait, unless the run is ending."""
        self._logbook.phase(travel, "pausing")
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            return False
        return True
