"""附件 of auctions, 成交确认书, and the unit that gets things by 无偿划转

Revises: 0012
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "auction_files",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("auction_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("size > 0", name=op.f("ck_auction_files_size_positive")),
        sa.ForeignKeyConstraint(["added_by"], ["users.id"], name=op.f("fk_auction_files_added_by_users")),
        sa.ForeignKeyConstraint(
            ["auction_id"], ["auctions.id"], name=op.f("fk_auction_files_auction_id_auctions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auction_files")),
    )
    op.create_index(op.f("ix_auction_files_auction_id"), "auction_files", ["auction_id"])
    op.create_index(
        "uq_auction_files_open",
        "auction_files",
        ["auction_id", "digest"],
        unique=True,
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_table(
        "public_files",
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"], ["auction_files.id"], name=op.f("fk_public_files_file_id_auction_files")
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notices.id"], name=op.f("fk_public_files_notice_id_notices")
        ),
        sa.PrimaryKeyConstraint("notice_id", "file_id", name=op.f("pk_public_files")),
    )
    op.create_index(op.f("ix_public_files_file_id"), "public_files", ["file_id"])
    op.execute("""
        CREATE FUNCTION refuse_file_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the content of a file is never changed';
        END $$
    """)
    op.execute("""
        CREATE TRIGGER auction_files_are_final
        BEFORE UPDATE OF auction_id, name, media_type, size, digest, content ON auction_files
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_file_change()
    """)
    op.execute("""
        CREATE TRIGGER public_files_are_final BEFORE UPDATE OR DELETE OR TRUNCATE ON public_files
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_notice_change()
    """)
    op.add_column(
        "auctions",
        sa.Column("approved_cards", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column(
        "lot_results", sa.Column("sale_way", sa.String(length=60), server_default="", nullable=False)
    )
    op.add_column("disposal_projects", sa.Column("receiver_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_disposal_projects_receiver_id_units"), "disposal_projects", "units", ["receiver_id"], ["id"]
    )
    _ledger()
    _papers()


def _ledger() -> None:
    op.add_column("quantity_moves", sa.Column("project_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_quantity_moves_project_id_disposal_projects"),
        "quantity_moves",
        "disposal_projects",
        ["project_id"],
        ["id"],
    )
    op.create_index("ix_quantity_moves_project", "quantity_moves", ["project_id"])
    op.create_check_constraint(
        op.f("ck_quantity_moves_one_cause"), "quantity_moves", "order_id IS NULL OR project_id IS NULL"
    )


def _papers() -> None:
    op.alter_column("papers", "order_id", nullable=True)
    op.add_column("papers", sa.Column("lot_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_papers_lot_id_lots"), "papers", "lots", ["lot_id"], ["id"])
    op.create_unique_constraint(
        op.f("uq_papers_lot_id_kind_version"), "papers", ["lot_id", "kind", "version"]
    )
    op.create_check_constraint(
        op.f("ck_papers_of_one_thing"), "papers", "(order_id IS NULL) <> (lot_id IS NULL)"
    )
    op.drop_constraint(op.f("ck_papers_paperkind"), "papers", type_="check")
    op.create_check_constraint(
        op.f("ck_papers_paperkind"),
        "papers",
        "kind IN ('transfer_slip', 'loan_agreement', 'sale_confirmation')",
    )
