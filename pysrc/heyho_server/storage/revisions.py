"""Revisions: which of Heyho's tables a database has, and the migrations from one to the next."""

from __future__ import annotations

from functools import cache

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from heyho_server.settings import PARTITIONS

MIGRATION_LOCK = 0x6865_7968_6F  # any number, as long as all of Heyho's servers take the same


def migrate(
    connection: Connection, revision: str = "head", *, partitions: int = PARTITIONS
) -> None:
    """Run the migrations up to a revision that the database has not seen, all or none of them."""
    if connection.dialect.name == "postgresql":
        # Several servers may start at once.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
    config = _config(connection)
    config.attributes["partitions"] = partitions
    command.upgrade(config, revision)


def migrate_back(connection: Connection, revision: str) -> None:
    """Undo the migrations after a revision: what only they have room for is lost."""
    command.downgrade(_config(connection), revision)


def read_revision(connection: Connection) -> str | None:
    """The last migration that a database has seen; None where it has no tables of Heyho's."""
    return MigrationContext.configure(connection).get_current_revision()


@cache
def known_revisions() -> tuple[str, ...]:
    """The migrations that this Heyho knows, the newest first."""
    scripts = ScriptDirectory.from_config(_config())
    return tuple(script.revision for script in scripts.walk_revisions())


def newest_revision() -> str:
    """The last migration that this Heyho knows."""
    return known_revisions()[0]


def complaint(name: str, revision: str | None) -> str | None:
    """What is wrong with the tables of a database; None where they are this Heyho's."""
    if revision == newest_revision():
        return None
    if revision is None:
        return f"{name} has no tables of Heyho's; start the server once, which makes them."
    if revision in known_revisions():
        return (
            f"The tables of {name} are an older Heyho's; start the server once, which brings them "
            "up to date."
        )
    return newer(name)


def newer(name: str) -> str:
    """What is wrong with tables of which this Heyho knows nothing."""
    return f"{name} was written by a newer Heyho; start that one, or use another."


def _config(connection: Connection | None = None) -> Config:
    """What Alembic's commands take."""
    config = Config()
    config.set_main_option("script_location", "heyho_server:storage/migrations")
    config.attributes["connection"] = connection
    return config
