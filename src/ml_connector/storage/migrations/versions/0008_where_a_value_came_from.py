"""Where a value in Plex came from: the answer to each write, what was agreed without one, and each reading's moment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("run", sa.Column("entered_at", sa.String(length=40), nullable=True))
    op.add_column("run", sa.Column("looked_at", sa.String(length=40), nullable=True))
    op.add_column("plan", sa.Column("run_id", sa.Integer(), nullable=True))
    op.add_column("plan_change", sa.Column("response_status", sa.Integer(), nullable=True))
    op.add_column("plan_change", sa.Column("response_hash", sa.String(length=64), nullable=True))
    op.create_index("ix_plan_change_key", "plan_change", ["connection", "type", "key"])
    op.create_table(
        "agreement",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("plant", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("agreed_at", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
    )
    op.create_index("ix_agreement_record", "agreement", ["connection", "type", "source"])
    op.create_index("ix_agreement_key", "agreement", ["connection", "type", "key"])
