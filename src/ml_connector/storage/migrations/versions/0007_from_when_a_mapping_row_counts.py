"""From which day until which a mapping row is in force, and who drafted what another person approved."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mapping_row", sa.Column("effective_on", sa.String(length=10), nullable=True))
    op.add_column("mapping_row", sa.Column("ends_on", sa.String(length=10), nullable=True))
    op.add_column("mapping_row", sa.Column("drafted_by", sa.Text(), nullable=True))
