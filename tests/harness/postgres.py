"""A real PostgreSQL server, of its own and for a while."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import URL

START_TIMEOUT_S = 60
DEBIANS = Path("/usr/lib/postgresql")


class Postgres:
    """A cluster that listens on a Unix socket only.

    PostgreSQL refuses to run as root: as root it runs as the system's user `postgres`.

    Attributes:
        directory: where the socket, the log and the data are.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._user = "postgres" if os.geteuid() == 0 else None

    @property
    def superuser(self) -> str:
        return self._user or pwd.getpwuid(os.geteuid()).pw_name

    def create(self) -> None:
        """Make the cluster: nothing of it has to outlive the machine, so nothing is synced."""
        if self._user is not None:
            shutil.chown(self.directory, self._user)
        self._call("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")

    def start(self) -> None:
        options = f"-c listen_addresses= -c unix_socket_directories={self.directory}"
        self._call(
            *("pg_ctl", "start", "--wait", f"--timeout={START_TIMEOUT_S}"),
            *(f"--log={self.directory / 'log'}", f"--options={options}"),
        )

    def stop(self, mode: str = "fast") -> None:
        """Stop it; in the mode "immediate" as a power cut would."""
        self._call("pg_ctl", "stop", "--wait", f"--mode={mode}")

    def create_database(self) -> URL:
        """A new, empty database, by its URL."""
        name = f"heyho_{secrets.token_hex(6)}"
        self.ask("postgres", f"CREATE DATABASE {name}")
        return URL.create(
            "postgresql",
            username=self.superuser,
            database=name,
            query={"host": str(self.directory)},
        )

    def ask(self, database: str, statement: str) -> list[list[str]]:
        """What psql answers, as text: a list for each row."""
        done = subprocess.run(
            [
                *(str(bin_directory() / "psql"), "--no-psqlrc", "--tuples-only", "--no-align"),
                *("--field-separator=\x1f", "--set=ON_ERROR_STOP=1", "--command", statement),
                *("--host", str(self.directory), "--username", self.superuser, database),
            ],
            check=True,
            capture_output=True,
            text=True,
        )
        return [line.split("\x1f") for line in done.stdout.splitlines()]

    def _call(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(bin_directory() / program), "-D", str(self.directory / "data"), *arguments],
            check=False,
            cwd=self.directory,
            user=self._user,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert done.returncode == 0, done.stderr


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A new cluster that runs, and is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="heyho-postgres-") as directory:
        cluster = Postgres(Path(directory))
        cluster.create()
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop("immediate")


def bin_directory() -> Path:
    """Where PostgreSQL's programs are: as build.py found, else on the path, else where Debian's."""
    given = os.environ.get("HEYHO_POSTGRES")
    found = shutil.which("initdb")
    versions = sorted(DEBIANS.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if given:
        return Path(given)
    if found:
        return Path(found).resolve().parent
    assert versions, "there is no PostgreSQL: run `python3 build.py setup` first"
    return versions[-1].parent
