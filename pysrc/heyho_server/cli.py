"""The command line: a command of `commands`, or else settings and a server that runs."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from heyho_server import commands
from heyho_server.errors import StartError
from heyho_server.logs import configure_logs
from heyho_server.serving import serve
from heyho_server.settings import Settings, read_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command, or run the server until it is told to stop.

    Returns:
        The exit status: 0 when all was done, 2 where it cannot be.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    os.umask(0o077)
    try:
        if arguments and arguments[0] in commands.NAMES:
            commands.run(arguments)
        else:
            configure_logs()
            asyncio.run(serve(parse(arguments)))
    except StartError as problem:
        sys.stderr.write(f"heyho: {problem}\n")
        return 2
    return 0


def parse(arguments: Sequence[str] | None = None) -> Settings:
    """Read the command line and the environment.

    Raises:
        StartError: settings that cannot be used.
        SystemExit: an argument that does not exist, or --help.
    """
    given = make_parser().parse_args(arguments)
    return read_settings(**vars(given), environment=os.environ)


def make_parser() -> argparse.ArgumentParser:
    """Every option, each with its default."""
    parser = argparse.ArgumentParser(
        prog="heyho_server",
        description="Heyho's server: keeps the visits your browser sends it.",
        epilog=f"Further commands, each with a --help of its own: {', '.join(commands.NAMES)}.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (%(default)s)")
    parser.add_argument(
        "--port", type=int, default=8787, help="port to listen at; 0 takes a free one (%(default)s)"
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=Path("heyho-data"),
        metavar="DIR",
        help="directory for the database (./%(default)s)",
    )
    parser.add_argument(
        "--database-url", metavar="URL", help="another database: sqlite:////path/to/file"
    )
    parser.add_argument("--tls-cert", type=Path, metavar="FILE", help="PEM certificate chain")
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="its PEM key")
    parser.add_argument(
        "--insecure",
        action="store_true",
        help="listen without TLS where other machines can reach it",
    )
    return parser
