"""A real server for each file of tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from harness.postgres import Postgres, postgres
from harness.server import ServerProcess


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Postgres]:
    """One PostgreSQL for all tests of a process; each takes databases of its own."""
    with postgres() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("server") / "data") as process:
        yield process


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Iterator[httpx.Client]:
    """Signed in."""
    with httpx.Client(base_url=server.base, headers=server.headers, timeout=60) as client:
        yield client


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a new, empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'heyho.sqlite3'}"
    cluster: Postgres = request.getfixturevalue("postgres_cluster")
    return cluster.create_database().render_as_string(hide_password=False)
