"""The command `import`: what `export` wrote, into another database."""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TextIO

from sqlalchemy import delete, select

from heyho_server.api.services import system_now_ms
from heyho_server.commands.persons import add_user_argument, find_person
from heyho_server.errors import StartError
from heyho_server.incoming.aggregates import TabAggregate
from heyho_server.incoming.batches import Batch
from heyho_server.incoming.rows import VisitRow
from heyho_server.storage.database import Database, Tables
from heyho_server.storage.deletions import finish_all
from heyho_server.storage.devices import Caller
from heyho_server.storage.intake.delivery import Delivery
from heyho_server.storage.intake.opening import open_intake
from heyho_server.storage.tables import deleted_visits, deletions, users, visits
from heyho_server.transfer.importing import BadLine, Line, PastDeletion, read_lines

NAME = "import"
HELP = "read a file that `export` wrote"
TABLES: Tables = "newest"
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
        async with open_intake(database) as intake, opened(arguments.file) as file:
            lines = read_lines(file)
            while some := list(itertools.islice(lines, AT_ONCE)):
                for line in some:
                    if isinstance(line, BadLine):
                        bad += 1
                        sys.stderr.write(f"Line {line.number} is left out: {line.reason}\n")
                read += len(some)
                await _remember(database, caller, some)
                await intake.store(delivery(caller, some))
    except OSError as problem:
        raise StartError(f"{arguments.file} cannot be read ({problem.strerror}).") from problem
    await finish_all(database)
    sys.stdout.write(f"{read - bad} records read, {bad} left out.\n")
    return 1 if bad else 0


@asynccontextmanager
async def opened(path: str) -> AsyncIterator[TextIO]:
    """The file as text; nobody else waits for it."""
    with Path(path).open(encoding="utf-8-sig", errors="replace", newline="") as file:  # noqa: ASYNC230
        yield file


def delivery(caller: Caller, lines: list[Line]) -> Delivery:
    """What lines bring to be stored."""
    batch = Batch(
        visits=[line for line in lines if isinstance(line, VisitRow)],
        aggregates=[line for line in lines if isinstance(line, TabAggregate)],
    )
    return Delivery(caller=caller, batch=batch, request_id=None, at=system_now_ms())


async def _remember(database: Database, caller: Caller, lines: list[Line]) -> None:
    """Take over deletions, so that what they cover is not stored from now on.

    Single visits are deleted at once; those of a range, which may be many, are in the end.
    """
    told = [line for line in lines if isinstance(line, PastDeletion)]
    if not told:
        return
    async with database.write() as connection:
        if database.is_postgres:
            mine = select(users.c.id).where(users.c.id == caller.user_id)
            await connection.execute(mine.with_for_update())
        single = [line.id for line in told if line.to_at is None]
        await connection.execute(
            delete(visits).where(visits.c.user_id == caller.user_id, visits.c.id.in_(single))
        )
        for line in told:
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
                values |= {"domain": line.domain, **span, "visits": -max(line.visits, 1)}
            await connection.execute(table.insert().values(**values))
