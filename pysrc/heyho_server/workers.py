"""Several processes that answer on one socket, and the one that looks after them."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import structlog
from prometheus_client.multiprocess import mark_process_dead

from heyho_server.errors import StartError
from heyho_server.metrics import DIRECTORY

PAUSE_S = 1.0

log = structlog.get_logger()


class Orders:
    """A worker's end of the line to its supervisor.

    The other end closes with the supervisor, in whatever way that ends; then the worker ends too.
    """

    def __init__(self, line: Connection) -> None:
        self._line = line

    def serving(self) -> None:
        """Tell that the worker serves."""
        with suppress(OSError):
            self._line.send_bytes(b"serving")

    def obey(self, stop: Callable[[], None]) -> None:
        """Call `stop` at each order to end. Signals are none: all processes may get them."""
        loop = asyncio.get_running_loop()

        def hear() -> None:
            try:
                self._line.recv_bytes()
            except (EOFError, OSError):
                loop.remove_reader(self._line.fileno())
            stop()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        loop.add_reader(self._line.fileno(), hear)


class Supervisor:
    """Starts workers, starts others for those that die, and ends all of them together.

    Args:
        work: what a worker does, in a process of its own; gets `arguments` and its line.
    """

    def __init__(self, count: int, work: Callable[..., None], *arguments: Any) -> None:
        self._count = count
        self._work = work
        self._arguments = arguments
        # Not by fork, which copies locks and open databases in whatever state they are.
        self._context = get_context("spawn")
        self._lines: set[Connection] = set()
        self._stopping = asyncio.Event()
        self._serving = asyncio.Semaphore(0)
        self._started = False

    async def run(self, tell: Callable[[], Awaitable[None]]) -> None:
        """Keep the workers running until a signal comes; `tell` is called once all serve.

        Raises:
            StartError: one of them ended before that.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop)
        with metrics_together():
            keepers = [asyncio.ensure_future(self._keep()) for _ in range(self._count)]
            starting = asyncio.ensure_future(self._start(tell))
            try:
                await asyncio.gather(*keepers)
            except StartError:
                self._stop()
                await asyncio.gather(*keepers, return_exceptions=True)
                raise
            finally:
                starting.cancel()
        log.info("stopped")

    async def _start(self, tell: Callable[[], Awaitable[None]]) -> None:
        for _ in range(self._count):
            await self._serving.acquire()
        self._started = True
        await tell()

    async def _keep(self) -> None:
        while not self._stopping.is_set():
            ours, theirs = self._context.Pipe()
            process = self._context.Process(target=self._work, args=(*self._arguments, theirs))
            process.start()
            theirs.close()
            self._lines.add(ours)
            await _readable(ours.fileno())
            with suppress(EOFError, OSError):
                ours.recv_bytes()
                self._serving.release()
            await _readable(process.sentinel)
            process.join()
            self._lines.discard(ours)
            ours.close()
            mark_process_dead(process.pid)  # type: ignore[no-untyped-call]
            if self._stopping.is_set():
                return
            if not self._started:
                raise StartError("A worker ended while it started; its log says why.")
            log.error("worker died", status=process.exitcode)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), PAUSE_S)

    def _stop(self) -> None:
        self._stopping.set()
        for line in self._lines:
            with suppress(OSError):
                line.send_bytes(b"stop")


@contextmanager
def metrics_together() -> Iterator[None]:
    """A place where the workers leave what they count, for as long as they run."""
    with tempfile.TemporaryDirectory(prefix="heyho-metrics-") as directory:
        os.environ[DIRECTORY] = directory
        try:
            yield
        finally:
            del os.environ[DIRECTORY]


async def _readable(descriptor: int) -> None:
    """Wait until there is something to read, or the end."""
    loop = asyncio.get_running_loop()
    waiting: asyncio.Future[None] = loop.create_future()

    def ready() -> None:
        loop.remove_reader(descriptor)
        waiting.set_result(None)

    loop.add_reader(descriptor, ready)
    await waiting
