"""The highest id that a user ever had, on SQLite: no other gets it, as on PostgreSQL by itself."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# What a removed user's request still does would else be done for the next one.
SQLITE = (
    "CREATE TABLE user_ids (given INTEGER NOT NULL)",
    "INSERT INTO user_ids SELECT ifnull(max(id), 0) FROM users",
    """
    CREATE TRIGGER users_made AFTER INSERT ON users BEGIN
      UPDATE user_ids SET given = max(given, new.id);
    END
    """,
)
SQLITE_BACK = ("DROP TRIGGER users_made", "DROP TABLE user_ids")


def upgrade() -> None:
    execute_on_sqlite(SQLITE)


def downgrade() -> None:
    execute_on_sqlite(SQLITE_BACK)


def execute_on_sqlite(statements: tuple[str, ...]) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for statement in statements:
            op.execute(statement)
