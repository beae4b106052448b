"""Alembic's entry: runs the versions on the connection that `syncd.store` hands over."""

from alembic import context

from syncd.store.tables import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    message = "Run migrations with `syncd db upgrade`, which opens the configured store."
    raise SystemExit(message)
context.configure(
    connection=connection,
    target_metadata=metadata,
    compare_type=True,
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
