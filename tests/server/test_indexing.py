"""Visits become searchable in the background."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from harness.server import ServerProcess
from heyho_server.keeper import PATIENCE_MS, Keeper
from heyho_server.storage import search_sqlite
from heyho_server.storage.database import Database
from heyho_server.storage.devices import Caller
from heyho_server.storage.filters import Filter
from heyho_server.words import read_query
from server.kept import START_MS, add_person, index, opened, row, store
from server.support import rows, send, visit
from server.test_reading import pages


def in_sqlite(directory: Path, work: Callable[[Database, Caller], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with opened(f"sqlite:///{directory / 'heyho.sqlite3'}") as database:
            return await work(database, await add_person(database, "one"))

    return asyncio.run(run())


async def ask(database: Database, question: str) -> list[tuple[Any, ...]]:
    async with database.read() as connection:
        return [tuple(row) for row in await connection.execute(text(question))]


async def waiting(database: Database) -> int:
    ((count,),) = await ask(database, "SELECT count(*) FROM visits WHERE search_key IS NULL")
    return int(count)


async def rows_in_index(database: Database, words: str) -> int:
    ((count,),) = await ask(
        database, f"SELECT count(*) FROM visit_search WHERE visit_search MATCH '{words}'"
    )
    return int(count)


def test_a_keeper_waits_while_others_write_but_not_for_long(tmp_path: Path) -> None:
    async def work(database: Database, caller: Caller) -> list[int]:
        now_ms = START_MS
        keeper = Keeper(database, lambda: now_ms)
        await keeper.look()
        await store(database, caller, [row(f"v{number}") for number in range(700)])
        counts = [await keeper.look(), await keeper.look(), await keeper.look()]
        await store(database, caller, [row("late")])
        now_ms += PATIENCE_MS + 1
        return [*counts, await keeper.look(), await waiting(database)]

    assert in_sqlite(tmp_path, work) == [0, 700, 0, 1, 0]


def test_two_of_them_at_once_leave_each_visit_in_the_index_once(tmp_path: Path) -> None:
    async def work(database: Database, caller: Caller) -> tuple[int, int]:
        await store(database, caller, [row(f"v{number}") for number in range(40)])
        async with opened(str(database.engine.url)) as other:
            for _ in range(5):
                await asyncio.gather(index(database, 7), index(other, 7))
        return await waiting(database), await rows_in_index(database, "example")

    assert in_sqlite(tmp_path, work) == (0, 40)


def test_what_is_changed_is_found_as_it_is_now(tmp_path: Path) -> None:
    async def work(database: Database, caller: Caller) -> list[Any]:
        await store(database, caller, [row("v", title="before")])
        await index(database)
        async with database.write() as connection:
            await connection.execute(text("UPDATE visits SET title = 'after', domain = 'b.net'"))
        queries = [Filter(query=read_query(q)) for q in ("before", "after")]
        first = [await pages(database, caller, wanted, limit=5) for wanted in queries]
        await index(database)
        assert first == [await pages(database, caller, wanted, limit=5) for wanted in queries]
        return [*first, await rows_in_index(database, "before")]

    assert in_sqlite(tmp_path, work) == [[], ["v"], 0]


@pytest.mark.parametrize("change", ["category = 'news'", "anonymous_client_id = 'd'"])
def test_the_index_forgets_rows_that_changed_and_then_went(tmp_path: Path, change: str) -> None:
    async def work(database: Database, caller: Caller) -> int:
        await store(database, caller, [row("v")])
        await index(database)
        async with database.write() as connection:
            await connection.execute(text(f"UPDATE visits SET {change}"))
        await index(database)
        async with database.write() as connection:
            await connection.execute(text("DELETE FROM visits"))
        marks = f"owner : {search_sqlite.MARK}u1 OR owner : example"
        return await rows_in_index(database, f"example OR {marks}")

    assert in_sqlite(tmp_path, work) == 0


def test_a_millisecond_may_have_more_visits_than_slots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_sqlite, "SLOT_BITS", 2)
    narrow = search_sqlite._WAITING.replace("<< 15", "<< 2")
    monkeypatch.setattr(search_sqlite, "_WAITING", narrow)
    monkeypatch.setattr("heyho_server.storage.reading.SLOT_BITS", 2)

    async def work(database: Database, caller: Caller) -> list[str]:
        history = [row(f"a{number:02}", START_MS) for number in range(15)]
        history += [row(f"b{number:02}", START_MS + 1) for number in range(15)]
        for chunk in (history[::2], history[1::2]):
            await store(database, caller, chunk)
            await index(database, 4)
            await index(database)
        wanted = Filter(query=read_query("example"), from_at=START_MS, to_at=START_MS + 1)
        below = await pages(database, caller, wanted, limit=4)
        assert below == [it.id for it in history[14::-1]]
        whole = Filter(query=read_query("example"))
        assert await pages(database, caller, whole, limit=4, ascending=True) == [
            it.id for it in history
        ]
        return await pages(database, caller, whole, limit=4)

    found = in_sqlite(tmp_path, work)
    assert len(found) == 30
    assert found == sorted(found, reverse=True)


def test_a_killed_servers_visits_are_made_searchable_by_the_next(tmp_path: Path) -> None:
    left = "SELECT count(*) FROM visits WHERE search_key IS NULL"
    process = ServerProcess(tmp_path)
    with process, httpx.Client(headers=process.headers) as client:
        client.base_url = process.base
        assert send(client, [visit(f"v{number:03}") for number in range(900)]).status_code == 200
        process.kill()
        process.start()
        client.base_url = process.base
        while rows(tmp_path, left) != [(0,)]:
            time.sleep(0.05)
        found = client.get("/visits", params={"q": "page v007", "limit": 5}).json()["visits"]
    assert [record["id"] for record in found] == ["v007"]
