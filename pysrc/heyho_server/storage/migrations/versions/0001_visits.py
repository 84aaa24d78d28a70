"""Users, their devices, visits and tab aggregates."""

from typing import Any

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def create_sharded(table: str, *parts: sa.Column[Any] | sa.Constraint) -> None:
    """Make a table whose primary key begins with the user, and which can be spread by it.

    PostgreSQL gets hash partitions. It gets no foreign key to `users` there: that would cost a
    look-up for each row, and could not be kept across the nodes of a distributed one. Who stores
    rows of a user holds that user's row instead.
    """
    if op.get_bind().dialect.name != "postgresql":
        key = sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=f"fk_{table}_user_id")
        op.create_table(table, *parts, key)
        return
    partitions = context.config.attributes["partitions"]
    if not partitions:
        op.create_table(table, *parts)
        return
    op.create_table(table, *parts, postgresql_partition_by="HASH (user_id)")
    for part in range(partitions):
        op.execute(
            f"CREATE TABLE {table}_{part} PARTITION OF {table} "
            f"FOR VALUES WITH (MODULUS {partitions}, REMAINDER {part})"
        )


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
    )
    op.create_table(
        "devices",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("last_seen_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_devices"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_devices_user_id"),
        sa.UniqueConstraint("token_hash", name="uq_devices_token_hash"),
    )
    op.create_index("ix_devices_user_id", "devices", ["user_id"])
    create_sharded(
        "visits",
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("domain", sa.Text, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger, nullable=False),
        sa.Column("active_duration_ms", sa.BigInteger, nullable=False),
        sa.Column("idle_periods", JSON, nullable=False),
        sa.Column("tab_id", sa.BigInteger),
        sa.Column("window_id", sa.BigInteger),
        sa.Column("transition", sa.Text),
        sa.Column("source_page_visit_id", sa.Text),
        sa.Column("anonymous_client_id", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger),
        sa.Column("stored_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_visits"),
    )
    op.create_index("ix_visits_user_id_started_at", "visits", ["user_id", "started_at"])
    create_sharded(
        "tab_aggregates",
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("last_active_at", sa.BigInteger, nullable=False),
        sa.Column("record", JSON, nullable=False),
        sa.Column("stored_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_tab_aggregates"),
    )


def downgrade() -> None:
    for table in ("tab_aggregates", "visits", "devices", "users"):
        op.drop_table(table)
