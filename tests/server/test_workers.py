"""Several worker processes: they answer as one, and begin and end together."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx

from harness.postgres import Postgres
from harness.redis import RedisProcess
from harness.server import ServerProcess
from server.support import address_of, send, sync_head, visit

WAIT_S = 30.0
BATCHES, SIZE = 30, 100


def workers_of(server: ServerProcess) -> list[int]:
    """The processes that answer, by what they have been told to do."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    commands = {int(child): Path(f"/proc/{child}/cmdline").read_bytes() for child in children}
    return sorted(child for child, command in commands.items() if b"spawn_main" in command)


def until(true: Callable[[], bool]) -> None:
    end_s = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < end_s
        time.sleep(0.05)


def gone(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def several(data: Path) -> ServerProcess:
    return ServerProcess(data, extra_args=["--workers", "2"])


def test_workers_answer_as_one_and_the_dead_are_replaced(tmp_path: Path) -> None:
    with several(tmp_path) as server:
        first = workers_of(server)
        assert len(first) == 2
        for n in range(8):
            with httpx.Client(base_url=server.base, headers=server.headers, timeout=60) as client:
                assert send(client, [visit(f"v-{n}")]).is_success
        assert "heyho_visits_stored_total 8.0" in httpx.get(f"{server.url}/metrics").text
        os.kill(first[0], signal.SIGKILL)
        until(lambda: len(set(workers_of(server)) - {first[0]}) == 2)
        summary = httpx.get(f"{server.base}/data/summary", headers=server.headers).json()
        assert (summary["visits"], summary["devices"]) == (8, 1)
        last = workers_of(server)
        os.kill(last[0], signal.SIGTERM)
        assert server.stop() == 0, "and a signal to a worker alone is none"
        assert all(map(gone, last))
        assert server.stderr.count("worker died") == 1
        assert server.stderr.count('"event": "settings"') == 1


def test_nothing_acknowledged_is_lost_with_a_worker_on_postgresql(
    postgres_cluster: Postgres, tmp_path: Path
) -> None:
    url = postgres_cluster.create_database()
    options = ["--workers", "2", "--database-url", url.render_as_string(hide_password=False)]
    with RedisProcess(tmp_path) as redis:
        options += ["--rate-limit-url", redis.url]
        with ServerProcess(
            tmp_path / "data", extra_args=options, env={"HEYHO_LIMIT_GENERAL": "6/300 seconds"}
        ) as server:
            acknowledged = send_while_a_worker_is_killed(server)
            rows = postgres_cluster.ask(str(url.database), "SELECT id FROM visits")
            asked = [httpx.get(f"{server.base}/config").status_code for _ in range(7)]
    stored = Counter(visit_id for (visit_id,) in rows)
    assert set(stored.values()) == {1}
    assert len(acknowledged) == BATCHES
    sizes = Counter(visit_id.partition("-")[0] for visit_id in stored)
    assert sizes == {f"{batch}": SIZE for batch in acknowledged}
    assert asked == [200] * 6 + [429]  # whichever of them answers


def send_while_a_worker_is_killed(server: ServerProcess) -> set[int]:
    """Send BATCHES from several threads, each until it is acknowledged, and kill a worker amid."""
    acknowledged: set[int] = set()
    is_killed = threading.Event()

    def work(batch: int) -> None:
        if batch == BATCHES // 3:
            os.kill(workers_of(server)[0], signal.SIGKILL)
            is_killed.set()
        visits = [visit(f"{batch}-{number}") for number in range(SIZE)]
        while batch not in acknowledged:
            with (
                suppress(httpx.TransportError),
                httpx.Client(base_url=server.base, headers=server.headers, timeout=60) as client,
            ):
                assert send(client, visits).status_code == 200
                acknowledged.add(batch)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(BATCHES)))
    assert is_killed.is_set()
    return acknowledged


def test_a_stop_lets_what_was_accepted_come_to_its_end(tmp_path: Path) -> None:
    body = b'{"pageVisits": []}'
    with several(tmp_path) as server, socket.create_connection(address_of(server)) as connection:
        connection.settimeout(WAIT_S)
        connection.sendall(sync_head(server, len(body)))
        assert b"100" in connection.recv(1000)
        os.kill(server.pid, signal.SIGTERM)
        connection.sendall(body)
        assert b" 200 " in connection.recv(1000)
        assert server.wait() == 0


def test_workers_end_with_the_process_that_looks_after_them(tmp_path: Path) -> None:
    with several(tmp_path) as server:
        workers = workers_of(server)
        os.kill(server.pid, signal.SIGKILL)
        until(lambda: all(map(gone, workers)))
        assert server.wait() == -signal.SIGKILL


def test_a_signal_to_all_at_once_is_one_signal(tmp_path: Path) -> None:
    with several(tmp_path) as server:
        for process in (*workers_of(server), server.pid):
            os.kill(process, signal.SIGINT)
        assert server.wait() == 0
        assert '"unfinished": true' not in server.stderr
