"""An event may be about a text of any length, which no PostgreSQL index row holds; nothing searched by this one."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_audit_event_object", table_name="audit_event")
