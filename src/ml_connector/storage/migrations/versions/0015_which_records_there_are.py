"""Which records there are, and as what they came, without their bodies."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    columns = ["connection", "side", "type", "plant", "key", "extract_id", "payload_hash"]
    op.create_index("ix_snapshot_record_seen", "snapshot_record", columns)
