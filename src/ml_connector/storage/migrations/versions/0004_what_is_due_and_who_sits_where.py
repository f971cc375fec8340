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
