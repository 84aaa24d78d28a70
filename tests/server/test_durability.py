"""What was acknowledged is there, whatever happens to the server."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.postgres import Postgres, postgres
from harness.server import ServerProcess
from server.support import address_of, rows, send, sync_head, visit

BATCH = 500
LANES = 3


class Kept:
    """A server on one kind of database, and what is stored there."""

    def __init__(self, server: ServerProcess, ask: Callable[[str], list[tuple[Any, ...]]]) -> None:
        self.server = server
        self.ask = ask

    def batches(self) -> dict[int, int]:
        """How many visits there are of each batch; their ids begin with its number."""
        stored = Counter(int(str(key).partition("-")[0]) for (key,) in self.ask(_IDS))
        return dict(stored)


_IDS = "SELECT id FROM visits"


@pytest.fixture(params=["sqlite", "postgres"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    data = tmp_path / "data"
    if request.param == "sqlite":
        return Kept(ServerProcess(data), partial(rows, data))
    cluster: Postgres = request.getfixturevalue("postgres_cluster")
    url = cluster.create_database()
    options = ("--database-url", url.render_as_string(hide_password=False))

    def ask(query: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in cluster.ask(str(url.database), query)]

    return Kept(ServerProcess(data, extra_args=options), ask)


def test_after_a_kill_each_batch_is_there_whole_or_not_at_all(kept: Kept) -> None:
    acknowledged: set[int] = set()
    enough = threading.Event()

    def lane(number: int) -> None:
        with httpx.Client(base_url=server.base, headers=server.headers, timeout=60) as client:
            for batch in range(number, 1000, LANES):
                records = [visit(f"{batch}-{n}") for n in range(BATCH)]
                try:
                    response = send(client, records)
                except httpx.TransportError:
                    return
                assert response.json()["data"]["page_visits_synced"] == BATCH
                acknowledged.add(batch)
                if len(acknowledged) >= 2 * LANES:
                    enough.set()

    with kept.server as server:
        lanes = [threading.Thread(target=lane, args=(number,)) for number in range(LANES)]
        for thread in lanes:
            thread.start()
        assert enough.wait(timeout=60)
        server.kill()
        for thread in lanes:
            thread.join(timeout=60)
        server.start()
        stored = kept.batches()
        assert set(stored.values()) == {BATCH}
        assert acknowledged <= stored.keys()
        summary = httpx.get(f"{server.base}/data/summary", headers=server.headers).json()
        assert summary["visits"] == BATCH * len(stored)


def test_a_database_file_is_sound_after_kills(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server:
        for _ in range(3):
            with httpx.Client(base_url=server.base, headers=server.headers, timeout=60) as client:
                send(client, [visit(f"{n}") for n in range(BATCH)])
            server.kill()
            server.start()
        assert rows(tmp_path, "PRAGMA integrity_check") == [("ok",)]


def test_a_postgres_that_went_away_costs_no_visit(tmp_path: Path) -> None:
    """Its end in mid-service is an error for the client, who sends again; nothing else."""
    with postgres() as cluster:
        url = cluster.create_database()
        options = ("--database-url", url.render_as_string(hide_password=False))
        with (
            ServerProcess(tmp_path, extra_args=options) as server,
            httpx.Client(base_url=server.base, headers=server.headers, timeout=60) as client,
        ):
            assert send(client, [visit("before")]).is_success
            cluster.stop("immediate")
            assert send(client, [visit("meanwhile")]).status_code in (500, 503)
            cluster.start()
            assert send(client, [visit("meanwhile")]).is_success
            assert server.stop() == 0
        found = cluster.ask(str(url.database), "SELECT id FROM visits ORDER BY id")
        assert found == [["before"], ["meanwhile"]]
        assert str(server.token) not in server.stderr
        assert "example.org" not in server.stderr


def test_a_hundred_clients_at_once(kept: Kept) -> None:
    """Each sends visits of its own and some that all have; none is lost, none is there twice."""
    shared = [visit(f"shared-{n}") for n in range(20)]
    answers: list[int] = []

    def client(number: int) -> None:
        own = [visit(f"{number}-{n}") for n in range(30)]
        with httpx.Client(base_url=server.base, headers=server.headers, timeout=60) as client:
            halves = [send(client, [*half, *shared]) for half in (own[:15], own[15:])]
        answers.extend(answer.status_code for answer in halves)

    with kept.server as server:
        clients = [threading.Thread(target=client, args=(number,)) for number in range(100)]
        for thread in clients:
            thread.start()
        for thread in clients:
            thread.join(timeout=60)
        assert answers == [200] * 200
        ids = [str(key) for (key,) in kept.ask(_IDS)]
        expected = {f"{number}-{n}" for number in range(100) for n in range(30)}
        assert len(ids) == len(set(ids))
        assert set(ids) == expected | {record["id"] for record in shared}


def test_sigterm_lets_a_request_come_to_its_end(tmp_path: Path) -> None:
    body = json.dumps({"pageVisits": [visit("last")]}).encode()
    with ServerProcess(tmp_path / "data") as server:
        address = address_of(server)
        with socket.create_connection(address) as connection, httpx.Client() as idle:
            assert idle.get(f"{server.base}/config").is_success
            connection.sendall(sync_head(server, len(body)))
            # The server says this when it begins to wait for the body.
            assert b" 100 " in connection.recv(1024)
            connection.sendall(body[:10])
            os.kill(server.pid, signal.SIGTERM)
            while listens(address):
                assert server.running
            connection.sendall(body[10:])
            connection.settimeout(30)
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert server.wait() == 0
        assert rows(server.data_dir, "SELECT id FROM visits") == [("last",)]


def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as server:
        address = address_of(server)
        with socket.create_connection(address) as connection:
            connection.sendall(sync_head(server, 100))
            assert b" 100 " in connection.recv(1024)
            os.kill(server.pid, signal.SIGINT)
            while listens(address):
                assert server.running
            os.kill(server.pid, signal.SIGINT)
            assert server.wait() == 0
        assert rows(server.data_dir, "SELECT count(*) FROM visits") == [(0,)]


def listens(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address).close()
    except OSError:
        return False
    return True
