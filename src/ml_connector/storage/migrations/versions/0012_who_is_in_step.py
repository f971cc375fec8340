"""By what each employee was found in step, so that nobody is worked out anew of whom nothing changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "in_step",
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("plant", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("connection", "plant", "key", name=op.f("pk_in_step")),
    )
