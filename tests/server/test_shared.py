"""Rate limits counted in a real Redis: together, to the letter, and never at a visit's cost."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import httpx
import pytest

from harness.redis import RedisProcess
from harness.server import ServerProcess
from heyho_server.errors import StartError
from heyho_server.limits.limiter import Count, Limiter
from heyho_server.limits.rates import Rate, Rates
from heyho_server.limits.shared import RETRY_S, SharedWindows, read_rate_limit_url
from server.support import refusal

RATE = Rate("some", 3, 600)


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisProcess]:
    with RedisProcess(tmp_path_factory.mktemp("redis")) as process:
        yield process


def together(
    url: str, use: Callable[[Limiter, Limiter], Awaitable[None]], clock: list[float] | None = None
) -> None:
    """Use two limiters, as two servers would have them, on one Redis."""

    async def run() -> None:
        reading = (lambda: clock[0]) if clock else time.monotonic
        storages = [SharedWindows(url, reading) for _ in range(2)]
        try:
            await use(*(Limiter(Rates(), storage) for storage in storages))
        finally:
            for storage in storages:
                await storage.close()

    asyncio.run(run())


def stands(count: Count) -> tuple[bool, int]:
    return count.allowed, count.remaining


def test_two_servers_share_a_quota_to_its_last_request(redis: RedisProcess) -> None:
    async def use(one: Limiter, other: Limiter) -> None:
        assert stands(await one.count(RATE, "quota")) == (True, 2)
        assert stands(await other.count(RATE, "quota")) == (True, 1)
        last = await one.count(RATE, "quota")
        assert stands(last) == (True, 0)
        assert 0 < last.reset_s <= 600
        for limiter in (one, other, one):
            refused = await limiter.count(RATE, "quota")
            assert stands(refused) == (False, 0)
            assert 590 < refused.reset_s <= 600
        assert stands(await other.count(RATE, "another key")) == (True, 2)
        assert stands(await other.count(Rate("other", 1, 600), "quota")) == (True, 0)

    together(redis.url, use)


def test_many_at_once_are_never_more_than_the_quota(redis: RedisProcess) -> None:
    async def use(one: Limiter, other: Limiter) -> None:
        rate = Rate("crowd", 4, 600)
        counts = await asyncio.gather(
            *(limiter.count(rate, "a") for _ in range(5) for limiter in (one, other))
        )
        assert sum(count.allowed for count in counts) == 4

    together(redis.url, use)


def test_a_window_ends_early_by_what_the_way_may_vary_and_not_more(redis: RedisProcess) -> None:
    """Asked without pause: what is certain of a window's length, whatever the machine does."""

    async def use(one: Limiter, other: Limiter) -> None:
        rate = Rate("second", 1, 1)
        begun_s = time.monotonic()
        assert (await one.count(rate, "edge")).allowed
        first_s = time.monotonic()  # the first was counted before this
        while True:
            asked_s = time.monotonic()
            if (await other.count(rate, "edge")).allowed:
                let_in_s = time.monotonic()
                break
            assert asked_s - first_s < 0.9, "refused no longer than the window is"
        assert let_in_s - begun_s >= 0.9, "and not let in before"

    together(redis.url, use)


def test_what_nobody_asks_for_any_more_is_forgotten(redis: RedisProcess) -> None:
    async def use(one: Limiter, other: Limiter) -> None:
        await one.count(RATE, "kept for as long as it counts")
        storage = one._windows.storage
        assert isinstance(storage, SharedWindows)
        keys = [key async for key in storage._redis.scan_iter("heyho:*kept*")]
        assert len(keys) == 1
        assert 0 < await storage._redis.pttl(keys[0]) <= 600_000

    together(redis.url, use)


