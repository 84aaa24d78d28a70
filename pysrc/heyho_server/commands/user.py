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
from heyho_server.errors import EmailTaken, StartError
from heyho_server.people.emails import read_email
from heyho_server.people.passwords import Passwords, check_password
from heyho_server.storage.accounts import (
    Account,
    change_account,
    create_account,
    is_last_administrator,
    list_accounts,
    remove_account,
)
from heyho_server.storage.sessions import close_sessions


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
    change = actions.add_parser("change", parents=[common], help="change a user")
    change.add_argument("user", metavar="EMAIL|ID")
    change.add_argument("--email", metavar="EMAIL", help="the new address to sign in by")
    change.add_argument("--password", action="store_true", help="ask for a new password")
    change.add_argument("--name", help="the new first name and last name")
    actions.add_parser("list", parents=[common], help="list all users")
    remove = actions.add_parser("remove", parents=[common], help="remove a user with all data")
    remove.add_argument("user", metavar="EMAIL|ID")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    actions = {"add": _add, "change": _change, "list": _list, "remove": _remove}
    actions[arguments.action](arguments)


def _add(arguments: argparse.Namespace) -> None:
    try:
        email = read_email(arguments.email)
        password = None if arguments.no_password else check_password(_read_password())
    except ValueError as problem:
        raise StartError(str(problem)) from problem
    hashed = None if password is None else asyncio.run(Passwords().hash(password))
    first_name, last_name = _names(arguments.name)

    async def work(connection: AsyncConnection) -> Account:
        return await create_account(
            connection,
            email=email,
            password_hash=hashed,
            first_name=first_name,
            last_name=last_name,
            administrator=arguments.administrator,
            now_ms=system_now_ms(),
        )

    try:
        account = in_transaction(arguments, work, tables="made")
    except EmailTaken as problem:
        raise StartError(f"There is a user {email} already; take another address.") from problem
    print(f"Added {email} as user {account.id}, {account.role}.")


def _change(arguments: argparse.Namespace) -> None:
    try:
        email = None if arguments.email is None else read_email(arguments.email)
        password = check_password(_read_password()) if arguments.password else None
    except ValueError as problem:
        raise StartError(str(problem)) from problem
    if all(given is None for given in (email, password, arguments.name)):
        raise StartError("Say what to change: --email, --password or --name.")
    hashed = None if password is None else asyncio.run(Passwords().hash(password))

    async def work(connection: AsyncConnection) -> int:
        account = await account_by(connection, arguments.user)
        await change_account(
            connection,
            account.id,
            email=email,
            password_hash=hashed,
            name=None if arguments.name is None else _names(arguments.name),
        )
        if hashed is not None:
            await close_sessions(connection, account.id, now_ms=system_now_ms())
        return account.id

    try:
        user_id = in_transaction(arguments, work)
    except EmailTaken as problem:
        raise StartError(f"There is a user {email} already; take another address.") from problem
    signed_out = " Who had signed in by the old password is signed out." if hashed else ""
    print(f"Changed user {user_id}.{signed_out}")


def _list(arguments: argparse.Namespace) -> None:
    for account in in_transaction(arguments, list_accounts):
        name = f"{account.first_name} {account.last_name}".strip()
        email = account.email or "(no email address)"
        print(f"{account.id:>4}  {email:<32}  {account.role:<13}  {name}".rstrip())


def _remove(arguments: argparse.Namespace) -> None:
    email = arguments.user
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


def _names(text: str) -> tuple[str, str]:
    """The first name, and the last."""
    first, _, last = text.strip().partition(" ")
    return first, last.strip()


def _read_password() -> str:
    """From the terminal, where it is not shown, or else from a line of stdin."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if password != getpass.getpass("The same again: "):
        raise StartError("The two passwords differ; try again.")
    return password
