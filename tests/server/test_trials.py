"""Trials: answered like real syncs, on both kinds of database, and nothing of them is kept."""

from __future__ import annotations

import asyncio
import gzip
import json
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from harness.server import ServerProcess
from heyho_server.incoming.batches import Batch
from heyho_server.incoming.rows import VisitRow
from heyho_server.settings import DATABASE_FILE, read_database_url
from heyho_server.storage.database import Database, open_database
from heyho_server.storage.deletions import Deletion, delete_visits
from heyho_server.storage.devices import Caller
from heyho_server.storage.intake.delivery import Delivery, Intake, Receipt
from heyho_server.storage.intake.opening import open_intake
from heyho_server.storage.tables import metadata
from server.kept import START_MS, add_person, row
from server.support import rows, send, visit

TRIAL = {"x-heyho-trial": "1"}
AGGREGATE = {"tabId": 1, "startTime": START_MS, "lastActiveTime": START_MS + 1000}
Everything = dict[str, list[str]]


async def everything(database: Database) -> Everything:
    """All rows of all tables."""
    async with database.read() as connection:
        return {
            table.name: sorted(repr(row) for row in await connection.execute(select(table)))
            for table in metadata.sorted_tables
        }


class House:
    """A database with its intake, and a person with a device."""

    def __init__(self, database: Database, intake: Intake, caller: Caller) -> None:
        self.database = database
        self.caller = caller
        self._intake = intake
        self._requests = 0

    async def take(self, visits: Sequence[VisitRow], *, trial: bool = False) -> Receipt:
        self._requests += 1
        batch = Batch(visits=[it._replace(idle_periods="[]") for it in visits])
        return await self._intake.store(
            Delivery(
                caller=self.caller,
                batch=batch,
                request_id=f"request-{self._requests}",
                at=START_MS + 100_000 * self._requests,
                trial=trial,
            )
        )


def within(url: str, check: Callable[[House], Awaitable[None]]) -> None:
    async def run() -> None:
        async with (
            open_database(read_database_url(url, Path())) as database,
            open_intake(database) as intake,
        ):
            await check(House(database, intake, await add_person(database, "ada")))

    asyncio.run(run())


def test_a_trial_of_new_visits_leaves_nothing(database_url: str) -> None:
    async def check(house: House) -> None:
        before = await everything(house.database)
        assert await house.take([row("a"), row("b")], trial=True) == Receipt()
        assert await everything(house.database) == before

    within(database_url, check)


def test_a_trial_changes_no_visit_and_brings_no_deleted_one_back(database_url: str) -> None:
    async def check(house: House) -> None:
        await house.take([row("kept"), row("gone", domain="gone.example")])
        deletion = Deletion(domain="gone.example")
        await delete_visits(house.database, house.caller, deletion, now_ms=START_MS + 1_000_000)
        before = await everything(house.database)
        later = row("kept", title="Another", ended_at=START_MS + 90_000)
        gone = row("gone", domain="gone.example")
        receipt = await house.take([later, gone, row("new")], trial=True)
        assert receipt == Receipt(deleted=1)
        assert await everything(house.database) == before

    within(database_url, check)


def test_trials_among_real_syncs_keep_what_is_real_and_nothing_else(database_url: str) -> None:
    async def check(house: House) -> None:
        kept = [row(f"real-{number}") for number in range(200)]
        tried = [row(f"trial-{number}") for number in range(200)]
        longer = [it._replace(title="Longer", ended_at=it.ended_at + 1) for it in kept]
        await asyncio.gather(
            *(
                house.take(some[start : start + 20], trial=trial)
                for start in range(0, 200, 20)
                for some, trial in ((kept, False), (tried, True), (longer, True))
            )
        )
        stored = await everything(house.database)
        assert len(stored["visits"]) == 200
        assert "trial-" not in str(stored["visits"])
        assert "Longer" not in str(stored["visits"])
        assert len(stored["sync_log"]) == 10

    within(database_url, check)


def test_whoever_waited_for_a_trial_stores_its_own(database_url: str) -> None:
    """The very same visits, in a trial and for real, again and again."""

    async def check(house: House) -> None:
        same = [row(f"same-{number}") for number in range(50)]
        for _ in range(5):
            await asyncio.gather(
                house.take(same, trial=True), house.take(same), house.take(same, trial=True)
            )
        stored = await everything(house.database)
        assert len(stored["visits"]) == 50
        assert len(stored["sync_log"]) == 5

    within(database_url, check)


