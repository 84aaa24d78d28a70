"""Migrations: up and down, on both kinds of database."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from harness.postgres import Postgres
from heyho_server.settings import read_database_url
from heyho_server.storage.database import Database, open_database
from heyho_server.storage.devices import create_user
from heyho_server.storage.revisions import migrate, migrate_back
from heyho_server.storage.tables import metadata


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a new, empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'heyho.sqlite3'}"
    cluster: Postgres = request.getfixturevalue("postgres_cluster")
    return cluster.create_database().render_as_string(hide_password=False)


def differences(connection: Connection) -> list[Any]:
    """Where the database differs from the tables that the server works with.

    But for what only that kind of database has, and the keys to `users` that sharded tables of
    PostgreSQL do without.
    """

    def is_ours(_: Any, name: str | None, kind: str, reflected: bool, __: Any) -> bool:
        own = str(name).startswith(("visit_search", "visits_", "tab_aggregates_", "user_ids"))
        search = name in (
            "search_key",
            "words",
            "ix_visits_words",
            "ix_visits_device",
        ) or "search" in str(name)
        keys = kind == "foreign_key_constraint" and connection.dialect.name == "postgresql"
        return not (own or keys or (reflected and search))

    options = {"compare_type": True, "include_object": is_ours}
    context = MigrationContext.configure(connection, opts=options)
    return [*compare_metadata(context, metadata)]


def in_database(url: str, work: Any) -> Any:
    async def run() -> Any:
        async with open_database(read_database_url(url, Path())) as database:
            return await work(database)

    return asyncio.run(run())


def test_they_make_the_tables_that_the_server_works_with(url: str) -> None:
    async def work(database: Database) -> list[Any]:
        async with database.read() as connection:
            return await connection.run_sync(differences)

    assert in_database(url, work) == []


def test_they_go_down_and_up_again_and_keep_what_has_room(url: str) -> None:
    async def work(database: Database) -> list[tuple[Any, ...]]:
        async with database.write() as connection:
            await connection.execute(text("INSERT INTO users (created_at) VALUES (7)"))
            await connection.execute(
                text(
                    "INSERT INTO visits (user_id, id, url, title, domain, started_at, ended_at, "
                    "active_duration_ms, idle_periods, anonymous_client_id, stored_at, category) "
                    "VALUES (1, 'a', 'https://a.example/', 'A', 'a.example', 1, 2, 1, '[]', '', "
                    "3, 'news')"
                )
            )
            await connection.run_sync(migrate_back, "0001")
            await connection.run_sync(migrate)
            assert await connection.run_sync(differences) == []
            kept = await connection.execute(text("SELECT id, title, category FROM visits"))
            return [tuple(row) for row in kept]

    assert in_database(url, work) == [("a", "A", None)]


def test_the_ids_of_users_go_on_from_those_there_are(url: str) -> None:
    async def work(database: Database) -> int:
        async with database.write() as connection:
            await connection.run_sync(migrate_back, "0003")
            for _ in range(3):
                await connection.execute(text("INSERT INTO users (created_at) VALUES (7)"))
            await connection.run_sync(migrate)
            await connection.execute(text("DELETE FROM users"))
            return await create_user(connection, now_ms=7)

    assert in_database(url, work) == 4


def test_they_go_down_to_nothing(url: str) -> None:
    async def work(database: Database) -> list[str]:
        async with database.write() as connection:
            await connection.run_sync(migrate_back, "base")
            names: list[str] = await connection.run_sync(lambda it: inspect(it).get_table_names())
            return names

    assert in_database(url, work) == ["alembic_version"]


@pytest.mark.parametrize("partitions", [0, 1, 8])
def test_large_tables_are_spread_by_their_user(postgres_cluster: Postgres, partitions: int) -> None:
    url = postgres_cluster.create_database()

    async def work() -> tuple[list[str], list[list[str]], int]:
        async with (
            open_database(url.set(drivername="postgresql+asyncpg"), partitions=partitions) as it,
            it.read() as connection,
        ):
            parts = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = "
            spread = await connection.scalars(text(f"{parts} 'visits'::regclass ORDER BY 1"))
            plan = await connection.scalars(
                text("EXPLAIN (COSTS OFF) SELECT * FROM visits WHERE user_id = 7 AND id = 'a'")
            )
            asked = re.findall(r" on (\w+)", " ".join(plan))
            unique = await connection.run_sync(keys)
            return list(spread), unique, len(asked)

    def keys(connection: Connection) -> list[list[str]]:
        """The columns of all unique keys of the large tables."""
        found = []
        for table in ("visits", "tab_aggregates"):
            inspector = inspect(connection)
            found.append(inspector.get_pk_constraint(table)["constrained_columns"])
            found += [it["column_names"] for it in inspector.get_unique_constraints(table)]
            assert not inspector.get_foreign_keys(table)
        return found

    spread, unique, asked = asyncio.run(work())
    assert spread == [f"visits_{part}" for part in range(partitions)]
    assert unique == [["user_id", "id"], ["user_id", "id"]]
    assert asked == 1


def test_two_servers_that_start_at_once_migrate_once(postgres_cluster: Postgres) -> None:
    url = read_database_url(
        postgres_cluster.create_database().render_as_string(hide_password=False), Path()
    )

    async def start() -> list[Any]:
        async with open_database(url) as database, database.read() as connection:
            return await connection.run_sync(differences)

    async def both() -> list[list[Any]]:
        return list(await asyncio.gather(start(), start()))

    assert asyncio.run(both()) == [[], []]
