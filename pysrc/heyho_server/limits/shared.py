"""Moving windows in Redis or Valkey: several servers count together."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlsplit

import structlog
from limits.aio.storage import RedisStorage
from limits.aio.storage.redis.redispy import RedispyBridge
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from heyho_server.errors import StartError
from heyho_server.limits.windows import Windows, enforced_s

PORT = 6379
TIMEOUT_S = 0.5
RETRY_S = 1.0
# How the library calls what people call otherwise.
_SCHEMES = {
    "redis": "redis",
    "rediss": "rediss",
    "valkey": "redis",
    "valkeys": "rediss",
    "unix": "redis+unix",
}

# Both go by Redis's own clock, the one that all servers have in common. Where it was put back,
# what it then calls the future is forgotten, so that nobody is refused for it.
_TAKE = """
local time = redis.call('TIME')
local now, length = time[1] * 1000000 + time[2], tonumber(ARGV[2])
local limit, amount = tonumber(ARGV[1]), tonumber(ARGV[3])
local newest = redis.call('LINDEX', KEYS[1], 0)
if newest and tonumber(newest) > now then redis.call('DEL', KEYS[1]) end
local oldest = redis.call('LINDEX', KEYS[1], limit - amount)
if amount > limit or oldest and tonumber(oldest) > now - length then return 0 end
for _ = 1, amount do redis.call('LPUSH', KEYS[1], string.format('%.0f', now)) end
redis.call('LTRIM', KEYS[1], 0, limit - 1)
redis.call('PEXPIRE', KEYS[1], math.ceil(length / 1000))
return 1
"""
_LOOK = """
local time = redis.call('TIME')
local now, length = time[1] * 1000000 + time[2], tonumber(ARGV[1])
local low, high = 0, redis.call('LLEN', KEYS[1])
while low < high do
  local middle = math.floor((low + high) / 2)
  if tonumber(redis.call('LINDEX', KEYS[1], middle)) > now - length then
    low = middle + 1
  else
    high = middle
  end
end
if low == 0 then return {0, 0} end
return {now - redis.call('LINDEX', KEYS[1], low - 1), low}
"""

log = structlog.get_logger()


class SharedWindows(RedisStorage):
    """The moving windows of `limits`' Redis storage, by Redis's clock and with their leeway.

    The library's own go by each server's clock, and cannot end a tenth of a second early.

    Whoever keeps visits must not lose them to a broken counter: while Redis is out of reach, this
    process counts by itself, and asks again once a second.

    Attributes:
        reachable: whether Redis answered when it was last asked.
    """

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        scheme, _, rest = url.partition("://")
        super().__init__(
            f"async+{_SCHEMES[scheme]}://{rest}",
            implementation="redispy",
            key_prefix="heyho",
            **cast(
                Any,
                {
                    "socket_timeout": TIMEOUT_S,
                    "socket_connect_timeout": TIMEOUT_S,
                    "retry": Retry(NoBackoff(), 1),
                },
            ),
        )
        self.reachable = True
        self._clock = clock
        self._again_s = 0.0
        self._own = Windows(clock)
        self._redis = cast("Redis", cast(RedispyBridge, self.bridge).get_connection())
        self._take = self._redis.register_script(_TAKE)
        self._look = self._redis.register_script(_LOOK)

    async def open(self) -> None:
        """Make sure that Redis answers.

        Raises:
            StartError: it does not.
        """
        try:
            await self._redis.ping()
        except (RedisError, OSError) as problem:
            await self.close()
            raise StartError(
                f"Redis does not answer at the address of --rate-limit-url ({_reason(problem)}); "
                "start it, correct the address, or leave it out to count in this process alone."
            ) from problem

    async def close(self) -> None:
        await self._redis.aclose()

    async def check(self) -> bool:
        """Whether Redis answers now."""
        try:
            await self._redis.ping()
        except (RedisError, OSError) as problem:
            self._lost(problem)
        else:
            self._found()
        return self.reachable

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Take `amount` requests, or none where they are too many; those are not counted."""
        length_us = math.ceil(enforced_s(expiry) * 1e6)
        answer = await self._ask(self._take, key, limit, length_us, amount)
        if answer is None:
            return await self._own.acquire_entry(key, limit, expiry, amount)
        return bool(answer)

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """The time of the oldest request in the window, by the wall clock, and their number."""
        answer = await self._ask(self._look, key, math.ceil(enforced_s(expiry) * 1e6))
        if answer is None:
            return await self._own.get_moving_window(key, limit, expiry)
        age_us, count = answer
        return time.time() - age_us / 1e6, count

    async def _ask(self, script: Any, key: str, *arguments: int) -> Any:
        """Run a script; None where Redis is out of reach."""
        if not self.reachable and self._clock() < self._again_s:
            return None
        try:
            answer = await script([f"heyho:{key}"], arguments)
        except (RedisError, OSError) as problem:
            self._lost(problem)
            return None
        self._found()
        return answer

    def _lost(self, problem: Exception) -> None:
        self._again_s = self._clock() + RETRY_S
        if self.reachable:
            self.reachable = False
            log.warning("redis out of reach, counting alone", reason=_reason(problem))

    def _found(self) -> None:
        if not self.reachable:
            self.reachable = True
            log.info("redis back, counting together")


def _reason(problem: Exception) -> str:
    """What is wrong, without the address, which may hold a password."""
    cause = problem.__cause__
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return type(problem).__name__


def read_rate_limit_url(url: str | None) -> str | None:
    """The Redis to count in, with its port; None where counts stay in the process.

    Raises:
        StartError: it is no address of a Redis.
    """
    if not url:
        return None
    scheme = url.partition("://")[0]
    try:
        parts = urlsplit(url)
        known = scheme in _SCHEMES and bool(parts.path if scheme == "unix" else parts.hostname)
        _ = parts.port
    except ValueError:
        known = False
    if not known:
        raise StartError(
            "The rate limit URL is no address of Redis or Valkey; write it as "
            "redis://host:6379/0, as rediss:// with TLS, or as unix:///path/to/socket."
        )
    has_no_port = scheme != "unix" and parts.port is None
    return parts._replace(netloc=f"{parts.netloc}:{PORT}").geturl() if has_no_port else url
