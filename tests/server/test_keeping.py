"""The commands that take data out, bring it in, copy it and check it."""

from __future__ import annotations

import argparse
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from heyho_server.commands import backup, check, export, import_
from heyho_server.errors import StartError
from heyho_server.incoming.rows import to_json
from heyho_server.storage.database import Database
from heyho_server.storage.deletions import Deletion, delete_visit, delete_visits
from heyho_server.storage.devices import Caller
from server.kept import START_MS, add_person, index, opened, row, store
from server.test_reading import in_database

ODD = [
    row("plain", START_MS),
    row("formula", START_MS + 1, title="=1+1", category="news", details={"a": ["'", None]}),
    row("quote", START_MS + 2, title="'quoted', \"twice\"\u2028end", tab_id=None, seq=None),
    row("idle", START_MS + 3, title="", idle_periods=[[START_MS, START_MS + 5, "idle"]]),
]


def arguments(**given: Any) -> argparse.Namespace:
    return argparse.Namespace(**{"user": None, "format": "jsonl", **given})


async def content(database: Database, caller: Caller, kind: str) -> list[str]:
    """All that is kept of a person but when it was stored."""
    pieces = [piece async for piece in export.pieces(database, caller, kind)]
    lines = b"".join(pieces).decode().replace("\r\n", "\n").split("\n")
    return [line.partition('"syncedAt"')[0] for line in lines]


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_what_was_exported_is_imported_once(database_url: str, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "export"

    async def work(database: Database, caller: Caller, _: Caller) -> None:
        await store(database, caller, [*ODD, row("gone"), row("past", 5)])
        await delete_visits(database, caller, Deletion(to_at=10), now_ms=START_MS)
        async with database.write() as connection:
            await delete_visit(connection, caller, "gone", now_ms=START_MS)
        told = arguments(user=str(caller.user_id), format=kind, output=str(file))
        assert await export.run(told, database) == 0
        assert file.stat().st_mode & 0o777 == 0o600
        with pytest.raises(StartError, match="name a new file"):
            await export.run(told, database)
        async with opened(f"sqlite:///{tmp_path / 'second.sqlite3'}") as other:
            target = await add_person(other, "target")
            for _repeated in range(2):
                assert await import_.run(arguments(file=str(file)), other) == 0
            expected = await content(database, caller, "jsonl")
            found = await content(other, target, "jsonl")
            assert found == (expected if kind == "jsonl" else expected[2:])

    in_database(database_url, work)


def test_what_was_recorded_after_a_deletion_is_imported(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "file"

    async def work(database: Database, caller: Caller, _: Caller) -> None:
        await store(database, caller, [row("morning", START_MS), row("ahead", START_MS + 2000)])
        today = Deletion(from_at=START_MS, to_at=START_MS + 9000)
        await delete_visits(database, caller, today, now_ms=START_MS + 1000)
        await store(database, caller, [row("evening", START_MS + 5000)])
        told = arguments(user=str(caller.user_id), output=str(file))
        assert await export.run(told, database) == 0
        async with opened(f"sqlite:///{tmp_path / 'second.sqlite3'}") as other:
            target = await add_person(other, "target")
            for _repeated in range(2):
                assert await import_.run(arguments(file=str(file)), other) == 0
            found = await content(other, target, "jsonl")
            assert found == await content(database, caller, "jsonl")
            assert '"id":"evening"' in found[-2]

    in_database(database_url, work)


def test_what_was_deleted_elsewhere_is_deleted_here(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text(to_json({"deletedVisit": {"id": "plain", "deletedAt": 5}}))

    async def work(database: Database, caller: Caller, other: Caller) -> None:
        for each in (caller, other):
            await store(database, each, ODD)
        await index(database)
        told = arguments(file=str(file), user=str(caller.user_id))
        for _repeated in range(2):
            assert await import_.run(told, database) == 0
        found, others = [await content(database, each, "jsonl") for each in (caller, other)]
        assert (len(found), len(others)) == (len(ODD) + 1, len(ODD) + 1)
        assert found[0] == '{"deletedVisit":{"id":"plain","deletedAt":5}}'
        assert not any('"id":"plain"' in line for line in found[1:])
        assert await check.run(arguments(), database) == 0

    in_database(database_url, work)


def test_bad_lines_are_named_and_the_rest_is_imported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = {"id": "a", "url": "https://a.example/", "startedAt": START_MS}
    lines = [to_json(good), "{", "7", '{"deletion": {}}', to_json({**good, "url": "x"})]
    file = tmp_path / "file"
    file.write_text("\n".join(lines))

    async def work(database: Database, caller: Caller, other: Caller) -> None:
        with pytest.raises(StartError, match="--user"):
            await import_.run(arguments(file=str(file)), database)
        told = arguments(file=str(file), user=str(caller.user_id))
        assert await import_.run(told, database) == 1
        assert len(await content(database, caller, "jsonl")) == 2
        assert await content(database, other, "jsonl") == [""]

    in_database(f"sqlite:///{tmp_path / 'heyho.sqlite3'}", work)
    told = capsys.readouterr().err.splitlines()
    assert [line.split(" is left")[0] for line in told] == [f"Line {n}" for n in (2, 3, 4, 5)]


def test_a_backup_is_a_whole_copy_that_is_only_its_owners_to_read(tmp_path: Path) -> None:
    target = tmp_path / "copy"

    async def work(database: Database, caller: Caller, _: Caller) -> None:
        await store(database, caller, ODD)
        assert await backup.run(arguments(file=target), database) == 0
        with pytest.raises(StartError, match="name a new file"):
            await backup.run(arguments(file=target), database)

    in_database(f"sqlite:///{tmp_path / 'heyho.sqlite3'}", work)
    assert target.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(target)) as copy:
        assert copy.execute("SELECT count(*) FROM visits").fetchone() == (len(ODD),)
    assert sorted(path.name for path in tmp_path.glob("copy*")) == ["copy"]


def test_a_sound_database_passes(database_url: str) -> None:
    async def work(database: Database, caller: Caller, _: Caller) -> int:
        await store(database, caller, ODD)
        await index(database, 2)
        if database.is_postgres:
            with pytest.raises(StartError, match="pg_dump"):
                await backup.run(arguments(file=Path("copy")), database)
        return await check.run(arguments(), database)

    assert in_database(database_url, work) == 0


def test_a_visit_that_cannot_be_found_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def work(database: Database, caller: Caller, _: Caller) -> int:
        await store(database, caller, ODD)
        async with database.write() as connection:
            await connection.execute(text("UPDATE visits SET search_key = 5 WHERE id = 'plain'"))
        return await check.run(arguments(), database)

    assert in_database(f"sqlite:///{tmp_path / 'heyho.sqlite3'}", work) == 1
    assert "1 visits cannot be found" in capsys.readouterr().err
