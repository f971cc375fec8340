"""What cost centers, job profiles and locations were, with both dates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reference_fact",
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("effective_on", sa.String(length=10), nullable=False),
        sa.Column("entered_at", sa.String(length=40), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "connection", "type", "key", "effective_on", "entered_at", name=op.f("pk_reference_fact")
        ),
    )
