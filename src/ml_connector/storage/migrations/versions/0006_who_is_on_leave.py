"""Headcount as last counted also tells who is on leave, and full-time equivalents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("headcount", sa.Column("on_leave", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("headcount", sa.Column("fte", sa.String(length=32), nullable=True))
