"""Disposal projects, auctions, public notices, results and proceeds

Revises: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "disposal_counters",
        sa.Column("prefix", sa.String(length=2), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", "year", name=op.f("pk_disposal_counters")),
    )
    op.create_table(
        "disposal_projects",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column(
            "way",
            sa.Enum(
                "auction",
                "donation",
                "scrapping",
                "gratuitous_transfer",
                "exchange",
                "write_off",
                name="way",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "submitted",
                "approved",
                "running",
                "completed",
                "cancelled",
                name="projectstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("appraiser", sa.String(length=200), server_default="", nullable=False),
        sa.Column("appraised_on", sa.Date(), nullable=True),
        sa.Column("recipient", sa.String(length=200), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("prepared_by", sa.BigInteger(), nullable=True),
        sa.Column("approved_by", sa.BigInteger(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["approved_by"], ["users.id"], name=op.f("fk_disposal_projects_approved_by_users")
        ),
        sa.ForeignKeyConstraint(
            ["prepared_by"], ["users.id"], name=op.f("fk_disposal_projects_prepared_by_users")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_disposal_projects_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposal_projects")),
        sa.UniqueConstraint("number", name=op.f("uq_disposal_projects_number")),
    )
    op.create_index("ix_disposal_projects_state", "disposal_projects", ["state", "id"], unique=False)
    op.create_index(op.f("ix_disposal_projects_unit_id"), "disposal_projects", ["unit_id"], unique=False)
    op.create_table(
        "auctions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("relists_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "submitted",
                "approved",
                "published",
                "suspended",
                "terminated",
                "closed",
                name="auctionstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("terms", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("viewing_from", sa.Date(), nullable=True),
        sa.Column("viewing_until", sa.Date(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("noticed_on", sa.Date(), nullable=True),
        sa.Column("prepared_by", sa.BigInteger(), nullable=True),
        sa.Column("submitted_by", sa.BigInteger(), nullable=True),
        sa.Column("approved_by", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["approved_by"], ["users.id"], name=op.f("fk_auctions_approved_by_users")),
        sa.ForeignKeyConstraint(["prepared_by"], ["users.id"], name=op.f("fk_auctions_prepared_by_users")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["disposal_projects.id"], name=op.f("fk_auctions_project_id_disposal_projects")
        ),
        sa.ForeignKeyConstraint(["submitted_by"], ["users.id"], name=op.f("fk_auctions_submitted_by_users")),
        sa.ForeignKeyConstraint(
            ["relists_id"], ["auctions.id"], name=op.f("fk_auctions_relists_id_auctions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auctions")),
        sa.UniqueConstraint("number", name=op.f("uq_auctions_number")),
    )
    op.create_index("ix_auctions_project_id", "auctions", ["project_id"], unique=False)
    op.create_index("ix_auctions_state", "auctions", ["state", "id"], unique=False)
    op.create_table(
        "project_conditions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "ownership",
                "no_open_order",
                "collective_decision",
                "approval",
                "appraisal",
                "data_wipe",
                "photos",
                "service_life",
                "beyond_use",
                name="conditionkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("met", sa.Boolean(), nullable=False),
        sa.Column("evidence", sa.String(length=300), nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["users.id"], name=op.f("fk_project_conditions_by_users")),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["disposal_projects.id"],
            name=op.f("fk_project_conditions_project_id_disposal_projects"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_conditions")),
        sa.UniqueConstraint("project_id", "kind", name=op.f("uq_project_conditions_project_id_kind")),
    )
    op.create_table(
        "lots",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("auction_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("defects", sa.Text(), server_default="", nullable=False),
        sa.Column("start_price", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("reserve_price", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("deposit", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("increment", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("last_price", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("price_approval", sa.String(length=200), server_default="", nullable=False),
        sa.Column("joint_bidding", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("burdens", sa.String(length=300), server_default="", nullable=False),
        sa.Column("pre_emption", sa.String(length=300), server_default="", nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "sold",
                "unsold",
                "relisted",
                name="lotstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default="open",
            nullable=False,
        ),
        sa.CheckConstraint("deposit >= 0", name=op.f("ck_lots_deposit_not_negative")),
        sa.CheckConstraint("reserve_price > 0", name=op.f("ck_lots_reserve_positive")),
        sa.CheckConstraint("start_price >= 0", name=op.f("ck_lots_start_not_negative")),
        sa.ForeignKeyConstraint(["auction_id"], ["auctions.id"], name=op.f("fk_lots_auction_id_auctions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lots")),
        sa.UniqueConstraint(
            "auction_id",
            "number",
            deferrable=True,
            initially="DEFERRED",
            name=op.f("uq_lots_auction_id_number"),
        ),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("auction_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "announcement",
                "change",
                "suspension",
                "termination",
                "unsold",
                "result",
                name="noticekind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("previous_id", sa.BigInteger(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("version > 0", name=op.f("ck_notices_version_from_one")),
        sa.ForeignKeyConstraint(["auction_id"], ["auctions.id"], name=op.f("fk_notices_auction_id_auctions")),
        sa.ForeignKeyConstraint(["previous_id"], ["notices.id"], name=op.f("fk_notices_previous_id_notices")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("number", "version", name=op.f("uq_notices_number_version")),
    )
    op.create_index(op.f("ix_notices_auction_id"), "notices", ["auction_id"], unique=False)
    op.create_index("ix_notices_published_at", "notices", ["published_at", "id"], unique=False)
    op.create_table(
        "project_items",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("asset_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "why",
            sa.Enum(
                "screened",
                "broken",
                "service_life",
                "chosen",
                name="why",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("appraised", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("defects", sa.Text(), server_default="", nullable=False),
        sa.Column("open", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint("appraised > 0", name=op.f("ck_project_items_appraised_positive")),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_project_items_asset_id_assets")),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["disposal_projects.id"],
            name=op.f("fk_project_items_project_id_disposal_projects"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_items")),
        sa.UniqueConstraint("project_id", "asset_id", name=op.f("uq_project_items_project_id_asset_id")),
    )
    op.create_index(
        "uq_project_items_open", "project_items", ["asset_id"], unique=True, postgresql_where=sa.text("open")
    )
    op.create_table(
        "lot_items",
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("project_item_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_lot_items_lot_id_lots")),
        sa.ForeignKeyConstraint(
            ["project_item_id"], ["project_items.id"], name=op.f("fk_lot_items_project_item_id_project_items")
        ),
        sa.PrimaryKeyConstraint("lot_id", "project_item_id", name=op.f("pk_lot_items")),
    )
    op.create_table(
        "lot_results",
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("price", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("winner", sa.String(length=200), server_default="", nullable=False),
        sa.Column("concluded_on", sa.Date(), nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(price IS NULL) = (winner = '')", name=op.f("ck_lot_results_price_with_winner")),
        sa.ForeignKeyConstraint(["by"], ["users.id"], name=op.f("fk_lot_results_by_users")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_lot_results_lot_id_lots")),
        sa.PrimaryKeyConstraint("lot_id", name=op.f("pk_lot_results")),
    )
    op.create_table(
        "proceeds",
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("fee", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("voucher", sa.String(length=64), nullable=False),
        sa.Column("remitted_on", sa.Date(), nullable=True),
        sa.Column("remittance", sa.String(length=64), server_default="", nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("amount > 0 AND fee >= 0 AND fee <= amount", name=op.f("ck_proceeds_amounts")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["users.id"], name=op.f("fk_proceeds_confirmed_by_users")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_proceeds_lot_id_lots")),
        sa.ForeignKeyConstraint(["recorded_by"], ["users.id"], name=op.f("fk_proceeds_recorded_by_users")),
        sa.PrimaryKeyConstraint("lot_id", name=op.f("pk_proceeds")),
    )
    op.create_index(
        "ix_proceeds_owed",
        "proceeds",
        ["received_on"],
        unique=False,
        postgresql_where=sa.text("remitted_on IS NULL"),
    )
    op.create_table(
        "public_photos",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notices.id"], name=op.f("fk_public_photos_notice_id_notices")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_public_photos")),
    )
    op.execute("""
        CREATE FUNCTION refuse_notice_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'a published notice is never changed or deleted';
        END $$
    """)
    op.execute("""
        CREATE TRIGGER notices_are_final BEFORE UPDATE OR DELETE OR TRUNCATE ON notices
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_notice_change()
    """)