def raw(data_dir: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every table of a SQLite file, but for what makes visits searchable."""
    with closing(sqlite3.connect(data_dir / DATABASE_FILE)) as connection:
        columns = connection.execute(
            "SELECT tables.name, group_concat(columns.name) FROM sqlite_master AS tables "
            "JOIN pragma_table_info(tables.name) AS columns WHERE tables.type = 'table' "
            # These a keeper of its own fills meanwhile.
            "AND tables.name NOT LIKE '%search%' AND columns.name NOT LIKE '%search%' GROUP BY 1"
        ).fetchall()
        return {
            name: connection.execute(f'SELECT {names} FROM "{name}"').fetchall()
            for name, names in columns
        }


def test_a_trial_is_answered_like_the_real_thing_and_says_so(
    server: ServerProcess, client: httpx.Client
) -> None:
    send(client, [visit("known")])
    before = raw(server.data_dir)
    records = [visit("known"), visit("new"), {"id": "bad"}]
    with httpx.Client(base_url=server.base, headers=server.headers | TRIAL, timeout=60) as trying:
        tried = send(trying, records, [AGGREGATE])
        nothing_good = send(trying, [{"id": "bad"}])
        empty = send(trying, [])
    assert raw(server.data_dir) == before
    real = send(client, records, [AGGREGATE])
    said, meant = tried.json()["data"], real.json()["data"]
    assert (tried.status_code, said.pop("trial")) == (200, True)
    assert "trial" not in meant
    for outcome in (said, meant):
        outcome["validation_errors"][0].pop("timestamp")
    assert said == meant
    assert (nothing_good.status_code, nothing_good.json()["data"]["trial"]) == (400, True)
    assert empty.json()["data"]["trial"] is True


def test_what_is_neither_a_trial_nor_real_is_refused(
    server: ServerProcess, client: httpx.Client
) -> None:
    before = raw(server.data_dir)
    for value in ("0", "true", ""):
        answer = client.post("/data/sync", json={}, headers={"x-heyho-trial": value})
        assert (answer.status_code, answer.json()["error_code"]) == (400, "BAD_TRIAL")
    assert raw(server.data_dir) == before


def test_a_trial_needs_a_token_and_keeps_to_all_bounds(tmp_path: Path) -> None:
    limits = {"HEYHO_LIMIT_SYNC_USER": "3/hour"}
    with (
        ServerProcess(tmp_path, env=limits) as server,
        httpx.Client(base_url=server.base, headers=server.headers | TRIAL, timeout=60) as client,
    ):
        before = raw(server.data_dir)
        assert httpx.post(f"{server.base}/data/sync", json={}, headers=TRIAL).status_code == 401
        many = gzip.compress(json.dumps({"pageVisits": [{}] * 1001}).encode())
        packed = {"content-encoding": "gzip"}
        assert client.post("/data/sync", content=many, headers=packed).status_code == 413
        assert client.post("/data/sync", content=bytes(10_000_001)).status_code == 413
        assert send(client, [visit("a")]).status_code == 200
        refused = send(client, [visit("a")])
        assert (refused.status_code, refused.headers["retry-after"] > "0") == (429, True)
        assert raw(server.data_dir) == before


def test_logs_and_metrics_say_what_was_a_trial(tmp_path: Path) -> None:
    with (
        ServerProcess(tmp_path) as server,
        httpx.Client(base_url=server.base, headers=server.headers, timeout=60) as client,
    ):
        send(client, [visit("real")])
        client.headers.update(TRIAL)
        send(client, [visit("a"), visit("b"), {"id": "bad"}])
        counted = httpx.get(f"{server.url}/metrics").text
        assert rows(server.data_dir, "SELECT count(*) FROM sync_log") == [(1,)]
        assert server.stop() == 0
        log = [json.loads(line) for line in server.stderr.splitlines() if line.startswith("{")]
    assert "heyho_trials_total 1.0" in counted
    assert "heyho_trial_visits_total 2.0" in counted
    assert "heyho_visits_stored_total 1.0" in counted
    assert "heyho_records_rejected_total 0.0" in counted
    for event in ("synced", "request"):
        told = [line.get("trial") for line in log if line["event"] == event]
        assert [it for it in told if it] == [True], event


def test_the_config_offers_trials(server: ServerProcess) -> None:
    assert httpx.get(f"{server.base}/config").json()["trials"] is True
