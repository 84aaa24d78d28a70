"""A service time around an application, and a count of what it does meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from heyho_server.api.asgi import App, Message, Receive, Scope, Send


@dataclass(slots=True)
class Counts:
    """What the timed requests did.

    Attributes:
        peak_in_flight: the most that were under way at the same time.
        versions: of HTTP, such as "1.1".
    """

    requests: int = 0
    rate_limited: int = 0
    in_flight: int = 0
    peak_in_flight: int = 0
    versions: set[str] = field(default_factory=set)

    def to_record(self) -> dict[str, Any]:
        return {
            "requests": self.requests,
            "rateLimited": self.rate_limited,
            "peakInFlight": self.peak_in_flight,
            "versions": sorted(self.versions),
        }


class ServiceTime:
    """Answers no sooner than `service_s` after the request arrived, the real work included.

    Args:
        app: what does the real work.
        timed: which requests it is about; others pass.
    """

    def __init__(self, app: App, service_s: float, timed: Callable[[Scope], bool]) -> None:
        self._app = app
        self._service_s = service_s
        self._timed = timed
        self.counts = Counts()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._timed(scope):
            await self._app(scope, receive, send)
            return
        loop = asyncio.get_running_loop()
        ready_at = loop.time() + self._service_s
        counts = self.counts
        counts.requests += 1
        counts.in_flight += 1
        counts.peak_in_flight = max(counts.peak_in_flight, counts.in_flight)
        counts.versions.add(scope["http_version"])

        async def send_when_ready(message: Message) -> None:
            if message["type"] == "http.response.start":
                counts.rate_limited += message["status"] == 429
                await asyncio.sleep(ready_at - loop.time())
            await send(message)

        try:
            await self._app(scope, receive, send_when_ready)
        finally:
            counts.in_flight -= 1
