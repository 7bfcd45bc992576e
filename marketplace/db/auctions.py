"""Auctions: lots, notices as they were published, results and what became of the money."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db.base import Base, Id, Json, Moment, Money, word
from marketplace.db.disposals import Project, ProjectItem
from marketplace.db.people import User
from marketplace.domain.auctions import AuctionState, LotState
from marketplace.domain.notices import NoticeKind


class Auction(Base):
    """拍卖 of a project's cards; what the public knows of it are its notices alone."""

    __tablename__ = "auctions"
    __table_args__ = (
        Index("ix_auctions_state", "state", "id"),
        Index("ix_auctions_project_id", "project_id"),
    )

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(String(20), unique=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("disposal_projects.id"))
    relists_id: Mapped[int | None] = mapped_column(ForeignKey("auctions.id"))
    """The auction whose unsold lots this one offers again."""
    state: Mapped[AuctionState] = mapped_column(word(AuctionState), default=AuctionState.DRAFT)
    terms: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    """Texts by name: see :mod:`marketplace.domain.auction_terms`."""
    viewing_from: Mapped[dt.date | None]
    viewing_until: Mapped[dt.date | None]
    starts_at: Mapped[Moment | None]
    ends_at: Mapped[Moment | None]
    noticed_on: Mapped[dt.date | None]
    """The day of the announcement that gave the terms as they are; the notice period counts from it."""
    prepared_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    """Who edited it last; with ``submitted_by``, those who may not approve it."""
    submitted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    approved_cards: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    """What the cards said when it was approved: a digest of each, by the card's id."""
    reason: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[Moment]
    version: Mapped[int] = mapped_column(server_default="1")

    project: Mapped[Project] = relationship()
    preparer: Mapped[User | None] = relationship(foreign_keys=[prepared_by])
    approver: Mapped[User | None] = relationship(foreign_keys=[approved_by])
    lots: Mapped[list[Lot]] = relationship(order_by="Lot.number", back_populates="auction")
    notices: Mapped[list[Notice]] = relationship(order_by="Notice.version", viewonly=True)
    files: Mapped[list[AuctionFile]] = relationship(
        order_by="AuctionFile.id",
        primaryjoin="and_(AuctionFile.auction_id == Auction.id, AuctionFile.removed_at.is_(None))",
        viewonly=True,
    )
    """What hangs on it as it stands; a published version keeps its own list."""

    __mapper_args__ = {"version_id_col": version}


