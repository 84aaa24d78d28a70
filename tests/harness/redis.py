"""A real Redis, or Valkey, as a process of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

NAMES = ("valkey-server", "redis-server")
START_TIMEOUT_S = 30.0


def program() -> str:
    """The Redis that build.py has found, or else one on the path."""
    given = os.environ.get("HEYHO_REDIS")
    found = given or next(filter(None, map(shutil.which, NAMES)), None)
    assert found, "no Redis was found: `build.py setup` installs one"
    return found


class RedisProcess:
    """Redis on a Unix socket, keeping nothing on the disk.

    Used as a context manager it starts on entry and is ended on leaving; `start()` may be called
    again after `kill()`.

    Attributes:
        url: how the server is told of it.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._socket = directory / "redis.sock"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._directory.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [
                *(program(), "--port", "0", "--unixsocket", str(self._socket)),
                *("--save", "", "--appendonly", "no", "--dir", str(self._directory)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        end_s = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            assert self._process.poll() is None, "Redis ended at once"
            assert time.monotonic() < end_s, "Redis does not answer"
            time.sleep(0.02)

    def kill(self) -> None:
        """End it at once; nothing where it has ended."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            self._socket.unlink(missing_ok=True)

    def _answers(self) -> bool:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            connection.connect(str(self._socket))
            connection.sendall(b"PING\r\n")
            return connection.recv(5) == b"+PONG"
        return False
