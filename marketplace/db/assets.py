"""Asset cards, their typed extensions, listings and photos."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db.base import Base, Id, Json, Moment, Money, word
from marketplace.db.catalogue import Category
from marketplace.db.people import Unit
from marketplace.domain.assets import AcquisitionMethod, Condition, Secrecy, UseStatus, ValueType
from marketplace.domain.idle import UseSign
from marketplace.domain.queue import AwardRule
from marketplace.domain.states import AssetState


class Asset(Base):
    """资产卡片: one row per card; a card may stand for several equal things (``quantity``)."""

    __tablename__ = "assets"
    __table_args__ = (
        UniqueConstraint("unit_id", "number"),
        UniqueConstraint("id", "quantity"),
        ForeignKeyConstraint(
            ["category_edition", "category_code"],
            ["categories.edition", "categories.code"],
            name="fk_assets_category",
        ),
        CheckConstraint("(category_edition IS NULL) = (category_code IS NULL)", name="category_pair"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("original_value >= 0", name="value_not_negative"),
        CheckConstraint("accumulated_depreciation <= original_value", name="depreciation_within_value"),
        Index("ix_assets_unit_id_id", "unit_id", "id"),
        Index("ix_assets_state_id", "state", "id"),
        Index("ix_assets_category", "category_edition", "category_code"),
        Index("ix_assets_event_id", "event_id", "id", postgresql_where=text("event_id IS NOT NULL")),
    )

    id: Mapped[Id]
    origin_id: Mapped[int | None] = mapped_column(BigInteger)
    """The card this one was split from, through any number of splits; None for an unsplit card."""
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    state: Mapped[AssetState] = mapped_column(word(AssetState), default=AssetState.IN_USE)
    version: Mapped[int] = mapped_column(server_default="1")
    """Rises with every change of the card, its listing or its photos: the ETag, and the guard
    against lost updates."""

    number: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    category_edition: Mapped[str | None] = mapped_column(String(20))
    category_code: Mapped[str | None] = mapped_column(String(20))
    brand: Mapped[str | None] = mapped_column(String(200))
    model: Mapped[str | None] = mapped_column(String(200))
    serial_number: Mapped[str | None] = mapped_column(String(200))
    quantity: Mapped[int] = mapped_column(server_default="1")
    unit_of_measure: Mapped[str] = mapped_column(String(20), server_default="件")
    condition: Mapped[Condition] = mapped_column(word(Condition), server_default=Condition.GOOD)
    use_status: Mapped[UseStatus] = mapped_column(word(UseStatus), server_default=UseStatus.IN_USE)
    location: Mapped[str | None] = mapped_column(String(200))
    original_value: Mapped[Money]
    value_type: Mapped[ValueType] = mapped_column(word(ValueType), server_default=ValueType.ORIGINAL)
    accumulated_depreciation: Mapped[Decimal | None] = mapped_column(Numeric(18, 2))
    net_value: Mapped[Decimal] = mapped_column(
        Numeric(18, 2), Computed("original_value - coalesce(accumulated_depreciation, 0)", persisted=True)
    )
    depreciation_method: Mapped[str | None] = mapped_column(String(60))
    acquisition_method: Mapped[AcquisitionMethod] = mapped_column(
        word(AcquisitionMethod), server_default=AcquisitionMethod.PURCHASE
    )
    acquired_on: Mapped[dt.date | None]
    booked_on: Mapped[dt.date | None]
    voucher: Mapped[str | None] = mapped_column(String(64))
    using_department: Mapped[str | None] = mapped_column(String(200))
    using_person: Mapped[str | None] = mapped_column(String(60))
    minimum_service_years: Mapped[int | None]
    warranty_until: Mapped[dt.date | None]
    secrecy: Mapped[Secrecy] = mapped_column(word(Secrecy), server_default=Secrecy.NONE)
    note: Mapped[str | None] = mapped_column(Text)
    extra: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    """Columns of an imported register that no field takes: nothing is dropped, and the export
    writes them back."""

    cover_photo_id: Mapped[int | None] = mapped_column(BigInteger)
    import_run_id: Mapped[int | None] = mapped_column(BigInteger)
    """The import that made this card."""
    event_id: Mapped[int | None] = mapped_column(ForeignKey("events.id"))
    """The event or temporary body that it was bought for, and comes back from."""
    last_used_on: Mapped[dt.date | None]
    """The last sign of use; while there is none, days without use count from the day the card came here."""
    last_used_by: Mapped[UseSign | None] = mapped_column(word(UseSign))
    """What that sign was."""
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]

    unit: Mapped[Unit] = relationship()
    category: Mapped[Category | None] = relationship()
    vehicle: Mapped[VehicleCard | None] = relationship(cascade="all, delete-orphan")
    estate: Mapped[PropertyCard | None] = relationship(cascade="all, delete-orphan")
    photos: Mapped[list[Photo]] = relationship(
        primaryjoin="and_(Asset.id == Photo.asset_id, Photo.removed_at.is_(None))",
        order_by="Photo.position, Photo.id",
        viewonly=True,
    )
    listing: Mapped[Listing | None] = relationship(
        primaryjoin="and_(Asset.id == Listing.asset_id, Listing.ended_at.is_(None))",
        viewonly=True,
        uselist=False,
    )

    __mapper_args__ = {"version_id_col": version}


class VehicleCard(Base):
    """What only vehicles have."""

    __tablename__ = "asset_vehicles"

    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True)
    plate_number: Mapped[str | None] = mapped_column(String(20))
    vin: Mapped[str | None] = mapped_column(String(32))
    engine_number: Mapped[str | None] = mapped_column(String(40))
    displacement: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    registered_on: Mapped[dt.date | None]
    mileage: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    establishment: Mapped[str | None] = mapped_column(String(60))


class PropertyCard(Base):
    """What only houses and land have."""

    __tablename__ = "asset_properties"

    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True)
    area: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    address: Mapped[str | None] = mapped_column(String(200))
    title_certificate: Mapped[str | None] = mapped_column(String(100))


class Listing(Base):
    """An offer of an asset in the warehouse; at most one is open per asset."""

    __tablename__ = "listings"
    __table_args__ = (
        Index("uq_listings_open", "asset_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_listings_asset_id", "asset_id"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("for_transfer OR for_loan", name="some_mode"),
    )

    id: Mapped[Id]
    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"))
    for_transfer: Mapped[bool]
    for_loan: Mapped[bool]
    quantity: Mapped[int]
    place: Mapped[str] = mapped_column(String(200), server_default="")
    contact_name: Mapped[str] = mapped_column(String(60), server_default="")
    contact_phone: Mapped[str] = mapped_column(String(40), server_default="")
    note: Mapped[str] = mapped_column(Text, server_default="")
    award_rule: Mapped[AwardRule] = mapped_column(word(AwardRule), server_default=AwardRule.FIRST_COME)
    """Who gets it when several ask."""
    window_days: Mapped[int] = mapped_column(server_default=text("5"))
    """Working days for which requests are gathered, where they are ranked."""
    window_ends_on: Mapped[dt.date | None]
    """The last day of the window that the first request opened; None while nobody asked."""
    audience_unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    """Only this unit and all below it are offered the asset; None: every unit."""
    unconfirmed: Mapped[bool] = mapped_column(server_default=text("false"))
    """Listed by the platform, because its holder did not answer."""
    listed_at: Mapped[Moment]
    listed_by: Mapped[int | None] = mapped_column(BigInteger)
    ended_at: Mapped[Moment | None]
    ended_by: Mapped[int | None] = mapped_column(BigInteger)
    end_reason: Mapped[str] = mapped_column(Text, server_default="")


class Photo(Base):
    """A picture of an asset; the files are named by the hash of what they contain."""

    __tablename__ = "photos"
    __table_args__ = (
        Index("ix_photos_asset_id", "asset_id", "position"),
        Index(
            "uq_photos_asset_digest",
            "asset_id",
            "digest",
            unique=True,
            postgresql_where=text("removed_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"))
    position: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64), index=True)
    fingerprint: Mapped[int] = mapped_column(BigInteger)
    """64-bit perceptual hash, signed for the database; near-duplicates differ in few bits."""
    width: Mapped[int]
    height: Mapped[int]
    caption: Mapped[str] = mapped_column(String(200), server_default="")
    uploaded_at: Mapped[Moment]
    uploaded_by: Mapped[int | None] = mapped_column(BigInteger)
    removed_at: Mapped[Moment | None]
