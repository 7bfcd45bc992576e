"""Steps that go to the level above; reminders gathered into one mail a day

Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

DECIDING = (
    "'unit_asset_officer', 'unit_approver', 'department_approver', 'warehouse_manager', 'finance_approver'"
)


def upgrade() -> None:
    op.add_column("order_steps", sa.Column("escalated_to", sa.String(length=32), nullable=True))
    op.create_check_constraint(
        op.f("ck_order_steps_escalated_to"), "order_steps", f"escalated_to IN ({DECIDING})"
    )
    op.create_index(
        "ix_order_steps_deadline",
        "order_steps",
        ["deadline", "id"],
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_order_steps_escalated",
        "order_steps",
        ["escalated_to", "unit_id", "deadline"],
        postgresql_where=sa.text("state = 'open' AND escalated_to IS NOT NULL"),
    )
    op.create_index("ix_lots_sold", "lots", ["id"], postgresql_where=sa.text("state = 'sold'"))
    op.add_column(
        "users", sa.Column("daily_mail", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_table(
        "digests",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "sent",
                "failed",
                name="mailstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default="waiting",
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_digests_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digests")),
        sa.UniqueConstraint("user_id", "day", name=op.f("uq_digests_user_id_day")),
    )
    op.create_index(
        "ix_digests_waiting", "digests", ["due_at", "id"], postgresql_where=sa.text("state = 'waiting'")
    )
    op.create_index("ix_digests_failed", "digests", ["id"], postgresql_where=sa.text("state = 'failed'"))
    op.add_column(
        "messages", sa.Column("for_digest", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("messages", sa.Column("digest_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_messages_digest_id_digests"),
        "messages",
        "digests",
        ["digest_id"],
        ["id"],
        ondelete="SET NULL",
    )
    op.create_index(
        "ix_messages_for_digest",
        "messages",
        ["user_id"],
        postgresql_where=sa.text("for_digest AND digest_id IS NULL"),
    )
    op.create_index(
        "ix_messages_digest",
        "messages",
        ["digest_id", "id"],
        postgresql_where=sa.text("digest_id IS NOT NULL"),
    )
