"""Whose data a command is about."""

from __future__ import annotations

import argparse

from sqlalchemy import select

from heyho_server.errors import StartError
from heyho_server.storage.database import Database
from heyho_server.storage.devices import Caller
from heyho_server.storage.tables import users


def add_user_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--user", metavar="EMAIL|ID", help="whose data; not needed where there is one person only"
    )


async def find_person(database: Database, given: str | None) -> Caller:
    """The person that is meant, as who makes a request from no device.

    Raises:
        StartError: there is none, or nobody knows which.
    """
    async with database.read() as connection:
        rows = (await connection.execute(select(users.c.id, users.c.email))).all()
    found = [
        row.id for row in rows if given is None or given.lower() in (str(row.id), row.email or "")
    ]
    if len(found) != 1:
        raise StartError(
            "Say whose data it is with --user, by an email address or a number."
            if given is None
            else f"There is no user {given}; give the email address or the number of one."
        )
    return Caller(found[0], 0)
