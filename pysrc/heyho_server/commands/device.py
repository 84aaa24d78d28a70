"""`device`: lists and revokes devices and sessions."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from heyho_server.api.services import system_now_ms
from heyho_server.commands.database import account_by, in_transaction
from heyho_server.errors import StartError
from heyho_server.storage.accounts import list_accounts
from heyho_server.storage.devices import Device, list_devices, revoke_device


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    parser = commands.add_parser("device", help="list or revoke devices")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", parents=[common], help="list devices and sessions")
    listing.add_argument("--user", metavar="EMAIL|ID", help="of this user only")
    revoke = actions.add_parser("revoke", parents=[common], help="let a device sign in no more")
    revoke.add_argument("id", type=int, metavar="ID")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    {"list": _list, "revoke": _revoke}[arguments.action](arguments)


def _list(arguments: argparse.Namespace) -> None:
    async def work(connection: AsyncConnection) -> tuple[dict[int, str], list[Device]]:
        user_id = None
        if arguments.user is not None:
            user_id = (await account_by(connection, arguments.user)).id
        found = await list_devices(connection, user_id=user_id, now_ms=system_now_ms())
        accounts = await list_accounts(connection)
        return {account.id: account.email or f"user {account.id}" for account in accounts}, found

    names, found = in_transaction(arguments, work)
    for device in found:
        seen = _day(device.last_seen_at) if device.last_seen_at else "never"
        state = "revoked" if device.revoked else f"last seen {seen}"
        print(f"{device.id:>4}  {names[device.user_id]:<32}  {device.kind:<7}  ", end="")
        print(f"{_day(device.created_at)}  {state:<20}  {device.name}")


def _revoke(arguments: argparse.Namespace) -> None:
    async def work(connection: AsyncConnection) -> bool:
        if not 0 < arguments.id < 2**31:
            return False
        return await revoke_device(connection, arguments.id, now_ms=system_now_ms())

    if not in_transaction(arguments, work):
        raise StartError(f"There is no device {arguments.id}; `device list` shows those there are.")
    print(f"Revoked device {arguments.id}.")


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat()
