"""The tables, as the newest migration leaves them. All times are epoch milliseconds.

What only one kind of database has is not here: `search_sqlite` and `search_postgres` tell of the
columns and indexes that full-text search needs, and the migrations of PostgreSQL's partitions and
of SQLite's `user_ids`.
"""

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
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

IS_SORTED = text("category IS NOT NULL")
Json = JSON().with_variant(JSONB(), "postgresql")

# `email` is in lower case; who has none signs in by devices only. `role` is "person" or
# "administrator".
users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Column("email", Text),
    Column("password_hash", Text),
    Column("first_name", Text, nullable=False, server_default=""),
    Column("last_name", Text, nullable=False, server_default=""),
    Column("role", Text, nullable=False, server_default="person"),
    Index("ix_users_email", "email", unique=True),
)

# A device has a token for good; a session, which is one that signed in with a password, has a
# refresh token until it expires, and access tokens. A page is a session of the server's own page,
# and has the token of its cookie until it expires.
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
    Column("kind", Text, nullable=False, server_default="device"),
    Column("expires_at", BigInteger),
)

access_tokens = Table(
    "access_tokens",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    Column("device_id", ForeignKey("devices.id"), nullable=False, index=True),
    Column("expires_at", BigInteger, nullable=False, index=True),
)

pairing_codes = Table(
    "pairing_codes",
    metadata,
    Column("code_hash", LargeBinary(32), primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("device_name", Text),
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
    Column("idle_periods", Json, nullable=False),
    Column("tab_id", BigInteger),
    Column("window_id", BigInteger),
    Column("transition", Text),
    Column("source_page_visit_id", Text),
    Column("anonymous_client_id", Text, nullable=False),
    Column("seq", BigInteger),
    Column("category", Text),
    Column("details", Json),
    Column("stored_at", BigInteger, nullable=False),
    Index("ix_visits_time", "user_id", "started_at", "active_duration_ms"),
    Index("ix_visits_domain", "user_id", "domain", "started_at", "active_duration_ms"),
    Index(
        "ix_visits_category",
        *("user_id", "category", "started_at", "active_duration_ms"),
        sqlite_where=IS_SORTED,
        postgresql_where=IS_SORTED,
    ),
)

tab_aggregates = Table(
    "tab_aggregates",
    metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("started_at", BigInteger, nullable=False),
    Column("last_active_at", BigInteger, nullable=False),
    Column("record", Json, nullable=False),
    Column("stored_at", BigInteger, nullable=False),
)

# What was deleted: visits of [from_at, to_at), of one domain or of all.
deletions = Table(
    "deletions",
    metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("domain", Text),
    Column("from_at", BigInteger, nullable=False),
    Column("to_at", BigInteger, nullable=False),
    Column("deleted_at", BigInteger, nullable=False),
    Column("visits", BigInteger, nullable=False),
)

# And single ones.
deleted_visits = Table(
    "deleted_visits",
    metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("deleted_at", BigInteger, nullable=False),
)

# A row for each sync request; `rejected_records` is a list of those in the reply.
sync_log = Table(
    "sync_log",
    metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("at", BigInteger, primary_key=True),
    Column("request_id", Text, primary_key=True),
    Column("device_id", Integer, nullable=False),
    Column("visits", Integer, nullable=False),
    Column("tab_aggregates", Integer, nullable=False),
    Column("deleted", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("rejected_records", Json),
)
