"""Records to send to a server, and ways to look behind it."""

from __future__ import annotations

import asyncio
import gzip
import json
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from harness.server import ServerProcess
from heyho_server.settings import DATABASE_FILE, read_database_url
from heyho_server.storage.database import open_database
from heyho_server.storage.devices import create_device, create_user

START_MS = 1_700_000_000_000


def visit(visit_id: str, **changes: object) -> dict[str, Any]:
    """The record of a visit, with whatever shall be different about it."""
    record = {
        "id": visit_id,
        "url": f"https://www.example.org/read/{visit_id}?page=2",
        "title": f"Page {visit_id} \N{EN DASH} an example",
        "domain": "example.org",
        "startedAt": START_MS,
        "endedAt": START_MS + 60_000,
        "durationSeconds": 60,
        "activeDuration": 45_000,
        "engagementRate": 0.75,
        "idlePeriods": [{"start": START_MS, "end": START_MS + 15_000, "reason": "idle"}],
        "tabId": 7,
        "windowId": 1,
        "transition": "link",
        "sourcePageVisitId": None,
        "anonymousClientId": "device-1",
        "seq": 1,
    }
    return {**record, **changes}


def send(
    client: httpx.Client, visits: Sequence[object], aggregates: Sequence[object] = ()
) -> httpx.Response:
    """Send records as the extension does: gzip, in one batch."""
    body = {
        "anonymousClientId": "device-1",
        "pageVisits": visits,
        "tabAggregates": aggregates,
    }
    return client.post(
        "/data/sync",
        content=gzip.compress(json.dumps(body).encode(), compresslevel=1),
        headers={"content-type": "application/json", "content-encoding": "gzip"},
    )


def rows(data_dir: Path, query: str) -> list[tuple[Any, ...]]:
    """Ask a server's database directly."""
    with closing(sqlite3.connect(data_dir / DATABASE_FILE)) as connection:
        return connection.execute(query).fetchall()


def change(data_dir: Path, statement: str) -> None:
    """Change a server's database behind its back."""
    with closing(sqlite3.connect(data_dir / DATABASE_FILE)) as connection, connection:
        connection.execute(statement)


def add_user(data_dir: Path, token: str) -> None:
    """Make a further user with a token, beside the running server."""

    async def run() -> None:
        async with (
            open_database(read_database_url(None, data_dir)) as database,
            database.write() as connection,
        ):
            user_id = await create_user(connection, now_ms=1)
            await create_device(connection, user_id=user_id, name="other", token=token, now_ms=1)

    asyncio.run(run())


def refusal(process: ServerProcess) -> str:
    """The sentence with which a server refuses to start, with status 2 and nothing on stdout."""
    ended = subprocess.run(
        process.command(), env=process.environment(), capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith("heyho: ")
    return line


def address_of(server: ServerProcess) -> tuple[str, int]:
    url = httpx.URL(server.url)
    assert url.port is not None
    return url.host, url.port


def sync_head(server: ServerProcess, length: int) -> bytes:
    """The head of a sync request; the server says "100" once it waits for the body."""
    return (
        f"POST /api/v1/data/sync HTTP/1.1\r\nhost: heyho\r\ncontent-length: {length}\r\n"
        f"authorization: Bearer {server.token}\r\nexpect: 100-continue\r\n\r\n"
    ).encode()
