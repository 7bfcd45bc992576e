"""Idle flags, allocation standards, events, and the timetable of what is on offer

Revises: 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def word(name: str, *codes: str) -> sa.Enum:
    return sa.Enum(*codes, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    _policies()
    _standards()
    _events()
    _flags()
    _timetable()
    _columns()


def _policies() -> None:
    op.create_table(
        "idle_policies",
        sa.Column("category", sa.String(41), nullable=False),
        sa.Column("days_unused", sa.Integer(), nullable=False),
        sa.Column("answer_days", sa.Integer(), nullable=False),
        sa.Column("on_silence", word("onsilence", "list", "wait"), nullable=False),
        sa.Column("quiet_days", sa.Integer(), nullable=False),
        sa.Column("own_department_days", sa.Integer(), nullable=False),
        sa.Column("everyone_days", sa.Integer(), nullable=False),
        sa.Column("donation_days", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("category", name=op.f("pk_idle_policies")),
    )


def _standards() -> None:
    op.create_table(
        "standard_versions",
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("basis", sa.String(60), nullable=False),
        sa.Column("region_code", sa.String(6), server_default="", nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("evidence", sa.String(200), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_standard_versions")),
    )
    op.create_table(
        "standards",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("version_code", sa.String(40), nullable=False),
        sa.Column("item", sa.String(60), nullable=False),
        sa.Column("detail", sa.String(60), server_default="", nullable=False),
        sa.Column("rank", sa.String(60), server_default="", nullable=False),
        sa.Column("classes", postgresql.ARRAY(sa.String(41)), nullable=False),
        sa.Column("quantity", sa.String(200), nullable=False),
        sa.Column("per_head", sa.Numeric(precision=8, scale=4)),
        sa.Column("heads_each", sa.Integer()),
        sa.Column("beyond", sa.Integer()),
        sa.Column("heads_each_beyond", sa.Integer()),
        sa.Column("price_cap", sa.Numeric(precision=18, scale=2)),
        sa.Column("price_per", sa.String(20), server_default="", nullable=False),
        sa.Column("minimum_years", sa.Integer()),
        sa.Column("evidence", sa.String(200), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["version_code"],
            ["standard_versions.code"],
            name=op.f("fk_standards_version_code_standard_versions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standards")),
    )
    op.create_index("uq_standards_item", "standards", ["version_code", "item", "detail", "rank"], unique=True)


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("basis", sa.String(200), server_default="", nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger()),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_events_created_by_users")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_events_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_ends_on", "events", ["ends_on"], unique=False)
    op.create_index("ix_events_unit", "events", ["unit_id", "ends_on", "id"], unique=False)


def _flags() -> None:
    op.create_table(
        "idle_flags",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("asset_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("rule", word("idlerule", "event_ended", "over_standard", "unused"), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("flagged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("on_silence", word("onsilence", "list", "wait"), nullable=False),
        sa.Column("quiet_days", sa.Integer(), nullable=False),
        sa.Column("answer", word("answer", "confirmed", "listed", "objected", "silent")),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("answered_by", sa.BigInteger()),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("review", word("review", "accepted", "refused")),
        sa.Column("reviewed_at", sa.DateTime(timezone=True)),
        sa.Column("reviewed_by", sa.BigInteger()),
        sa.Column("review_note", sa.Text(), server_default="", nullable=False),
        sa.Column("quiet_until", sa.Date()),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("review IS NULL OR reason <> ''", name=op.f("ck_idle_flags_review_of_a_reason")),
        sa.ForeignKeyConstraint(["answered_by"], ["users.id"], name=op.f("fk_idle_flags_answered_by_users")),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["assets.id"], name=op.f("fk_idle_flags_asset_id_assets"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["reviewed_by"], ["users.id"], name=op.f("fk_idle_flags_reviewed_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idle_flags")),
    )
    op.create_index("ix_idle_flags_asset", "idle_flags", ["asset_id", "id"], unique=False)
    op.create_index(
        "ix_idle_flags_closed",
        "idle_flags",
        ["closed_at", "id"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NOT NULL"),
    )
    op.create_index("ix_idle_flags_flagged", "idle_flags", ["flagged_at", "unit_id"], unique=False)
    op.create_index(
        "ix_idle_flags_open",
        "idle_flags",
        ["answer_by", "id"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(
        "ix_idle_flags_quiet",
        "idle_flags",
        ["asset_id", "quiet_until"],
        unique=False,
        postgresql_where=sa.text("quiet_until IS NOT NULL"),
    )
    op.create_index(
        "ix_idle_flags_unit",
        "idle_flags",
        ["unit_id", "answer_by", "id"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(
        "uq_idle_flags_open",
        "idle_flags",
        ["asset_id"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )


def _timetable() -> None:
    op.create_table(
        "screenings",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("asset_id", sa.BigInteger(), nullable=False),
        sa.Column("listing_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "stage", word("stage", "own_department", "everyone", "donation", "disposal"), nullable=False
        ),
        sa.Column("stage_since", sa.Date(), nullable=False),
        sa.Column("stage_until", sa.Date()),
        sa.Column("days_left", sa.Integer()),
        sa.Column("stopped_on", sa.Date()),
        sa.Column("held", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.BigInteger()),
        sa.CheckConstraint(
            "(stage = 'disposal' AND stage_until IS NULL AND days_left IS NULL) OR (stage <> 'disposal' AND (stage_until IS NULL) <> (days_left IS NULL))",
            name=op.f("ck_screenings_runs_or_stands"),
        ),
        sa.CheckConstraint(
            "(days_left IS NULL) = (stopped_on IS NULL)", name=op.f("ck_screenings_stopped_since")
        ),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["assets.id"], name=op.f("fk_screenings_asset_id_assets"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["changed_by"], ["users.id"], name=op.f("fk_screenings_changed_by_users")),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["listings.id"],
            name=op.f("fk_screenings_listing_id_listings"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screenings")),
        sa.UniqueConstraint("listing_id", name=op.f("uq_screenings_listing_id")),
    )
    op.create_index("ix_screenings_asset", "screenings", ["asset_id", "id"], unique=False)
    op.create_index(
        "ix_screenings_held", "screenings", ["id"], unique=False, postgresql_where=sa.text("held")
    )
    op.create_index(
        "ix_screenings_until",
        "screenings",
        ["stage_until"],
        unique=False,
        postgresql_where=sa.text("stage_until IS NOT NULL"),
    )


def _columns() -> None:
    op.add_column("assets", sa.Column("event_id", sa.BigInteger()))
    # Signs of use were not kept so far: for cards that are here already, the counting begins today.
    op.add_column("assets", sa.Column("last_used_on", sa.Date(), server_default=sa.text("CURRENT_DATE")))
    op.alter_column("assets", "last_used_on", server_default=None)
    op.add_column(
        "assets",
        sa.Column("last_used_by", word("usesign", "loan", "inspection", "stocktake", "trip", "confirmed")),
    )
    op.create_index(
        "ix_assets_event_id",
        "assets",
        ["event_id", "id"],
        unique=False,
        postgresql_where=sa.text("event_id IS NOT NULL"),
    )
    op.create_foreign_key(op.f("fk_assets_event_id_events"), "assets", "events", ["event_id"], ["id"])
    op.add_column(
        "listings", sa.Column("unconfirmed", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
