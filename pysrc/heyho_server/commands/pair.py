"""`pair`: makes a code by which a device is paired with a user."""

from __future__ import annotations

import argparse
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from heyho_server.api.services import system_now_ms
from heyho_server.commands.database import account_by, in_transaction
from heyho_server.storage.devices import MAX_DEVICE_NAME
from heyho_server.storage.pairing import CODE_S, create_code, show_code


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    parser = commands.add_parser("pair", parents=[common], help="make a pairing code")
    parser.add_argument("--user", metavar="EMAIL|ID", help="for this user (the first one)")
    parser.add_argument("--name", help="how the device is to be called (by its browser's name)")
    parser.add_argument(
        "--address",
        metavar="URL",
        default="http://127.0.0.1:8787",
        help="where browsers find the server (%(default)s)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    async def work(connection: AsyncConnection) -> str:
        account = await account_by(connection, arguments.user)
        return await create_code(
            connection,
            user_id=account.id,
            device_id=None,
            now_ms=system_now_ms(),
            device_name=(arguments.name or "").strip()[:MAX_DEVICE_NAME] or None,
        )

    code = show_code(in_transaction(arguments, work))
    print(
        f"{code}\nEnter this code within {CODE_S // 60} minutes in the options of the Heyho "
        f"extension, together with the address {arguments.address}"
    )
