"""Transfers and endings are found among all that was ever sent without reading all of it."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_plan_change_action", "plan_change", ["connection", "type", "action", "state"])
