"""Lists of orders in the order in which they need somebody

Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ATTENTION = """CASE
    WHEN closed_at IS NOT NULL THEN 1000000 - ((closed_at AT TIME ZONE 'UTC'::text)::date - '2000-01-01'::date)
    WHEN answer_by IS NOT NULL THEN answer_by - '2000-01-01'::date
    WHEN state::text = 'on_loan'::text THEN COALESCE(returned_on, ends_on) - '2000-01-01'::date
    WHEN state::text = 'waiting'::text
        THEN (submitted_at AT TIME ZONE 'UTC'::text)::date - '2000-01-01'::date + 30
    ELSE (submitted_at AT TIME ZONE 'UTC'::text)::date - '2000-01-01'::date + 7
END"""
OPEN = "closed_at IS NULL AND number IS NOT NULL"
INDEXES = (
    ("ix_orders_open", ["attention", "id"], OPEN),
    ("ix_orders_open_own", ["requester_id", "attention", "id"], OPEN),
    ("ix_orders_in_line", ["attention", "id"], "state IN ('waiting', 'offered')"),
    ("ix_orders_ended", ["attention", "id"], "closed_at IS NOT NULL AND number IS NOT NULL"),
)


def upgrade() -> None:
    op.add_column(
        "orders", sa.Column("attention", sa.Integer(), sa.Computed(ATTENTION, persisted=True), nullable=True)
    )
    for name, columns, where in INDEXES:
        op.create_index(name, "orders", columns, unique=False, postgresql_where=sa.text(where))
