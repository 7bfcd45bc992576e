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
    ("ix_orders_open_receiver", ["receiver_unit_id", "attention", "id"], OPEN),
    ("ix_orders_open_giver", ["giver_unit_id", "attention", "id"], OPEN),
    ("ix_orders_in_line", ["attention", "id"], "state IN ('waiting', 'offered')"),
    ("ix_orders_ended", ["attention", "id"], "closed_at IS NOT NULL AND number IS NOT NULL"),
    ("ix_orders_receiving", ["receiver_unit_id", "state"], "state IN ('offered', 'approved', 'on_loan')"),
    ("ix_orders_giving", ["giver_unit_id", "state"], "state IN ('waiting', 'approved', 'on_loan')"),
    ("ix_orders_asking", ["requester_id", "state"], "state IN ('offered', 'correction', 'on_loan')"),
)


def upgrade() -> None:
    op.add_column(
        "orders", sa.Column("attention", sa.Integer(), sa.Computed(ATTENTION, persisted=True), nullable=True)
    )
    for name, columns, where in INDEXES:
        op.create_index(name, "orders", columns, unique=False, postgresql_where=sa.text(where))
    op.create_index(
        "ix_damage_cases_open",
        "damage_cases",
        ["order_id"],
        unique=False,
        postgresql_where=sa.text("settled_at IS NULL"),
    )
