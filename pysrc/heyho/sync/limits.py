"""What the server says of its limits, asked once a day."""

from __future__ import annotations

import asyncio
from typing import Any

from heyho.model import ServerLimits
from heyho.ports.device import Clock
from heyho.ports.network import Transport
from heyho.ports.stores import StateStore
from heyho.replies import read_limits

FRESH_MS = 24 * 3600 * 1000
TIMEOUT_S = 30.0


class LimitsReader:
    """Reads `GET /config`, and keeps the answer in the state's `server`.

    No run waits for an answer that it has from another day: that is asked for anew beside it.
    """

    def __init__(self, *, clock: Clock, state: StateStore, transport: Transport) -> None:
        self._clock = clock
        self._state = state
        self._transport = transport
        self._told: Any = None
        self._asking: tuple[str, asyncio.Task[ServerLimits]] | None = None

    async def known(self, server_url: str) -> ServerLimits | None:
        """What this server said last, if that is known; asks nobody."""
        known = await self._known(server_url)
        return _limits(known) if known else None

    async def read(self, server_url: str) -> ServerLimits:
        """The server's limits; defaults for one that does not tell, as the original's.

        Raises:
            SyncError: they are not known, and there was no answer.
        """
        known = await self._known(server_url)
        if known is None:
            return await self.ask(server_url)
        if not self._is_fresh(known):
            self._ask(server_url)
        return _limits(known)

    async def ask(self, server_url: str) -> ServerLimits:
        """What the server says now.

        Raises:
            SyncError: there was no answer.
        """
        return await asyncio.shield(self._ask(server_url))

    async def refresh(self, server_url: str) -> None:
        """Ask in good time, beside whatever else is going on, where the answer is not fresh."""
        known = await self._known(server_url)
        if known is None or not self._is_fresh(known):
            self._ask(server_url)

    def _is_fresh(self, known: dict[str, Any]) -> bool:
        age_ms: float = self._clock.now_ms() - known["askedAt"]
        return 0 <= age_ms < FRESH_MS

    async def _known(self, server_url: str) -> dict[str, Any] | None:
        if self._told is None:
            self._told = await self._state.get("server")
        told = self._told
        return told if isinstance(told, dict) and told.get("url") == server_url else None

    def _ask(self, server_url: str) -> asyncio.Task[ServerLimits]:
        if self._asking is None or self._asking[0] != server_url or self._asking[1].done():
            asking = asyncio.ensure_future(self._answer(server_url))
            # Whoever waits for it gets the error, and nobody else has to know.
            asking.add_done_callback(lambda task: task.cancelled() or task.exception())
            self._asking = server_url, asking
        return self._asking[1]

    async def _answer(self, server_url: str) -> ServerLimits:
        reply = await self._transport.get(f"{server_url}/config", token=None, timeout_s=TIMEOUT_S)
        limits = read_limits(reply.text) if reply.status == 200 else None
        if limits is None and reply.status != 404:
            return ServerLimits()
        limits = limits or ServerLimits()
        self._told = {
            "url": server_url,
            "askedAt": self._clock.now_ms(),
            "maxRecords": limits.max_records,
            "maxBodyBytes": limits.max_body_bytes,
            "rateLimits": limits.rate_limits,
            "trials": limits.trials,
        }
        await self._state.put("server", self._told)
        return limits


def _limits(known: dict[str, Any]) -> ServerLimits:
    return ServerLimits(
        known["maxRecords"],
        known["maxBodyBytes"],
        known.get("rateLimits"),
        known.get("trials", False),
    )
