"""How Alembic runs here: on the connection, and inside the transaction, that `audit_log.db.migrate` holds."""

from alembic import context

from audit_log.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