def test_a_clock_put_back_refuses_nobody(redis: RedisProcess) -> None:
    async def use(one: Limiter, other: Limiter) -> None:
        storage = one._windows.storage
        assert isinstance(storage, SharedWindows)
        await one.count(RATE, "put back")
        [key] = [key async for key in storage._redis.scan_iter("heyho:*put back*")]
        ahead = str(int((time.time() + 3600) * 1e6))
        await storage._redis.lpush(key, ahead, ahead, ahead)
        assert stands(await one.count(RATE, "put back")) == (True, 2)

    together(redis.url, use)


def test_without_redis_each_counts_alone_until_it_is_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = [1000.0]
    with RedisProcess(tmp_path) as redis:

        async def use(one: Limiter, other: Limiter) -> None:
            storage = one._windows.storage
            assert isinstance(storage, SharedWindows)
            for _ in range(RATE.quota):
                await other.count(RATE, "a")
            assert not (await one.count(RATE, "a")).allowed
            redis.kill()
            for left in (2, 1, 0):
                assert stands(await one.count(RATE, "a")) == (True, left)
            assert not (await one.count(RATE, "a")).allowed, "limited all the same"
            assert not storage.reachable
            redis.start()
            assert not (await one.count(RATE, "a")).allowed, "not asked again at once"
            clock[0] += RETRY_S
            assert stands(await one.count(RATE, "a")) == (True, 2)
            assert storage.reachable

        together(redis.url, use, clock)
    said = capsys.readouterr()
    assert (said.out + said.err).count("redis out of reach") == 1
    assert (said.out + said.err).count("redis back") == 1


def test_a_redis_that_hangs_does_not_hold_up_requests(tmp_path: Path) -> None:
    """Stopped, it takes connections and says nothing; after one wait it is left alone."""
    import signal

    clock = [1000.0]
    with RedisProcess(tmp_path) as redis:

        async def use(one: Limiter, other: Limiter) -> None:
            assert (await one.count(RATE, "a")).allowed
            assert redis._process is not None
            os.kill(redis._process.pid, signal.SIGSTOP)
            for _n in range(3):
                assert (await one.count(RATE, "a")).allowed
            assert not (await one.count(RATE, "a")).allowed

        together(redis.url, use, clock)


@pytest.mark.parametrize(
    "url",
    [
        *("redis://localhost", "redis://:secret@host:6379/2", "rediss://host", "valkey://host"),
        *("valkeys://host:1/0", "unix:///run/redis.sock"),
    ],
)
def test_how_the_address_may_be_written(url: str) -> None:
    read = read_rate_limit_url(url)
    assert read in {url, f"{url}:6379"}

    async def make() -> None:
        await SharedWindows(read or "").close()

    asyncio.run(make())


@pytest.mark.parametrize(
    "url", ["localhost:6379", "http://host", "redis://", "unix://", "redis://:secret@host:port"]
)
def test_what_is_no_address_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(StartError, match="redis://host:6379/0") as refused:
        read_rate_limit_url(url)
    assert "secret" not in str(refused.value)
    assert read_rate_limit_url("") is None


def test_servers_share_counts_and_outlive_their_redis(tmp_path: Path) -> None:
    with RedisProcess(tmp_path / "redis") as redis:
        env = {"HEYHO_RATE_LIMIT_URL": redis.url, "HEYHO_LIMIT_SYNC_USER": "3/hour"}
        with (
            ServerProcess(tmp_path / "data", env=env) as one,
            ServerProcess(tmp_path / "data", env=env) as other,
        ):

            def sync(server: ServerProcess) -> int:
                url = f"{server.base}/data/sync"
                return httpx.post(url, content=b"{}", headers=server.headers).status_code

            asked = [sync(server) for server in (one, other, one, other, one)]
            assert asked == [200, 200, 200, 429, 429]
            redis.kill()
            assert [sync(one) for _ in range(4)] == [200, 200, 200, 429]
            one.stop()
            assert one.stderr.count("redis out of reach") == 1
        assert "--rate-limit-url" in refusal(ServerProcess(tmp_path / "new", env=env))
        assert not (tmp_path / "new").exists()
