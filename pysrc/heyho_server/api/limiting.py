"""Rate limits around the application: who is counted where, and what answers say of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from heyho_server.api.asgi import App, Receive, Scope, Send
from heyho_server.api.errors import send_error
from heyho_server.api.watching import PATHS
from heyho_server.errors import RateLimited
from heyho_server.limits.addresses import Network, household, origin
from heyho_server.limits.limiter import Count, Limiter
from heyho_server.limits.rates import Rate

SYNC_PATH = "/api/v1/data/sync"
_STANDING = "heyho.standing"


@dataclass(slots=True)
class _Standing:
    """Who makes a request, which rates it meets, and how those stand that have counted it."""

    address: str
    rates: list[Rate]
    counts: list[Count] = field(default_factory=list)


class Limiting:
    """Counts each request by its address, and refuses what is too many before reading it.

    Syncs have a rate of their own, which `count` adds their user's to; all else has the general
    one, but for those who watch over the server. Preflights never come here.
    """

    def __init__(self, app: App, limiter: Limiter, trusted: Sequence[Network]) -> None:
        self._app = app
        self._limiter = limiter
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in PATHS:
            rates = self._limiter.rates
            is_sync = scope["method"] == "POST" and scope["path"].rstrip("/") == SYNC_PATH
            rate = rates.sync_address if is_sync else rates.general
            met = rates.of_a_sync if is_sync else [rate] if rate else []
            address = self._key(scope)
            scope[_STANDING] = _Standing(address, met)
            try:
                await count(scope, self._limiter, rate, address)
            except RateLimited as problem:
                await send_error(send, problem)
                return
        await self._app(scope, receive, send)

    def _key(self, scope: Scope) -> str:
        peer = (scope.get("client") or ("",))[0]
        fields = [
            value.decode("latin-1")
            for name, value in scope["headers"]
            if self._trusted and name == b"x-forwarded-for"
        ]
        return household(origin(peer, fields, self._trusted))


async def count(scope: Scope, limiter: Limiter, rate: Rate | None, key: str) -> None:
    """Count a request by one more rate, unless that is off.

    Raises:
        RateLimited: it is one too many, and not counted.
    """
    if rate is None:
        return
    standing: _Standing = scope[_STANDING]
    if rate not in standing.rates:
        standing.rates.append(rate)
    counted = await limiter.count(rate, key)
    standing.counts.append(counted)
    if not counted.allowed:
        raise RateLimited(counted.reset_s)


def address_of(scope: Scope) -> str:
    """By what a request's address is counted."""
    standing: _Standing = scope[_STANDING]
    return standing.address


def limited_by(scope: Scope) -> str | None:
    """The name of the rate that has refused a request."""
    standing = scope.get(_STANDING)
    counts = standing.counts if standing is not None else []
    return next((count.rate.name for count in counts if not count.allowed), None)


def rate_headers(scope: Scope) -> list[tuple[bytes, bytes]]:
    """What the answer says of rates.

    RateLimit-Policy and RateLimit as in draft-ietf-httpapi-ratelimit-headers. X-RateLimit-* has
    room for one rate, which is that with the least left; its reset is in epoch seconds.
    """
    standing = scope.get(_STANDING)
    if standing is None or not standing.counts:
        return []
    policy = ", ".join(f'"{rate.name}";q={rate.quota};w={rate.window_s}' for rate in standing.rates)
    state = ", ".join(
        f'"{count.rate.name}";r={count.remaining};t={count.reset_s}' for count in standing.counts
    )
    least = min(standing.counts, key=lambda count: (count.remaining, -count.reset_s))
    fields = {
        "ratelimit-policy": policy,
        "ratelimit": state,
        "x-ratelimit-limit": str(least.rate.quota),
        "x-ratelimit-remaining": str(least.remaining),
        "x-ratelimit-reset": str(int(time.time()) + least.reset_s),
    }
    return [(name.encode(), value.encode()) for name, value in fields.items()]