class Lot(Base):
    """标的: one card, or several sold together."""

    __tablename__ = "lots"
    __table_args__ = (
        UniqueConstraint("auction_id", "number", deferrable=True, initially="DEFERRED"),
        CheckConstraint("start_price >= 0", name="start_not_negative"),
        CheckConstraint("reserve_price > 0", name="reserve_positive"),
        CheckConstraint("deposit >= 0", name="deposit_not_negative"),
        Index("ix_lots_sold", "id", postgresql_where=text("state = 'sold'")),
    )

    id: Mapped[Id]
    auction_id: Mapped[int] = mapped_column(ForeignKey("auctions.id"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    defects: Mapped[str] = mapped_column(Text, server_default="")
    start_price: Mapped[Money]
    reserve_price: Mapped[Decimal | None] = mapped_column(Numeric(18, 2))
    """Never published: a notice only says whether there is one."""
    deposit: Mapped[Money]
    increment: Mapped[Money]
    last_price: Mapped[Decimal | None] = mapped_column(Numeric(18, 2))
    """The price at which it went unsold before."""
    price_approval: Mapped[str] = mapped_column(String(200), server_default="")
    joint_bidding: Mapped[bool] = mapped_column(server_default=text("false"))
    burdens: Mapped[str] = mapped_column(String(300), server_default="")
    pre_emption: Mapped[str] = mapped_column(String(300), server_default="")
    state: Mapped[LotState] = mapped_column(word(LotState), server_default=LotState.OPEN)

    auction: Mapped[Auction] = relationship(back_populates="lots")
    items: Mapped[list[LotItem]] = relationship(
        order_by="LotItem.project_item_id", cascade="all, delete-orphan"
    )
    result: Mapped[LotResult | None] = relationship(uselist=False)
    proceeds: Mapped[Proceeds | None] = relationship(uselist=False)


class LotItem(Base):
    """A card within a lot."""

    __tablename__ = "lot_items"

    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"), primary_key=True)
    project_item_id: Mapped[int] = mapped_column(ForeignKey("project_items.id"), primary_key=True)

    project_item: Mapped[ProjectItem] = relationship()


class Notice(Base):
    """A version of a public notice. Triggers refuse UPDATE, DELETE and TRUNCATE."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("number", "version"),
        CheckConstraint("version > 0", name="version_from_one"),
        Index("ix_notices_published_at", "published_at", "id"),
    )

    id: Mapped[Id]
    auction_id: Mapped[int] = mapped_column(ForeignKey("auctions.id"), index=True)
    number: Mapped[str] = mapped_column(String(20))
    version: Mapped[int]
    kind: Mapped[NoticeKind] = mapped_column(word(NoticeKind))
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """All that the public reads, and nothing else: no reserve price, no bidder by name."""
    digest: Mapped[str] = mapped_column(String(64))
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("notices.id"))
    published_at: Mapped[Moment]
    published_by: Mapped[int | None] = mapped_column(BigInteger)


class PublicPhoto(Base):
    """A picture that a published notice shows: open to everyone, and kept for as long as the notice."""

    __tablename__ = "public_photos"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"))


class AuctionFile(Base):
    """附件 of an auction. A trigger refuses to change what one holds; what was published is never deleted."""

    __tablename__ = "auction_files"
    __table_args__ = (
        Index(
            "uq_auction_files_open",
            "auction_id",
            "digest",
            unique=True,
            postgresql_where=text("removed_at IS NULL"),
        ),
        CheckConstraint("size > 0", name="size_positive"),
    )

    id: Mapped[Id]
    auction_id: Mapped[int] = mapped_column(ForeignKey("auctions.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the content, which a published version names."""
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    added_at: Mapped[Moment]
    added_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    removed_at: Mapped[Moment | None]
    """When it was taken off after a version with it was published."""


class PublicFile(Base):
    """A file that a published version carries: open to everyone, and kept for as long as the notice."""

    __tablename__ = "public_files"

    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"), primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("auction_files.id"), primary_key=True, index=True)


class LotResult(Base):
    """What the auction of a lot came to; as long as the lot is open, entered but not announced."""

    __tablename__ = "lot_results"
    __table_args__ = (CheckConstraint("(price IS NULL) = (winner = '')", name="price_with_winner"),)

    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"), primary_key=True)
    price: Mapped[Decimal | None] = mapped_column(Numeric(18, 2))
    """None: unsold."""
    winner: Mapped[str] = mapped_column(String(200), server_default="")
    """For the sale confirmation; the public reads it masked."""
    sale_way: Mapped[str] = mapped_column(String(60), server_default="")
    """成交方式, as the platform names it; empty for a public auction."""
    concluded_on: Mapped[dt.date]
    by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[Moment]


class Proceeds(Base):
    """处置收入 of a lot: non-tax revenue that goes to the treasury (Decree 738, art. 25)."""

    __tablename__ = "proceeds"
    __table_args__ = (
        CheckConstraint("amount > 0 AND fee >= 0 AND fee <= amount", name="amounts"),
        Index("ix_proceeds_owed", "received_on", postgresql_where=text("remitted_on IS NULL")),
    )

    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"), primary_key=True)
    amount: Mapped[Money]
    fee: Mapped[Money]
    received_on: Mapped[dt.date]
    voucher: Mapped[str] = mapped_column(String(64))
    remitted_on: Mapped[dt.date | None]
    """The day on which it reached the treasury; None while it is owed."""
    remittance: Mapped[str] = mapped_column(String(64), server_default="")
    """Number of the payment to the treasury."""
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
