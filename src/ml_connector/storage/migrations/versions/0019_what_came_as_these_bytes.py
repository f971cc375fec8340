"""Whether a record came as these very bytes is found without going through all of its type."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_snapshot_record_payload", "snapshot_record")
    columns = ["connection", "side", "type", "plant", "payload_hash", "extract_id"]
    op.create_index("ix_snapshot_record_payload", "snapshot_record", columns)
