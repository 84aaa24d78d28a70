"""Alembic calls this to run migrations on the connection that the server hands over."""

from alembic import context

from heyho_server.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
