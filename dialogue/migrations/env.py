"""Alembic's entry: `dialogue.databases` hands it the connection, within one transaction."""

from alembic import context

from dialogue.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"], target_metadata=METADATA, compare_type=True
)
context.run_migrations()
