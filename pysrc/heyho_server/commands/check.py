"""The command `check`: whether the database is as it has to be."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from heyho_server.storage.database import Database, Tables, describe
from heyho_server.storage.revisions import complaint, read_revision
from heyho_server.storage.tables import metadata

NAME = "check"
HELP = "look whether the database is as it has to be"
TABLES: Tables = "any"

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
        revision = await connection.run_sync(read_revision)
        other = complaint(describe(database.engine.url), revision)
        wrong = [other] if other else []
        if not database.is_postgres:
            wrong += await damages(connection)
        if not other:  # nobody knows what other tables hold
            if not database.is_postgres:
                wrong += await gaps(connection)
            await tell_counts(connection, is_postgres=database.is_postgres)
    for sentence in wrong:
        sys.stderr.write(f"{sentence}\n")
    return 1 if wrong else 0


async def damages(connection: AsyncConnection) -> list[str]:
    """A sentence for each thing that is wrong with the file, whosever tables it has."""
    found = [
        f"The file is damaged ({told}); restore it from a backup."
        for told in await _ask(connection, "PRAGMA integrity_check(5)")
        if told != "ok"
    ]
    if orphans := await _ask(connection, "PRAGMA foreign_key_check"):
        found.append(f"{len(orphans)} rows belong to nobody; restore the file from a backup.")
    return found


async def gaps(connection: AsyncConnection) -> list[str]:
    """A sentence for each thing that is wrong with the search index."""
    found = []
    for question, what in ((UNSEARCHABLE, "visits cannot be found"), (LEFT_OVER, "are left over")):
        (count,) = await _ask(connection, question)
        if count:
            found.append(f"The search index is not whole: {count} {what}; restore from a backup.")
    return found


async def tell_counts(connection: AsyncConnection, *, is_postgres: bool) -> None:
    for name in COUNTED:
        count = await connection.scalar(select(func.count()).select_from(metadata.tables[name]))
        sys.stdout.write(f"{name}: {count}\n")
    if not is_postgres:
        (waiting,) = await _ask(connection, WAITING)
        sys.stdout.write(f"visits that wait for the search index: {waiting}\n")


async def _ask(connection: AsyncConnection, question: str) -> list[Any]:
    return [row[0] for row in await connection.execute(text(question))]
