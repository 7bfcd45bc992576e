"""Several search nodes, each with rows of its own in the outbox

Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_nodes",
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_search_nodes")),
    )
    op.add_column("outbox", sa.Column("node", sa.String(200), server_default="", nullable=False))
    op.drop_index("ix_outbox_waiting", table_name="outbox")
    op.create_index(
        "ix_outbox_waiting", "outbox", ["node", "id"], postgresql_where=sa.text("drained_at IS NULL")
    )
