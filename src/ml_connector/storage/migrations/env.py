"""Alembic's entry: always online, always on the connection it is given."""

from __future__ import annotations

from alembic import context

from ml_connector.storage.database import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
