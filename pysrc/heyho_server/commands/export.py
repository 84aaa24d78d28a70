"""The command `export`: everything of a person into a file."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import AsyncIterator

from heyho_server.commands.persons import add_user_argument, find_person
from heyho_server.errors import StartError
from heyho_server.storage.database import Database, Tables
from heyho_server.storage.devices import Caller
from heyho_server.storage.filters import Filter
from heyho_server.transfer.exporting import (
    aggregate_lines,
    deletion_lines,
    visit_lines,
    visit_table,
)

NAME = "export"
HELP = "write a person's visits, tab aggregates and deletions to a file"
TABLES: Tables = "newest"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_user_argument(parser)
    parser.add_argument("--format", choices=("jsonl", "csv"), default="jsonl")
    parser.add_argument("--output", default="-", metavar="FILE", help="a new file (stdout)")


async def run(arguments: argparse.Namespace, database: Database) -> int:
    """Write the file; CSV has visits only.

    Raises:
        StartError: the file cannot be made.
    """
    caller = await find_person(database, arguments.user)
    written = pieces(database, caller, arguments.format)
    if arguments.output == "-":
        async for piece in written:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return 0
    try:
        # Only its owner's to read, and never over another file.
        made = os.open(arguments.output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(made, "wb") as file:
            async for piece in written:
                file.write(piece)
            file.flush()
            os.fsync(made)
    except OSError as problem:
        raise StartError(
            f"{arguments.output} cannot be written ({problem.strerror}); name a new file."
        ) from problem
    return 0


async def pieces(database: Database, caller: Caller, kind: str) -> AsyncIterator[bytes]:
    """The file, a page at a time."""
    everything = Filter()
    if kind == "csv":
        async for piece in visit_table(database, caller, everything):
            yield piece
        return
    for lines in (
        deletion_lines(database, caller),
        visit_lines(database, caller, everything),
        aggregate_lines(database, caller, everything),
    ):
        async for piece in lines:
            yield piece
