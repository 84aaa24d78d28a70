"""Alembic's migrations, run by the server itself at each start."""
