"""The tables, as the newest migration leaves them. All times are epoch milliseconds."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("created_at", BigInteger, nullable=False),
)

devices = Table(
    "devices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("last_seen_at", BigInteger),
    Column("revoked_at", BigInteger),
)

visits = Table(
    "visits",
    metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("domain", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("active_duration_ms", BigInteger, nullable=False),
    Column("idle_periods", JSON, nullable=False),
    Column("tab_id", BigInteger),
    Column("window_id", BigInteger),
    Column("transition", Text),
    Column("source_page_visit_id", Text),
    Column("anonymous_client_id", Text, nullable=False),
    Column("seq", BigInteger),
    Column("stored_at", BigInteger, nullable=False),
    Index(None, "user_id", "started_at"),
)

tab_aggregates = Table(
    "tab_aggregates",
    metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("started_at", BigInteger, nullable=False),
    Column("last_active_at", BigInteger, nullable=False),
    Column("record", JSON, nullable=False),
    Column("stored_at", BigInteger, nullable=False),
)
