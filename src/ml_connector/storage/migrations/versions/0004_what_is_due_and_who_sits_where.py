"""What is pending, headcount as last counted, and Workday's own ids of what is mapped."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mapping_row", sa.Column("wid", sa.String(length=64), nullable=True))
    op.create_table(
        "pending",
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("plant", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("due_on", sa.String(length=10), nullable=False),
        sa.Column("since", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("connection", "type", "plant", "key", "reason", name=op.f("pk_pending")),
    )
    op.create_table(
        "headcount",
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("plant", sa.String(length=16), nullable=False),
        sa.Column("position", sa.String(length=200), nullable=False),
        sa.Column("department", sa.String(length=200), nullable=False),
        sa.Column("shift", sa.String(length=200), nullable=True),
        sa.Column("planned", sa.Integer(), nullable=True),
        sa.Column("actual", sa.Integer(), nullable=False),
        sa.Column("excluded", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "plant", "position", "department", name=op.f("pk_headcount")),
    )
