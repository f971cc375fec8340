"""Which content an extraction saw, and what a plan follows from: so that what did not change is not decided again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("extract", sa.Column("content_id", sa.Integer(), nullable=True))
    op.add_column("plan", sa.Column("inputs", sa.String(length=64), nullable=True))
