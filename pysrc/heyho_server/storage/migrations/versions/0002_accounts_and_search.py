"""People who sign in, deletions that last, the log of syncs, and full-text search."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def of_old(template: str) -> str:
    """A statement of a trigger that takes the row as it was out of the index."""
    return template.replace(
        "OWNER",
        "'ꙮu' || old.user_id || ' ꙮv' || hex(old.anonymous_client_id) || "
        "ifnull(' ꙮc' || hex(old.category), '') || ' ' || old.domain || ' ꙮ'",
    )


# Rows wait with a search_key of NULL until the server puts them into `visit_search`. Its rowid,
# the key, is in the order of time, so that the latest matches are found without sorting all.
# The index holds no texts: to take a row out it has to be told what was put in. `storage.
# search_sqlite` tells what the owner is. Prefixes of one letter are indexed because the main index
# would have to merge the visits of some thousand words for one.
SQLITE_SEARCH = (
    "ALTER TABLE visits ADD COLUMN search_key INTEGER",
    "CREATE UNIQUE INDEX ix_visits_search_key ON visits (search_key) WHERE search_key IS NOT NULL",
    """
    CREATE INDEX ix_visits_not_searchable ON visits (user_id, started_at)
    WHERE search_key IS NULL
    """,
    """
    CREATE VIRTUAL TABLE visit_search USING fts5(
      owner, title, url, content = '', prefix = '1 2 3', tokenize = 'unicode61 remove_diacritics 2'
    )
    """,
    of_old("""
    CREATE TRIGGER visits_deleted AFTER DELETE ON visits WHEN old.search_key IS NOT NULL BEGIN
      INSERT INTO visit_search (visit_search, rowid, owner, title, url)
      VALUES ('delete', old.search_key, OWNER, old.title, old.url);
    END
    """),
    of_old("""
    CREATE TRIGGER visits_changed
    AFTER UPDATE OF title, url, domain, started_at, anonymous_client_id, category ON visits
    WHEN old.search_key IS NOT NULL AND (
      old.title != new.title OR old.url != new.url OR old.domain != new.domain
      OR old.started_at != new.started_at OR old.anonymous_client_id != new.anonymous_client_id
      OR old.category IS NOT new.category
    ) BEGIN
      INSERT INTO visit_search (visit_search, rowid, owner, title, url)
      VALUES ('delete', old.search_key, OWNER, old.title, old.url);
      UPDATE visits SET search_key = NULL WHERE user_id = new.user_id AND id = new.id;
    END
    """),
)
SQLITE_NO_SEARCH = (
    "DROP TRIGGER visits_changed",
    "DROP TRIGGER visits_deleted",
    "DROP TABLE visit_search",
    "DROP INDEX ix_visits_not_searchable",
    "DROP INDEX ix_visits_search_key",
    "ALTER TABLE visits DROP COLUMN search_key",
)
# The words of `heyho_server.words`: PostgreSQL's own idea of one would keep an address together,
# and would know "café" only by its accent. The mark between title and address leaves a gap
# that no phrase goes across.
POSTGRES_SEARCH = (
    r"""
    ALTER TABLE visits ADD COLUMN words tsvector GENERATED ALWAYS AS (
      ts_delete(
        to_tsvector('simple', regexp_replace(
          normalize(regexp_replace(
            normalize(lower(title || ' ꙮ ' || url), NFD),
            '([a-z])[\u0300-\u036f]+', '\1', 'g'
          ), NFC),
          '[^[:alnum:]]+', ' ', 'g'
        )),
        'ꙮ'
      )
    ) STORED
    """,
    "CREATE INDEX ix_visits_words ON visits USING gin (words)",
)
POSTGRES_NO_SEARCH = (
    "DROP INDEX ix_visits_words",
    "ALTER TABLE visits DROP COLUMN words",
)


def upgrade() -> None:
    for column in (
        sa.Column("email", sa.Text),
        sa.Column("password_hash", sa.Text),
        sa.Column("first_name", sa.Text, nullable=False, server_default=""),
        sa.Column("last_name", sa.Text, nullable=False, server_default=""),
        sa.Column("role", sa.Text, nullable=False, server_default="person"),
    ):
        op.add_column("users", column)
    op.create_index("ix_users_email", "users", ["email"], unique=True)
    op.add_column("devices", sa.Column("kind", sa.Text, nullable=False, server_default="device"))
    op.add_column("devices", sa.Column("expires_at", sa.BigInteger))
    op.create_table(
        "access_tokens",
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("device_id", sa.Integer, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_access_tokens"),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name="fk_access_tokens_device_id"),
    )
    op.create_index("ix_access_tokens_device_id", "access_tokens", ["device_id"])
    op.create_index("ix_access_tokens_expires_at", "access_tokens", ["expires_at"])
    op.create_table(
        "pairing_codes",
        sa.Column("code_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("code_hash", name="pk_pairing_codes"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_pairing_codes_user_id"),
    )
    op.create_index("ix_pairing_codes_user_id", "pairing_codes", ["user_id"])
    op.add_column("visits", sa.Column("category", sa.Text))
    op.add_column("visits", sa.Column("details", JSON))
    by_domain = ["user_id", "domain", "started_at"]
    op.create_index("ix_visits_user_id_domain_started_at", "visits", by_domain)
    op.create_table(
        "deletions",
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("domain", sa.Text),
        sa.Column("from_at", sa.BigInteger, nullable=False),
        sa.Column("to_at", sa.BigInteger, nullable=False),
        sa.Column("deleted_at", sa.BigInteger, nullable=False),
        sa.Column("visits", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_deletions"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_deletions_user_id"),
    )
    op.create_table(
        "deleted_visits",
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("deleted_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_deleted_visits"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_deleted_visits_user_id"),
    )
    op.create_table(
        "sync_log",
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("device_id", sa.Integer, nullable=False),
        sa.Column("visits", sa.Integer, nullable=False),
        sa.Column("tab_aggregates", sa.Integer, nullable=False),
        sa.Column("deleted", sa.Integer, nullable=False),
        sa.Column("rejected", sa.Integer, nullable=False),
        sa.Column("rejected_records", JSON),
        sa.PrimaryKeyConstraint("user_id", "at", "request_id", name="pk_sync_log"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sync_log_user_id"),
    )
    execute_all(POSTGRES_SEARCH if on_postgres() else SQLITE_SEARCH)


def downgrade() -> None:
    execute_all(POSTGRES_NO_SEARCH if on_postgres() else SQLITE_NO_SEARCH)
    for table in ("sync_log", "deleted_visits", "deletions", "pairing_codes", "access_tokens"):
        op.drop_table(table)
    op.drop_index("ix_visits_user_id_domain_started_at", "visits")
    for column in ("details", "category"):
        op.drop_column("visits", column)
    # Sessions have no place in the older tables, where they would pass for devices.
    op.execute("DELETE FROM devices WHERE kind != 'device'")
    for column in ("expires_at", "kind"):
        op.drop_column("devices", column)
    op.drop_index("ix_users_email", "users")
    for column in ("role", "last_name", "first_name", "password_hash", "email"):
        op.drop_column("users", column)


def on_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def execute_all(statements: tuple[str, ...]) -> None:
    for statement in statements:
        op.execute(statement)
