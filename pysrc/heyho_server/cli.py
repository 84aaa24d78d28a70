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
from heyho_server.settings import DATA, HOST, PORT, Settings, read_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command, or run the server until it is told to stop.

    Returns:
        The exit status: 0 when all was done, 1 where a command found something wrong, 2 where it
        cannot be done.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    os.umask(0o077)
    try:
        if arguments and arguments[0] in commands.NAMES:
            return commands.run(arguments)
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
    """Every option; what is not given is None, and left to the environment and defaults."""
    parser = argparse.ArgumentParser(
        prog="heyho_server",
        description="Heyho's server: keeps the visits your browser sends it.",
        epilog=f"Further commands, each with a --help of its own: {', '.join(commands.NAMES)}.",
    )
    parser.add_argument("--host", help=f"address to listen at ({HOST})")
    parser.add_argument("--port", type=int, help=f"port to listen at; 0 takes a free one ({PORT})")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help=f"directory for the database (./{DATA})"
    )
    parser.add_argument(
        "--database-url", metavar="URL", help="another database: sqlite:////path/to/file"
    )
    parser.add_argument(
        "--rate-limit-url", metavar="URL", help="Redis to count requests in: redis://host:6379/0"
    )
    parser.add_argument("--workers", type=int, metavar="N", help="how many processes answer (1)")
    parser.add_argument("--tls-cert", type=Path, metavar="FILE", help="PEM certificate chain")
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="its PEM key")
    parser.add_argument(
        "--insecure",
        action="store_true",
        help="listen without TLS where other machines can reach it",
    )
    return parser
