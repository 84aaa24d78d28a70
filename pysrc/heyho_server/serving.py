"""Serving: a socket, granian on it, one line when it answers, and an orderly end."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import signal
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, NoReturn

import structlog
from granian._granian import SocketHolder
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from heyho_server.api.asgi import App
from heyho_server.api.services import Services
from heyho_server.app import create_app
from heyho_server.errors import StartError
from heyho_server.keeper import keeping
from heyho_server.limits.limiter import Limiter
from heyho_server.limits.shared import SharedWindows
from heyho_server.limits.windows import Windows
from heyho_server.logs import configure_logs
from heyho_server.settings import Settings
from heyho_server.storage.database import Database, open_database
from heyho_server.storage.devices import ensure_device, find_caller
from heyho_server.storage.intake.opening import open_intake
from heyho_server.workers import Orders, Supervisor

BACKLOG = 128
START_TIMEOUT_S = 30.0
GRACE_S = 30.0

log = structlog.get_logger()


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then finish what was accepted.

    Raises:
        StartError: the server cannot start.
    """
    with open_socket(settings.host, settings.port) as listener:
        async with open_services(settings) as services:
            tell(settings)
            await welcome(services.database, settings, services.now_ms())
            if settings.workers == 1:
                async with keeping(services.database, services.now_ms):
                    await run(services, listener, settings)
        if settings.workers > 1:
            supervisor = Supervisor(settings.workers, work, settings, listener)
            await supervisor.run(partial(announce, settings, listener.getsockname()))


def work(settings: Settings, listener: socket.socket, line: Connection) -> None:
    """Be one of several workers, in a process of its own."""
    os.umask(0o077)
    configure_logs()

    async def serve_one() -> None:
        async with (
            open_services(settings) as services,
            keeping(services.database, services.now_ms),
        ):
            await run(services, listener, settings, Orders(line))

    try:
        asyncio.run(serve_one())
    except StartError as problem:
        sys.stderr.write(f"heyho: {problem}\n")
        leave(2)
    leave(0)


def leave(status: int) -> NoReturn:
    """End the process, whose work is done, without taking the interpreter down.

    granian's threads end a moment later than its server, and one that meets an interpreter in that
    state aborts the process.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # nobody reads it any more
            stream.flush()
    os._exit(status)


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """What the application works with.

    Raises:
        StartError: a part of it cannot be reached.
    """
    async with (
        open_windows(settings.rate_limit_url) as windows,
        open_database(settings.database_url, partitions=settings.partitions) as database,
        open_intake(database) as intake,
    ):
        yield Services(
            database=database,
            intake=intake,
            limits=settings.limits,
            limiter=Limiter(settings.rates, windows),
            registration_open=settings.registration_open,
            metrics_token=settings.metrics_token,
        )


@asynccontextmanager
async def open_windows(url: str | None) -> AsyncIterator[Windows | SharedWindows]:
    """Where requests are counted: in this process, or in a Redis that answers.

    Raises:
        StartError: it does not answer.
    """
    if url is None:
        yield Windows()
        return
    shared = SharedWindows(url)
    await shared.open()
    try:
        yield shared
    finally:
        await shared.close()


def tell(settings: Settings) -> None:
    """Log what the server runs with, and what nobody reads."""
    for name, meant in settings.unknown.items():
        log.warning("unknown variable", name=name, meant=meant)
    log.info("settings", **settings.summary())


def open_socket(host: str, port: int) -> socket.socket:
    """Listen, so that a port in use is found before anything else is touched."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as problem:
        raise StartError(f"{host} is no address of this machine ({problem.strerror}).") from problem
    try:
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as problem:
        listener.close()
        raise StartError(
            f"Port {port} at {host} cannot be opened ({problem.strerror}); stop what uses it, or "
            "choose another with --port (0 takes a free one)."
        ) from problem
    return listener


