"""`user`: adds, lists and removes those who may use the server."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from heyho_server.api.services import system_now_ms
from heyho_server.commands.database import account_by, in_transaction
from heyho_server.emails import read_email
from heyho_server.errors import EmailTaken, StartError
from heyho_server.passwords import Passwords, check_password
from heyho_server.storage.accounts import (
    Account,
    create_account,
    is_last_administrator,
    list_accounts,
    remove_account,
)


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    parser = commands.add_parser("user", help="add, list or remove users")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser("add", parents=[common], help="add a user")
    add.add_argument("email", metavar="EMAIL")
    add.add_argument("--name", default="", help="first name and last name")
    add.add_argument("--administrator", action="store_true", help="who may manage users")
    add.add_argument(
        "--no-password", action="store_true", help="who signs in by paired devices only"
    )
    actions.add_parser("list", parents=[common], help="list all users")
    remove = actions.add_parser("remove", parents=[common], help="remove a user with all data")
    remove.add_argument("email", metavar="EMAIL")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    {"add": _add, "list": _list, "remove": _remove}[arguments.action](arguments)


def _add(arguments: argparse.Namespace) -> None:
    try:
        email = read_email(arguments.email)
        password = None if arguments.no_password else check_password(_read_password())
    except ValueError as problem:
        raise StartError(str(problem)) from problem
    hashed = None if password is None else asyncio.run(Passwords().hash(password))
    first_name, _, last_name = arguments.name.strip().partition(" ")

    async def work(connection: AsyncConnection) -> Account:
        return await create_account(
            connection,
            email=email,
            password_hash=hashed,
            first_name=first_name,
            last_name=last_name.strip(),
            administrator=arguments.administrator,
            now_ms=system_now_ms(),
        )

    try:
        account = in_transaction(arguments, work, make=True)
    except EmailTaken as problem:
        raise StartError(f"There is a user {email} already; take another address.") from problem
    print(f"Added {email} as user {account.id}, {account.role}.")


def _list(arguments: argparse.Namespace) -> None:
    for account in in_transaction(arguments, list_accounts):
        name = f"{account.first_name} {account.last_name}".strip()
        email = account.email or "(no email address)"
        print(f"{account.id:>4}  {email:<32}  {account.role:<13}  {name}".rstrip())


def _remove(arguments: argparse.Namespace) -> None:
    email = arguments.email
    if not arguments.yes:
        if not sys.stdin.isatty():
            raise StartError(f"Removing {email} deletes all their visits; say so with --yes.")
        if input(f"Remove {email} with all their visits? Type yes: ").strip().lower() != "yes":
            raise StartError("Nothing was removed.")

    async def work(connection: AsyncConnection) -> Account:
        account = await account_by(connection, email)
        if await is_last_administrator(connection, account.id):
            raise StartError(
                f"{email} is the only administrator; add another before removing this one."
            )
        await remove_account(connection, account.id)
        return account

    print(f"Removed {email}, who was user {in_transaction(arguments, work).id}.")


def _read_password() -> str:
    """From the terminal, where it is not shown, or else from a line of stdin."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if password != getpass.getpass("The same again: "):
        raise StartError("The two passwords differ; try again.")
    return password
