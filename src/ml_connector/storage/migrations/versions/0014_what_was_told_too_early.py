"""What Workday's log told of a worker before the moment it was entered at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "early_entry",
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("worker", sa.String(length=200), nullable=False),
        sa.Column("effective_on", sa.String(length=10), nullable=False),
        sa.Column("entered_at", sa.String(length=40), nullable=False),
        sa.Column("told_at", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("connection", "worker", name=op.f("pk_early_entry")),
    )
