"""The intake that goes with a database."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, nullcontext

from heyho_server.storage.database import Database
from heyho_server.storage.intake.delivery import Intake
from heyho_server.storage.intake.postgres import PostgresIntake
from heyho_server.storage.intake.sqlite import open_sqlite_intake


def open_intake(database: Database) -> AbstractAsyncContextManager[Intake]:
    """An intake for as long as the block lasts; what it has taken is stored before it closes."""
    if database.is_postgres:
        return nullcontext(PostgresIntake(database))
    return open_sqlite_intake(database)
