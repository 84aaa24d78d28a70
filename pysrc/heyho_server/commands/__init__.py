"""Commands besides serving: each is a module that has `add_parser` and `run`.

`add_parser(commands, common)` adds the command's own parser, made with `parents=[common]`;
`run(arguments)` carries it out, and raises StartError where it cannot.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from heyho_server.commands import device, pair, user
from heyho_server.commands.database import common_options

MODULES = (device, pair, user)
NAMES = tuple(sorted(module.__name__.rpartition(".")[2] for module in MODULES))


def run(arguments: Sequence[str]) -> None:
    """Carry out a command line that begins with the name of one.

    Raises:
        StartError: it cannot be done; one sentence.
        SystemExit: an argument that does not exist, or --help.
    """
    given = make_parser().parse_args(arguments)
    given.run(given)


def make_parser() -> argparse.ArgumentParser:
    """Every command with its options."""
    parser = argparse.ArgumentParser(prog="heyho_server")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    common = common_options()
    for module in MODULES:
        module.add_parser(commands, common)
    return parser
