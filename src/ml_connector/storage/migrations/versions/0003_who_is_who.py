"""Which Workday names belong to one person, and which Plex record somebody chose for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "person_alias",
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("profile", sa.String(length=200), nullable=False),
        sa.Column("decided", sa.Boolean(), nullable=False),
        sa.Column("linked_by", sa.Text(), nullable=False),
        sa.Column("linked_at", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("connection", "kind", "value", name=op.f("pk_person_alias")),
    )
    op.create_index("ix_person_alias_person", "person_alias", ["connection", "person"], unique=False)
    op.create_index("ix_person_alias_profile", "person_alias", ["connection", "profile"], unique=False)
    op.create_table(
        "plex_link",
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("plant", sa.String(length=16), nullable=False),
        sa.Column("plex_id", sa.String(length=64), nullable=False),
        sa.Column("linked_by", sa.Text(), nullable=False),
        sa.Column("linked_at", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("connection", "person", "plant", name=op.f("pk_plex_link")),
    )
    op.create_index("ix_plex_link_record", "plex_link", ["connection", "plant", "plex_id"], unique=True)
