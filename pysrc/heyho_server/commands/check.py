"""The command `check`: whether the database is as it has to be."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from heyho_server.storage.database import Database, migrations
from heyho_server.storage.tables import metadata

NAME = "check"
HELP = "look whether the database is as it has to be"

COUNTED = ("users", "devices", "visits", "tab_aggregates", "deletions")
UNSEARCHABLE = """
SELECT count(*) FROM visits LEFT JOIN visit_search_docsize AS entry ON entry.id = search_key
WHERE search_key IS NOT NULL AND entry.id IS NULL
"""
LEFT_OVER = """
SELECT count(*) FROM visit_search_docsize AS entry
WHERE NOT EXISTS (SELECT 1 FROM visits WHERE search_key = entry.id)
"""
WAITING = "SELECT count(*) FROM visits WHERE search_key IS NULL"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""


async def run(arguments: argparse.Namespace, database: Database) -> int:
    """Say what is there, and a sentence for each thing that is wrong.

    Returns:
        1 where something is.
    """
    async with database.read() as connection:
        wrong = await problems(connection, is_postgres=database.is_postgres)
        for name in COUNTED:
            count = await connection.scalar(select(func.count()).select_from(metadata.tables[name]))
            sys.stdout.write(f"{name}: {count}\n")
        if not database.is_postgres:
            waiting = await connection.scalar(text(WAITING))
            sys.stdout.write(f"visits that wait for the search index: {waiting}\n")
    for sentence in wrong:
        sys.stderr.write(f"{sentence}\n")
    return 1 if wrong else 0


async def problems(connection: AsyncConnection, *, is_postgres: bool) -> list[str]:
    """A sentence for each thing that is wrong."""
    found = []
    if not await connection.run_sync(is_at_head):
        found.append("The tables are not those of this Heyho; start the server once.")
    if is_postgres:
        return found

    async def ask(question: str) -> list[Any]:
        return [row[0] for row in await connection.execute(text(question))]

    found += [
        f"The file is damaged ({told}); restore it from a backup."
        for told in await ask("PRAGMA integrity_check(5)")
        if told != "ok"
    ]
    if orphans := await ask("PRAGMA foreign_key_check"):
        found.append(f"{len(orphans)} rows belong to nobody; restore the file from a backup.")
    for question, what in ((UNSEARCHABLE, "visits cannot be found"), (LEFT_OVER, "are left over")):
        (count,) = await ask(question)
        if count:
            found.append(f"The search index is not whole: {count} {what}; restore from a backup.")
    return found


def is_at_head(connection: Connection) -> bool:
    head = ScriptDirectory.from_config(migrations(connection)).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() == head
