"""What the server says of its limits, asked once a day."""

from __future__ import annotations

from typing import Any

from heyho.model import ServerLimits
from heyho.ports import Clock, StateStore, Transport
from heyho.wire import read_limits

FRESH_MS = 24 * 3600 * 1000
TIMEOUT_S = 30.0


class LimitsReader:
    """Reads `GET /config`, and keeps the answer in the state's `server`."""

    def __init__(self, *, clock: Clock, state: StateStore, transport: Transport) -> None:
        self._clock = clock
        self._state = state
        self._transport = transport

    async def known(self, server_url: str) -> ServerLimits:
        """What was read within a day, or else the defaults; asks nobody."""
        return await self._fresh(server_url) or ServerLimits()

    async def _fresh(self, server_url: str) -> ServerLimits | None:
        known: Any = await self._state.get("server")
        if (
            isinstance(known, dict)
            and known.get("url") == server_url
            and 0 <= self._clock.now_ms() - known.get("askedAt", 0) < FRESH_MS
        ):
            return ServerLimits(known["maxRecords"], known["maxBodyBytes"])
        return None

    async def read(self, server_url: str) -> ServerLimits:
        """The server's limits; defaults for one that does not tell, as the original's.

        Raises:
            SyncError: there was no answer.
        """
        fresh = await self._fresh(server_url)
        if fresh is not None:
            return fresh
        reply = await self._transport.get(f"{server_url}/config", token=None, timeout_s=TIMEOUT_S)
        limits = read_limits(reply.text) if reply.status == 200 else None
        if limits is None:
            return ServerLimits()
        await self._state.put(
            "server",
            {
                "url": server_url,
                "askedAt": self._clock.now_ms(),
                "maxRecords": limits.max_records,
                "maxBodyBytes": limits.max_body_bytes,
            },
        )
        return limits
