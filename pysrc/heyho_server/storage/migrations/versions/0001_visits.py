"""Users, their devices, visits and tab aggregates."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


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
    op.create_table(
        "visits",
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("domain", sa.Text, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger, nullable=False),
        sa.Column("active_duration_ms", sa.BigInteger, nullable=False),
        sa.Column("idle_periods", sa.JSON, nullable=False),
        sa.Column("tab_id", sa.BigInteger),
        sa.Column("window_id", sa.BigInteger),
        sa.Column("transition", sa.Text),
        sa.Column("source_page_visit_id", sa.Text),
        sa.Column("anonymous_client_id", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger),
        sa.Column("stored_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_visits"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_visits_user_id"),
    )
    op.create_index("ix_visits_user_id_started_at", "visits", ["user_id", "started_at"])
    op.create_table(
        "tab_aggregates",
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("last_active_at", sa.BigInteger, nullable=False),
        sa.Column("record", sa.JSON, nullable=False),
        sa.Column("stored_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_tab_aggregates"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_tab_aggregates_user_id"),
    )


def downgrade() -> None:
    for table in ("tab_aggregates", "visits", "devices", "users"):
        op.drop_table(table)
