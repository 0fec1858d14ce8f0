"""Alembic's door: runs on the connection that `upgrade` hands over, or prints SQL for a dialect."""

from alembic import context

from pipeline.supervision.tables import METADATA

connection = context.config.attributes.get("connection")
if connection is None:
    context.configure(
        dialect_name=context.config.get_main_option("dialect") or "postgresql",
        target_metadata=METADATA,
        literal_binds=True,
        output_buffer=context.config.output_buffer,
    )
else:
    context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
