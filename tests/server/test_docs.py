"""docs/server.md tells of everything that can be set or met."""

from __future__ import annotations

import argparse
import inspect
import re
from pathlib import Path

from heyho_server import commands, errors
from heyho_server.api.watching import PATHS
from heyho_server.app import router
from heyho_server.cli import make_parser
from heyho_server.storage.tables import metadata

TEXT = (Path(__file__).parents[2] / "docs" / "server.md").read_text(encoding="utf-8")


def test_every_option_is_told() -> None:
    options = options_of(make_parser()) | options_of(commands.make_parser())
    assert {"--yes", "--port"} <= options
    assert options - {"-h", "--help"} <= set(re.findall(r"--[a-z-]+", TEXT))


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    """The options of a parser, and of its commands."""
    options = {name for action in parser._actions for name in action.option_strings}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            options |= {name for inner in action.choices.values() for name in options_of(inner)}
    return options


def test_every_command_is_told() -> None:
    assert all(f"| `{name}" in TEXT for name in commands.NAMES)


def test_every_path_is_told() -> None:
    paths = {re.sub(r":[a-z]+}", "}", route.path_format) for route in router().routes}
    assert len(paths) >= 5
    assert all(f"{path}`" in TEXT for path in (*paths, *PATHS))


def test_every_error_code_is_told() -> None:
    codes = {
        kind.error_code
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.RequestError)
    }
    untold = {"BAD_REQUEST", "CLIENT_GONE"}  # nobody ever reads these
    assert all(f"`{code}`" in TEXT for code in codes - untold)


def test_every_table_is_told() -> None:
    assert all(f"`{table}`" in TEXT for table in metadata.tables)
