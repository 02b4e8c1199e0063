"""Called by Alembic: runs the steps on the connection that `studio.server.store` hands over."""

from alembic import context

from studio.server.model import Table

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Table.metadata, render_as_batch=True, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
