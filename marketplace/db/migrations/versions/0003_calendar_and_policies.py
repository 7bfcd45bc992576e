"""Working days, approval policies and stand-ins

Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROLES = (
    *("staff", "unit_asset_officer", "unit_approver", "department_approver", "warehouse_manager"),
    *("finance_approver", "auditor", "security_administrator", "system_administrator"),
)


def word(name: str, *codes: str) -> sa.Enum:
    return sa.Enum(*codes, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    _calendar()
    _policies()
    _stand_ins()


def _calendar() -> None:
    op.create_table(
        "calendar_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(30), nullable=False),
        sa.Column("source", sa.String(60), server_default="", nullable=False),
        sa.Column("official", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_calendar_days")),
    )
    op.create_table(
        "calendar_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.BigInteger()),
        sa.Column("before", postgresql.JSONB(), nullable=False),
        sa.Column("after", postgresql.JSONB(), nullable=False),
        sa.Column("undoes", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_changes")),
        sa.ForeignKeyConstraint(["changed_by"], ["users.id"], name=op.f("fk_calendar_changes_changed_by_users")),
        sa.ForeignKeyConstraint(
            ["undoes"], ["calendar_changes.id"], name=op.f("fk_calendar_changes_undoes_calendar_changes")
        ),
        sa.UniqueConstraint("undoes", name=op.f("uq_calendar_changes_undoes")),
    )
    op.create_index("ix_calendar_changes_before", "calendar_changes", ["before"], postgresql_using="gin")


def _policies() -> None:
    op.create_table(
        "policy_versions",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.BigInteger()),
        sa.Column("note", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_policy_versions")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_policy_versions_created_by_users")),
    )
    op.create_table(
        "policy_steps",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", word("orderkind", "transfer", "loan"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("role", word("role", *ROLES), nullable=False),
        sa.Column("side", word("side", "receiver", "giver"), nullable=False),
        sa.Column("min_value", sa.Numeric(18, 2)),
        sa.Column("category", sa.String(41), server_default="", nullable=False),
        sa.Column("only_across_departments", sa.Boolean(), nullable=False),
        sa.Column("deadline_days", sa.Integer(), nullable=False),
        sa.Column("remind_days", sa.Integer(), nullable=False),
        sa.Column("on_overdue", word("onoverdue", "remind", "escalate"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_steps")),
        sa.ForeignKeyConstraint(
            ["version"], ["policy_versions.number"], name=op.f("fk_policy_steps_version_policy_versions")
        ),
        sa.CheckConstraint("deadline_days BETWEEN 1 AND 60", name=op.f("ck_policy_steps_deadline")),
        sa.CheckConstraint("remind_days BETWEEN 0 AND deadline_days", name=op.f("ck_policy_steps_reminder")),
        sa.CheckConstraint("min_value > 0", name=op.f("ck_policy_steps_min_value")),
        sa.CheckConstraint("position > 0", name=op.f("ck_policy_steps_position")),
    )
    op.create_index("ix_policy_steps_version", "policy_steps", ["version", "id"])
    op.execute("""
        CREATE FUNCTION refuse_policy_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'versions of the approval policy are never changed or deleted';
        END $$
    """)
    for table in ("policy_versions", "policy_steps"):
        op.execute(f"""
            CREATE TRIGGER {table}_are_final BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_policy_change()
        """)


def _stand_ins() -> None:
    op.create_table(
        "stand_ins",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("stand_in_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stand_ins")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_stand_ins_user_id_users")),
        sa.ForeignKeyConstraint(["stand_in_id"], ["users.id"], name=op.f("fk_stand_ins_stand_in_id_users")),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_stand_ins_period_in_order")),
        sa.CheckConstraint("user_id <> stand_in_id", name=op.f("ck_stand_ins_two_people")),
    )
    op.create_index("ix_stand_ins_stand_in", "stand_ins", ["stand_in_id", "ends_on"])
    op.create_index("ix_stand_ins_principal", "stand_ins", ["user_id", "ends_on"])
    # The engine that comes with the application has no btree_gist: a range of one id stands for equality.
    op.execute("""
        ALTER TABLE stand_ins ADD CONSTRAINT ex_stand_ins_period EXCLUDE USING gist (
            int8range(user_id, user_id, '[]') WITH &&, daterange(starts_on, ends_on, '[]') WITH &&
        ) WHERE (revoked_at IS NULL)
    """)
