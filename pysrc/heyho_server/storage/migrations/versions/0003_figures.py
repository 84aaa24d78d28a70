"""Indexes from which figures are added up without reading visits, and names for paired devices."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OLD = {
    "ix_visits_user_id_started_at": ["user_id", "started_at"],
    "ix_visits_user_id_domain_started_at": ["user_id", "domain", "started_at"],
}
NEW = {
    "ix_visits_time": ["user_id", "started_at", "active_duration_ms"],
    "ix_visits_domain": ["user_id", "domain", "started_at", "active_duration_ms"],
}
CATEGORY = ["user_id", "category", "started_at", "active_duration_ms"]
IS_SORTED = sa.text("category IS NOT NULL")


def upgrade() -> None:
    op.add_column("pairing_codes", sa.Column("device_name", sa.Text))
    exchange(OLD, NEW)
    op.create_index(
        "ix_visits_category",
        "visits",
        CATEGORY,
        sqlite_where=IS_SORTED,
        postgresql_where=IS_SORTED,
    )
    if op.get_bind().dialect.name == "postgresql":  # SQLite has devices in the index of words
        op.create_index(
            "ix_visits_device", "visits", ["user_id", "anonymous_client_id", "started_at"]
        )
    else:
        wait_in_order(["user_id", "started_at", "id"])


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_visits_device", "visits")
    else:
        wait_in_order(["user_id", "started_at"])
    op.drop_index("ix_visits_category", "visits")
    exchange(NEW, OLD)
    op.drop_column("pairing_codes", "device_name")


def wait_in_order(columns: list[str]) -> None:
    """Have the visits that are not searchable in this order.

    It is the whole order in which they are read, so that no other index looks as good to SQLite,
    which would find them among all others there.
    """
    op.drop_index("ix_visits_not_searchable", "visits")
    op.create_index(
        "ix_visits_not_searchable",
        "visits",
        columns,
        sqlite_where=sa.text("search_key IS NULL"),
    )


def exchange(before: dict[str, list[str]], after: dict[str, list[str]]) -> None:
    for name in before:
        op.drop_index(name, "visits")
    for name, columns in after.items():
        op.create_index(name, "visits", columns)
