"""Versions of accounts; an index that no query uses

Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    # Near pictures differ in a few bits: that is counted for each, and no index helps.
    op.drop_index("ix_photos_fingerprint", table_name="photos")
