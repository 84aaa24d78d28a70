"""The database that a command works on, whether or not a server runs on it."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from heyho_server.environment import with_secrets
from heyho_server.errors import StartError
from heyho_server.people.emails import fold_email
from heyho_server.settings import DATA, read_database_url, read_partitions
from heyho_server.storage.accounts import (
    Account,
    find_account,
    find_account_by_email,
    list_accounts,
)
from heyho_server.storage.database import Database, Tables, describe, open_database

T = TypeVar("T")


def common_options() -> argparse.ArgumentParser:
    """The options that all commands take."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--data", type=Path, metavar="DIR", help="the server's directory")
    parser.add_argument("--database-url", metavar="URL", help="the server's database instead")
    return parser


def in_transaction(
    arguments: argparse.Namespace,
    work: Callable[[AsyncConnection], Awaitable[T]],
    *,
    tables: Tables = "newest",
) -> T:
    """What comes of some work in one transaction.

    Args:
        arguments: with those of `common_options`; the environment says what they do not.
        tables: as `open_database` takes them; "made" makes a file that is not there as well.
    """

    async def run(database: Database) -> T:
        async with database.write() as connection:
            return await work(connection)

    return in_database(arguments, run, tables=tables)


def in_database(
    arguments: argparse.Namespace,
    work: Callable[[Database], Awaitable[T]],
    *,
    tables: Tables = "newest",
) -> T:
    """What comes of some work on the open database; arguments as those of `in_transaction`."""
    settled = with_secrets(os.environ)
    given = arguments.database_url or settled.get("HEYHO_DATABASE_URL", "").strip() or None
    url = read_database_url(given, arguments.data or Path(settled.get("HEYHO_DATA") or DATA))
    is_file = url.get_backend_name() == "sqlite"
    if is_file and tables != "made" and not Path(url.database or "").exists():
        raise StartError(
            f"There is no database at {url.database}; give --data or --database-url as the "
            "server has it."
        )

    async def run() -> T:
        partitions = read_partitions(settled)
        async with open_database(url, partitions=partitions, tables=tables) as database:
            return await work(database)

    try:
        return asyncio.run(run())
    except DBAPIError as problem:
        raise StartError(
            f"{describe(url)} could not do this ({problem.orig}); try again."
        ) from problem


async def account_by(connection: AsyncConnection, given: str | None) -> Account:
    """The user of this email address or number; the first one where none is given."""
    if given is not None:
        if given.isdecimal() and len(given) < 10:
            found = await find_account(connection, int(given))
        else:
            found = await find_account_by_email(connection, fold_email(given))
        if found is None:
            raise StartError(f"There is no user {given}; `user list` shows those there are.")
        return found
    accounts = await list_accounts(connection)
    if not accounts:
        raise StartError("There is no user yet; start the server once, or add one by `user add`.")
    return accounts[0]
