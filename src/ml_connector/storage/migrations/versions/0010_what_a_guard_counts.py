"""Guards count over a span of time and explain themselves: which action a write is, why a hold.

What Workday shows is compared worker by worker; the rates of sections kept until now say less.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("plan_change", sa.Column("action", sa.String(length=16), nullable=True))
    op.add_column("hold", sa.Column("explanation", sa.Text(), nullable=True))
    op.drop_table("fill_rate")
    op.create_table(
        "worker_fill",
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("fields", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "key", name=op.f("pk_worker_fill")),
    )
