"""What was acknowledged is there, whatever happens to the server."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from pathlib import Path

import httpx

from harness.server import ServerProcess
from server.support import address_of, rows, send, sync_head, visit

BATCH = 500
LANES = 3


def test_after_a_kill_each_batch_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    acknowledged: set[int] = set()
    enough = threading.Event()

    def lane(number: int) -> None:
        with httpx.Client(base_url=server.base, headers=server.headers) as client:
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

    with ServerProcess(tmp_path / "data") as server:
        lanes = [threading.Thread(target=lane, args=(number,)) for number in range(LANES)]
        for thread in lanes:
            thread.start()
        assert enough.wait(timeout=60)
        server.kill()
        for thread in lanes:
            thread.join(timeout=60)
        server.start()
        stored = dict(
            rows(
                server.data_dir,
                "SELECT CAST(substr(id, 1, instr(id, '-') - 1) AS INTEGER) AS batch, count(*) "
                "FROM visits GROUP BY batch",
            )
        )
        assert set(stored.values()) == {BATCH}
        assert acknowledged <= stored.keys()
        summary = httpx.get(f"{server.base}/data/summary", headers=server.headers).json()
        assert summary["visits"] == BATCH * len(stored)
        assert rows(server.data_dir, "PRAGMA integrity_check") == [("ok",)]


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
