"""The command `import`: what `export` wrote, into another database."""

from __future__ import annotations

import argparse
import itertools
import sys
import time

from sqlalchemy import select

from heyho_server.aggregates import TabAggregate
from heyho_server.commands.persons import add_user_argument, find_person
from heyho_server.errors import StartError
from heyho_server.importing import BadLine, Line, PastDeletion, read_lines
from heyho_server.rows import VisitRow
from heyho_server.storage.database import Database
from heyho_server.storage.deletions import deleted_ids, finish_all
from heyho_server.storage.devices import Caller
from heyho_server.storage.tables import deleted_visits, deletions, users
from heyho_server.storage.visits import store_aggregates, store_visits

NAME = "import"
HELP = "read a file that `export` wrote"
AT_ONCE = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="JSON lines or CSV")
    add_user_argument(parser)


async def run(arguments: argparse.Namespace, database: Database) -> int:
    """Import what is good in the file, and name what is not; again changes nothing.

    Returns:
        1 where lines were left out.

    Raises:
        StartError: the file cannot be read.
    """
    caller = await find_person(database, arguments.user)
    bad = read = 0
    try:
        with open(arguments.file, encoding="utf-8-sig", errors="replace", newline="") as file:  # noqa: ASYNC230, PTH123 - nobody else waits
            lines = read_lines(file)
            while some := list(itertools.islice(lines, AT_ONCE)):
                for line in some:
                    if isinstance(line, BadLine):
                        bad += 1
                        sys.stderr.write(f"Line {line.number} is left out: {line.reason}\n")
                read += len(some)
                await _store(database, caller, some)
    except OSError as problem:
        raise StartError(f"{arguments.file} cannot be read ({problem.strerror}).") from problem
    await finish_all(database)
    sys.stdout.write(f"{read - bad} records read, {bad} left out.\n")
    return 1 if bad else 0


async def _store(database: Database, caller: Caller, lines: list[Line]) -> None:
    """Store records of a file in one transaction, but for visits that were deleted here."""
    now_ms = time.time_ns() // 1_000_000
    visits = [line for line in lines if isinstance(line, VisitRow)]
    async with database.write() as connection:
        if database.is_postgres:
            mine = select(users.c.id).where(users.c.id == caller.user_id)
            await connection.execute(mine.with_for_update())
        for line in lines:
            if not isinstance(line, PastDeletion):
                continue
            table = deleted_visits if line.to_at is None else deletions
            known = select(table.c.id).where(
                table.c.user_id == caller.user_id, table.c.id == line.id
            )
            if await connection.scalar(known) is not None:
                continue
            values = {"user_id": caller.user_id, "id": line.id, "deleted_at": line.deleted_at}
            if line.to_at is not None:
                # Negative until it has been carried out here as well.
                span = {"from_at": line.from_at, "to_at": line.to_at}
                values |= {"domain": line.domain, **span, "visits": -1}
            await connection.execute(table.insert().values(**values))
        gone = await deleted_ids(connection, caller, visits)
        kept = [visit for visit in visits if visit.id not in gone]
        await store_visits(connection, caller, kept, now_ms=now_ms)
        aggregates = [line for line in lines if isinstance(line, TabAggregate)]
        await store_aggregates(connection, caller, aggregates, now_ms=now_ms)
