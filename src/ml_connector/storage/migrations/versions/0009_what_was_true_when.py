"""
Facts of workers with both their dates, readings built on others, records not understood, and every day of a change.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("extract", sa.Column("base_id", sa.Integer(), nullable=True))
    op.add_column("extract", sa.Column("variant", sa.String(length=200), nullable=True))
    op.create_table(
        "snapshot_fault",
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("side", sa.String(length=16), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("plant", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("extract_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "side", "type", "plant", "key", name=op.f("pk_snapshot_fault")),
    )
    op.create_table(
        "worker_fact",
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("worker", sa.String(length=200), nullable=False),
        sa.Column("effective_on", sa.String(length=10), nullable=False),
        sa.Column("entered_at", sa.String(length=40), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "worker", "effective_on", "entered_at", name=op.f("pk_worker_fact")),
    )
    op.create_index("ix_worker_fact_day", "worker_fact", ["connection", "effective_on"], unique=False)
    # What is pending is worked out anew by every plan: the table may begin empty.
    op.drop_table("pending")
    op.create_table(
        "pending",
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("plant", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("due_on", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("since", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("connection", "type", "plant", "key", "due_on", "reason", name=op.f("pk_pending")),
    )
