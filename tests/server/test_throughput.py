"""How fast visits are taken in, beside what SQLite alone can do."""

from __future__ import annotations

import gzip
import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from harness.server import ServerProcess
from heyho_server.settings import DATABASE_FILE
from server.support import rows, visit

BATCHES = 10
BATCH = 1000


@pytest.mark.quiet
def test_ingest_beside_plain_sqlite(
    server: ServerProcess, client: httpx.Client, tmp_path: Path, report: Callable[[str], None]
) -> None:
    batches = [
        gzip.compress(
            json.dumps(
                {"pageVisits": [visit(f"0197{batch:04d}-{n:027d}", seq=n) for n in range(BATCH)]}
            ).encode(),
            compresslevel=6,
        )
        for batch in range(BATCHES)
    ]
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    client.get("/config")
    start = time.perf_counter()
    answers: list[httpx.Response] = [
        client.post("/data/sync", content=body, headers=headers) for body in batches
    ]
    http_s = time.perf_counter() - start
    counts = [answer.json()["data"]["page_visits_synced"] for answer in answers]
    assert counts == [BATCH] * BATCHES
    stored = rows(server.data_dir, "SELECT * FROM visits ORDER BY id")
    assert len(stored) == BATCH * BATCHES

    schema = rows(
        server.data_dir,
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL "
        "AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'visit_search_%'",
    )
    with closing(sqlite3.connect(tmp_path / DATABASE_FILE, isolation_level=None)) as plain:
        plain.execute("PRAGMA journal_mode = WAL")
        plain.execute("PRAGMA synchronous = FULL")
        for (statement,) in schema:
            plain.execute(statement)
        marks = ", ".join("?" * len(stored[0]))
        start = time.perf_counter()
        for batch in range(BATCHES):
            plain.execute("BEGIN IMMEDIATE")
            plain.executemany(
                f"INSERT INTO visits VALUES ({marks})",
                stored[batch * BATCH : (batch + 1) * BATCH],
            )
            plain.execute("COMMIT")
        plain_s = time.perf_counter() - start
    total = BATCH * BATCHES
    report(
        f"{total / http_s:,.0f} visits/s through HTTP with gzip, "
        f"{total / plain_s:,.0f} visits/s into plain SQLite: "
        f"{http_s / plain_s:.1f} times as long"
    )
