"""Alembic's entry point: runs on the connection that marketplace.db.migrate hands in."""

from alembic import context

from marketplace.db.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
