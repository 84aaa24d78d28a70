"""Commands besides serving.

Each is a module. `MODULES` have `add_parser(commands, common)`, which adds a parser of their own,
made with `parents=[common]`, and `run(arguments)`, which carries it out. `DATA_MODULES` are about
what is kept: they have `NAME`, `HELP`, `TABLES`, which they take as `open_database` does,
`add_arguments(parser)`, and `run(arguments, database)`, which returns the exit status. None of them
brings the tables up to date: that is left to the server, so that a backup comes first. Each raises
StartError where it cannot do its work.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from typing import Any

from heyho_server.commands import backup, check, device, export, health, import_, pair, user
from heyho_server.commands.database import common_options, in_database

MODULES = (device, health, pair, user)
DATA_MODULES = (backup, check, export, import_)
NAMES = tuple(
    sorted(
        [
            *(module.__name__.rpartition(".")[2] for module in MODULES),
            *(module.NAME for module in DATA_MODULES),
        ]
    )
)


def run(arguments: Sequence[str]) -> int:
    """Carry out a command line that begins with the name of one.

    Returns:
        The exit status.

    Raises:
        StartError: it cannot be done; one sentence.
        SystemExit: an argument that does not exist, or --help.
    """
    given = make_parser().parse_args(arguments)
    status: int | None = given.run(given)
    return status or 0


def make_parser() -> argparse.ArgumentParser:
    """Every command with its options."""
    parser = argparse.ArgumentParser(prog="heyho_server")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    common = common_options()
    for module in MODULES:
        module.add_parser(commands, common)
    for data_module in DATA_MODULES:
        inner = commands.add_parser(data_module.NAME, parents=[common], help=data_module.HELP)
        data_module.add_arguments(inner)
        inner.set_defaults(run=partial(_run, data_module))
    return parser


def _run(module: Any, arguments: argparse.Namespace) -> int:
    status: int = in_database(arguments, partial(module.run, arguments), tables=module.TABLES)
    return status
