"""Commands that run side by side keep to one budget of calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "call_budget",
        sa.Column("connection", sa.String(64), primary_key=True),
        sa.Column("spent", sa.Text, nullable=False),
    )
