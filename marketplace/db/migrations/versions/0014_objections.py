"""Objections to idle flags stand in the inbox of those who decide on them

Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_idle_flags_objected",
        "idle_flags",
        ["unit_id", "id"],
        postgresql_where=sa.text("closed_at IS NULL AND answer = 'objected'"),
    )
