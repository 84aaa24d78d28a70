"""The command `backup`: a copy of the database, while the server runs."""

from __future__ import annotations

import argparse
import asyncio
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from heyho_server.errors import StartError
from heyho_server.storage.database import Database, Tables

NAME = "backup"
HELP = "copy the database to a file, while the server runs"
TABLES: Tables = "any"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a new file")


async def run(arguments: argparse.Namespace, database: Database) -> int:
    """Make the copy, and look whether it is whole.

    Raises:
        StartError: it cannot be made; or PostgreSQL has a better way.
    """
    url = database.engine.url
    if database.is_postgres:
        shown = url.set(drivername="postgresql").render_as_string(hide_password=True)
        raise StartError(
            "PostgreSQL makes its own backups: run "
            f"pg_dump --format=custom --file={arguments.file} '{shown}'"
        )
    await asyncio.to_thread(copy, Path(url.database or ""), arguments.file)
    sys.stdout.write(f"{arguments.file} is a whole copy.\n")
    return 0


def copy(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment; the target has its name only once it is whole."""
    partial = target.with_name(f"{target.name}.partial")
    try:
        if target.exists():
            raise FileExistsError(0, "there is such a file already")
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(partial)) as other:
            # In one step, which sees one state; in WAL mode it holds nobody up.
            one.backup(other)
            other.execute("PRAGMA journal_mode = DELETE")
            (found,) = other.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            raise StartError(f"The copy is not whole ({found}); run check on the database.")
        for path, flags in ((partial, os.O_RDWR), (target.parent, os.O_RDONLY)):
            if path == target.parent:
                partial.rename(target)
            handle = os.open(path, flags)
            os.fsync(handle)
            os.close(handle)
    except (OSError, sqlite3.Error) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise StartError(f"{target} cannot be made ({reason}); name a new file.") from problem
