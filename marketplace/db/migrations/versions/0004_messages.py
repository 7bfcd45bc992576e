"""Messages to users, in the application and by mail

Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "messages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("params", postgresql.JSONB(), nullable=False),
        sa.Column("link", sa.String(200), nullable=False),
        sa.Column("needs_action", sa.Boolean(), nullable=False),
        sa.Column("once", sa.String(120), server_default="", nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("read_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_messages_user_id_users", ondelete="CASCADE"),
    )
    of_user = ["user_id", "id"]
    op.create_index("ix_messages_user", "messages", of_user)
    op.create_index("ix_messages_unread", "messages", of_user, postgresql_where=sa.text("read_at IS NULL"))
    op.create_index("ix_messages_action", "messages", of_user, postgresql_where=sa.text("needs_action"))
    op.create_index("ix_messages_link", "messages", ["link"], postgresql_where=sa.text("needs_action"))
    op.create_index(
        "uq_messages_once", "messages", ["user_id", "once"], unique=True, postgresql_where=sa.text("once <> ''")
    )
    op.create_table(
        "mails",
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(32), server_default="waiting", nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("sent_at", moment, nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_mails"),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name="fk_mails_message_id_messages", ondelete="CASCADE"
        ),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'failed')", name="ck_mails_mailstate"),
    )
    op.create_index(
        "ix_mails_waiting", "mails", ["due_at", "message_id"], postgresql_where=sa.text("state = 'waiting'")
    )
    op.create_index("ix_mails_failed", "mails", ["message_id"], postgresql_where=sa.text("state = 'failed'"))