async def welcome(database: Database, settings: Settings, now_ms: int) -> None:
    """Make sure there is a device, and show its token if it had to be made."""
    given = settings.bootstrap_token
    async with database.write() as connection:
        token = await ensure_device(connection, bootstrap_token=given, now_ms=now_ms)
        useless = given and await find_caller(connection, given, now_ms=now_ms) is None
    if useless:
        log.warning(
            "the bootstrap token opens nothing",
            meant="its device is revoked or its user removed; take it out of the settings, and "
            "let `pair` make a code for another device",
        )
    if token is not None:
        sys.stderr.write(
            f"Your token is {token} - paste it into the options page of the Heyho extension, "
            "together with this server's address. It is shown only this once.\n"
        )
        sys.stderr.flush()


class _Server(Server):
    """granian in this process, on a socket that is listening already.

    granian's own sockets share their port (SO_REUSEPORT), so that a second server would start
    beside the first instead of being refused.
    """

    def __init__(self, app: App, listener: socket.socket, settings: Settings) -> None:
        super().__init__(
            app,
            address=settings.host,
            port=listener.getsockname()[1],
            interface=Interfaces.ASGINL,
            websockets=False,
            backlog=BACKLOG,
            log_dictconfig={"handlers": {}, "loggers": {}},
            log_level=LogLevels.error,
            ssl_cert=settings.tls_cert,
            ssl_key=settings.tls_key,
        )
        self._listener = listener

    def _init_shared_socket(self) -> None:
        # granian's stubs leave out how its pickling makes one of these.
        self._shd = SocketHolder(self._listener.detach(), False, BACKLOG)  # type: ignore[call-arg, assignment]


async def run(
    services: Services, listener: socket.socket, settings: Settings, orders: Orders | None = None
) -> None:
    """Serve the application on the socket until a signal comes, or the orders say so.

    The first one lets what was accepted come to its end, for GRACE_S at most; a second one does
    not wait.
    """
    address = listener.getsockname()
    server = _Server(create_app(services, settings.trusted_proxies), listener, settings)
    serving = asyncio.create_task(server.serve())
    stop = _stopper(server, serving)
    if orders is not None:
        orders.obey(stop)
        orders.serving()
        await asyncio.wait((serving,))
    else:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
        answering = asyncio.create_task(announce(settings, address))
        await asyncio.wait((serving, answering), return_when=asyncio.FIRST_COMPLETED)
        if answering.done() and not serving.done():
            answering.result()
        await asyncio.wait((serving,))
        answering.cancel()
    if not serving.cancelled():
        serving.result()
    log.info("stopped", unfinished=serving.cancelled())


def _stopper(server: Server, serving: asyncio.Task[None]) -> Callable[[], None]:
    loop = asyncio.get_running_loop()
    stopping = False

    def stop() -> None:
        nonlocal stopping
        if stopping:
            serving.cancel()
            return
        stopping = True
        server.stop()  # type: ignore[no-untyped-call]
        loop.call_later(GRACE_S, serving.cancel)

    return stop


async def announce(settings: Settings, address: Any) -> None:
    """Say where the server is, once it answers there."""
    host, port = address[:2]
    await answers(host, port, tls=settings.tls_cert is not None)
    log.info("listening", host=host, port=port, scheme=settings.scheme)
    shown = f"[{settings.host}]" if ":" in settings.host else settings.host
    sys.stdout.write(f"listening on {settings.scheme}://{shown}:{port}\n")
    sys.stdout.flush()


async def answers(host: str, port: int, *, tls: bool) -> None:
    """Return once the server answers a request: a preflight, which no limit counts.

    Raises:
        StartError: it does not.
    """
    if ipaddress.ip_address(host).is_unspecified:
        host = "::1" if ":" in host else "127.0.0.1"
    context = None
    if tls:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(host, port, ssl=context)
            writer.write(b"OPTIONS / HTTP/1.1\r\nhost: heyho\r\nconnection: close\r\n\r\n")
            status = await reader.readline()
            writer.close()
    except (OSError, TimeoutError) as problem:
        raise StartError(f"The server does not answer at {host}:{port} ({problem}).") from problem
    if b" 204 " not in status:
        raise StartError(f"The server at {host}:{port} does not answer as it should.")
