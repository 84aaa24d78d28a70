"""The real server as a process of its own."""

from __future__ import annotations

import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

PYSRC = Path(__file__).parents[2] / "pysrc"
# For tests that are about something else, and send as fast as they can.
UNLIMITED = {
    f"HEYHO_LIMIT_{name}": "off"
    for name in ("GENERAL", "SYNC_ADDRESS", "SYNC_USER", "LOGIN", "PAIR")
}
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0
TOKEN = "a-token-for-tests-0123456789"

_LISTENING = re.compile(r"listening on (https?://\S+)")


class ServerProcess:
    """`python -m heyho_server` on a free port.

    Used as a context manager it starts on entry, and is stopped (or killed, if it does not
    stop) on leaving; `start()` may be called again after `stop()` or `kill()`.

    Attributes:
        url: such as "http://127.0.0.1:41234"; `base` is the same with "/api/v1".
        data_dir: where its database is.
        token: the device token it knows, as HEYHO_BOOTSTRAP_TOKEN; None lets it make its own.
        limits: whether it limits rates, as it does by itself.
    """

    def __init__(
        self,
        data_dir: Path,
        token: str | None = TOKEN,
        extra_args: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        port: int = 0,
        *,
        limits: bool = False,
    ) -> None:
        self.data_dir = data_dir
        self.token = token
        self.extra_args = tuple(extra_args)
        self.env = dict(env or {})
        self.port = port
        self.limits = limits
        self.url = ""
        self._process: subprocess.Popen[str] | None = None
        self._readers: list[threading.Thread] = []
        self._stderr: list[str] = []
        self._port_kept: socket.socket | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.running:
            try:
                self.stop()
            finally:
                self.kill()
        self._let_port_go()

    @property
    def base(self) -> str:
        return f"{self.url}/api/v1"

    @property
    def headers(self) -> dict[str, str]:
        """The headers that sign a request."""
        return {"authorization": f"Bearer {self.token}"}

    @property
    def pid(self) -> int:
        return self._running().pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def stderr(self) -> str:
        """What the process has said on stderr; whole once it has ended."""
        return "".join(self._stderr)

    def command(self) -> list[str]:
        return [
            *(sys.executable, "-W", "error", "-m", "heyho_server"),
            *("--port", str(self.port), "--data", str(self.data_dir), *self.extra_args),
        ]

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HEYHO_")}
        token = {} if self.token is None else {"HEYHO_BOOTSTRAP_TOKEN": self.token}
        path = os.pathsep.join(filter(None, (str(PYSRC), os.environ.get("PYTHONPATH"))))
        limits = {} if self.limits else UNLIMITED
        return {**kept, **token, **limits, "PYTHONPATH": path, **self.env}

    def start(self) -> str:
        """Start the process and wait until it answers.

        Returns:
            `url`.

        Raises:
            RuntimeError: it ended, or said nothing, instead; with what it wrote to stderr.
        """
        assert not self.running, "the server runs already"
        self._stderr.clear()
        self._process = subprocess.Popen(
            self.command(),
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._readers = [
            _reading(self._process.stdout, lines.put),
            _reading(self._process.stderr, self._stderr.append),
        ]
        try:
            line = lines.get(timeout=START_TIMEOUT_S)
        except queue.Empty:
            line = ""
        found = _LISTENING.fullmatch(line.strip())
        if found is None:
            self.kill()
            raise RuntimeError(f"the server did not start (it said {line!r}): {self.stderr}")
        self.url = found[1]
        self._let_port_go()
        return self.url

    def stop(self) -> int:
        """Ask it to end (SIGTERM) and return its exit status."""
        self._running().send_signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """End it at once (SIGKILL), as a power cut would; nothing where it has ended."""
        if self._process is not None:
            self._process.kill()
            self.wait()

    def wait(self) -> int:
        """Wait for its end and return its exit status."""
        assert self._process is not None, "the server was never started"
        status = self._process.wait(timeout=STOP_TIMEOUT_S)
        for reader in self._readers:
            reader.join(timeout=STOP_TIMEOUT_S)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        if self.port:
            self._keep_port()
        return status

    def _keep_port(self) -> None:
        """Let nobody else have the port until the server is back; who connects is refused."""
        self._let_port_go()
        self._port_kept = socket.socket()
        self._port_kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._port_kept.bind(("127.0.0.1", self.port))

    def _let_port_go(self) -> None:
        if self._port_kept is not None:
            self._port_kept.close()
            self._port_kept = None

    def _running(self) -> subprocess.Popen[str]:
        assert self._process is not None, "the server was never started"
        assert self.running, "the server has ended"
        return self._process


def _reading(stream: IO[str], take: object) -> threading.Thread:
    """Read lines to the end; the empty string stands for the end."""
    assert callable(take)

    def read() -> None:
        for line in stream:
            take(line)
        take("")

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread
