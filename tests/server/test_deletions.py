"""What is deleted stays away, on both kinds of database."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heyho_server import keeper
from heyho_server.api.values import read_place, write_place
from heyho_server.incoming.aggregates import TabAggregate
from heyho_server.incoming.batches import Batch
from heyho_server.incoming.rows import VisitRow
from heyho_server.keeper import Keeper
from heyho_server.storage import deletions, sync_log, tables
from heyho_server.storage.database import Database
from heyho_server.storage.deletions import Deletion
from heyho_server.storage.devices import Caller
from heyho_server.storage.filters import Filter, Place
from heyho_server.storage.intake.delivery import Delivery
from heyho_server.storage.intake.opening import open_intake
from heyho_server.storage.tables import tab_aggregates
from server.kept import START_MS, index, row, store
from server.test_reading import in_database, pages

NOW_MS = START_MS + 1_000_000


async def ingest(database: Database, caller: Caller, rows: list[VisitRow]) -> set[str]:
    """Take a batch in as the server does, and say which of its visits are not there then."""
    batch = Batch(visits=[it._replace(idle_periods="[]") for it in rows])
    async with open_intake(database) as intake:
        receipt = await intake.store(
            Delivery(caller=caller, batch=batch, request_id=None, at=NOW_MS)
        )
    gone = {it.id for it in rows} - set(await all_of(database, caller))
    assert receipt.deleted == len(gone)
    return gone


async def note(connection: AsyncConnection, who: Caller, at: int, **more: Any) -> None:
    """A row of the log."""
    counts = {"visits": 1, "tab_aggregates": 2, "deleted": 3, "rejected": 1}
    keys = {"user_id": who.user_id, "device_id": who.device_id, "at": at, "request_id": f"r{at}"}
    await connection.execute(tables.sync_log.insert().values(**keys, **counts, **more))


async def delete(database: Database, caller: Caller, **meant: Any) -> Any:
    return await deletions.delete_visits(database, caller, Deletion(**meant), now_ms=NOW_MS)


async def all_of(database: Database, caller: Caller) -> list[str]:
    return sorted(await pages(database, caller, Filter(), limit=100))


async def tabs_left_out(database: Database, caller: Caller, *ids: str) -> int:
    """How many of some tab aggregates dated ahead are taken for deleted ones."""
    tabs = [
        TabAggregate(id=name, started_at=NOW_MS + 7000, last_active_at=NOW_MS + 8000, record={})
        for name in ids
    ]
    batch = Batch(aggregates=tabs)
    async with open_intake(database) as intake:
        delivery = Delivery(caller=caller, batch=batch, request_id=None, at=NOW_MS)
        return (await intake.store(delivery)).deleted_aggregates


HISTORY = [
    row("early", START_MS),
    row("sub", START_MS + 10, domain="mail.example.org"),
    row("alike", START_MS + 20, domain="myexample.org"),
    row("late", START_MS + 30, domain="other.net"),
    row("ahead", NOW_MS + 5000, domain="other.net"),
]
NAMES = sorted(it.id for it in HISTORY)


def test_a_range_covers_its_start_and_not_its_end(database_url: str) -> None:
    async def work(database: Database, caller: Caller, other: Caller) -> None:
        await store(database, caller, HISTORY)
        await store(database, other, HISTORY)
        done = await delete(database, caller, from_at=START_MS + 10, to_at=START_MS + 30)
        assert done.visits == 2
        assert await all_of(database, caller) == ["ahead", "early", "late"]
        assert await all_of(database, other) == NAMES
        assert await ingest(database, caller, HISTORY[1:3]) == {"sub", "alike"}
        assert await ingest(database, other, [row("new", START_MS + 15)]) == set()

    in_database(database_url, work)


def test_a_domain_covers_its_subdomains(database_url: str) -> None:
    async def work(database: Database, caller: Caller, _: Caller) -> None:
        await store(database, caller, HISTORY)
        await index(database, 2)
        meant = Deletion(domain="example.org")
        async with database.read() as connection:
            assert await deletions.count_visits(connection, caller, meant) == 2
        await delete(database, caller, domain="example.org")
        assert await all_of(database, caller) == ["ahead", "alike", "late"]
        late = [row("x", domain="a.example.org"), row("y", domain="other.net")]
        assert await ingest(database, caller, late) == {"x"}
        assert await ingest(database, caller, [row("z", NOW_MS + 1)]) == set()

    in_database(database_url, work)


def test_everything_is_all_up_to_now_and_what_is_ahead_of_it(database_url: str) -> None:
    async def work(database: Database, caller: Caller, _: Caller) -> None:
        await store(database, caller, HISTORY)
        async with database.write() as connection:
            await connection.execute(
                tab_aggregates.insert().values(
                    user_id=caller.user_id,
                    id="agg_1_1",
                    started_at=NOW_MS + 7000,
                    last_active_at=NOW_MS + 7000,
                    record={},
                    stored_at=1,
                )
            )
            await note(connection, caller, NOW_MS, rejected_records=[{"field": "url"}])
        done = await delete(database, caller, everything=True)
        assert (done.visits, done.to_at) == (5, NOW_MS + 1)
        assert await all_of(database, caller) == []
        assert await ingest(database, caller, HISTORY) == set(NAMES)
        assert await ingest(database, caller, [row("new", NOW_MS + 1)]) == set()
        async with database.read() as connection:
            aggregates = await connection.scalar(select(func.count()).select_from(tab_aggregates))
            (log,) = await sync_log.recent(connection, caller, now_ms=NOW_MS, limit=5)
            (listed,) = await deletions.list_deletions(connection, caller, limit=9)
        assert (aggregates, log.rejected, log.rejected_records) == (0, 1, [])
        assert listed.id == done.id
        assert await tabs_left_out(database, caller, "agg_1_1", "agg_new") == 1

    in_database(database_url, work)


@pytest.mark.parametrize(
    "meant",
    [
        Deletion(to_at=NOW_MS + 9000),
        Deletion(),
        Deletion(everything=True),
        Deletion(domain="other.net"),
    ],
    ids=["a time ahead", "all", "everything", "a domain"],
)
def test_what_is_recorded_before_a_deletion_is_done_is_kept(
    database_url: str, meant: Deletion
) -> None:
    async def work(database: Database, caller: Caller, _: Caller) -> None:
        await store(database, caller, HISTORY)
        async with database.write() as connection:
            await deletions.remember(connection, caller, meant, now_ms=NOW_MS)
        new = row("new", NOW_MS + 1, domain="other.net")
        assert await ingest(database, caller, [new, HISTORY[-1]]) == {"ahead"}
        await deletions.finish_all(database)
        left = await all_of(database, caller)
        assert "new" in left
        assert not {"ahead", "late"} & {*left}
        assert await ingest(database, caller, [new]) == set()

    in_database(database_url, work)


def test_a_single_visit_stays_away_and_anothers_of_that_id_stays(database_url: str) -> None:
    async def work(database: Database, caller: Caller, other: Caller) -> None:
        await store(database, caller, HISTORY)
        async with database.write() as connection:
            args = (connection, other, "late")
            assert not await deletions.delete_visit(*args, now_ms=NOW_MS)
            assert await deletions.delete_visit(connection, caller, "late", now_ms=NOW_MS)
            assert not await deletions.delete_visit(connection, caller, "late", now_ms=NOW_MS)
        assert await ingest(database, caller, HISTORY[3:4]) == {"late"}
        assert await ingest(database, other, HISTORY[3:4]) == set()

    in_database(database_url, work)


def test_a_killed_servers_deletion_is_carried_out_by_the_next(database_url: str) -> None:
    async def work(database: Database, caller: Caller, _: Caller) -> list[Any]:
        await store(database, caller, HISTORY)
        async with database.write() as connection:
            meant = Deletion(domain="other.net")
            await deletions.remember(connection, caller, meant, now_ms=NOW_MS)
        await deletions.finish_all(database)
        async with database.read() as connection:
            (listed,) = await deletions.list_deletions(connection, caller, limit=9)
        return [listed.visits, *await all_of(database, caller)]

    assert in_database(database_url, work) == [2, "alike", "early", "sub"]


def test_deletions_are_read_by_pages(database_url: str) -> None:
    times = {"a": 5, "b": 7, "c": 5, "\N{SNOWMAN} d": 5, "e": 9, "f": 1}

    async def work(database: Database, caller: Caller, other: Caller) -> list[list[str]]:
        async with database.write() as connection:
            for who in (caller, other):
                for key, at in times.items():
                    values = {"user_id": who.user_id, "id": key, "deleted_at": at, "visits": 0}
                    span = {"from_at": 0, "to_at": 1}
                    await connection.execute(tables.deletions.insert().values(values | span))
        read: list[list[str]] = []
        after = None
        while True:
            async with database.read() as connection:
                found = await deletions.list_deletions(connection, caller, after=after, limit=2)
            if not found:
                return read
            read.append([it.id for it in found])
            # Over the wire and back.
            place = Place(found[-1].deleted_at, found[-1].id)
            after = read_place(write_place(place))
            assert after == place

    pages_read = in_database(database_url, work)
    assert [len(page) for page in pages_read] == [2, 2, 2]
    names = [name for page in pages_read for name in page]
    assert sorted(names) == sorted(times)
    assert [times[name] for name in names] == [9, 7, 5, 5, 5, 1]


def test_the_log_is_read_by_pages_and_forgets_after_90_days(database_url: str) -> None:
    async def work(database: Database, caller: Caller, other: Caller) -> list[list[int]]:
        now_ms = 3

        async def look(**asked: Any) -> list[int]:
            async with database.read() as connection:
                found = await sync_log.recent(connection, caller, now_ms=now_ms, limit=2, **asked)
            assert {it.name for it in found} <= {"one"}
            return [it.at for it in found]

        async with database.write() as connection:
            for at in (1, 2, 3):
                await note(connection, caller, at)
            await note(connection, other, 9)
        seen = [await look(), await look(after=Place(2, "r2")), await look(device_id=99)]
        now_ms += sync_log.RETENTION_MS
        seen.append(await look())
        await Keeper(database, lambda: now_ms).look()
        now_ms = 3
        return [*seen, await look()]

    assert in_database(database_url, work) == [[3, 2], [1], [], [3], [3]]


def test_a_keeper_that_lives_on_forgets_all_that_is_old_each_time(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (keeper, sync_log):
        monkeypatch.setattr(module, "PRUNED_AT_ONCE", 2)

    async def work(database: Database, caller: Caller, _: Caller) -> list[int]:
        now_ms = sync_log.RETENTION_MS
        lasting = Keeper(database, lambda: now_ms)
        left = []
        for start in (100, 200):
            now_ms += keeper.PRUNE_MS
            async with database.write() as connection:
                for at in range(start, start + 5):
                    await note(connection, caller, at)
            await lasting.look()  # which sees that somebody writes
            await lasting.look()
            async with database.read() as connection:
                count = select(func.count()).select_from(tables.sync_log)
                left.append(await connection.scalar(count) or 0)
        return left

    assert in_database(database_url, work) == [0, 0]


def test_a_keeper_forgets_even_where_somebody_always_writes(database_url: str) -> None:
    async def work(database: Database, caller: Caller, _: Caller) -> int:
        now_ms = sync_log.RETENTION_MS
        lasting = Keeper(database, lambda: now_ms)
        await lasting.look()
        now_ms += keeper.PRUNE_MS + keeper.PATIENCE_MS + 1
        async with database.write() as connection:
            await note(connection, caller, 1)
        await lasting.look()
        async with database.read() as connection:
            count = select(func.count()).select_from(tables.sync_log)
            return await connection.scalar(count) or 0

    assert in_database(database_url, work) == 0
