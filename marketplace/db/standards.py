"""Allocation standards as they come with a release."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, Numeric, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db.base import Base, Id
from marketplace.domain.standards import Cap, Version


class StandardVersion(Base):
    """A standard as it was issued for a region."""

    __tablename__ = "standard_versions"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    basis: Mapped[str] = mapped_column(String(60))
    """The number of the document."""
    region_code: Mapped[str] = mapped_column(String(6), server_default="")
    effective_on: Mapped[dt.date]
    evidence: Mapped[str] = mapped_column(String(200), server_default="")

    def as_version(self) -> Version:
        """The row as the rules see it."""
        return Version(self.code, self.region_code, self.effective_on)


class Standard(Base):
    """What a version says of one kind of thing."""

    __tablename__ = "standards"
    __table_args__ = (Index("uq_standards_item", "version_code", "item", "detail", "rank", unique=True),)

    id: Mapped[Id]
    version_code: Mapped[str] = mapped_column(ForeignKey("standard_versions.code", ondelete="CASCADE"))
    item: Mapped[str] = mapped_column(String(60))
    detail: Mapped[str] = mapped_column(String(60), server_default="")
    rank: Mapped[str] = mapped_column(String(60), server_default="")
    """For whose rooms it holds; empty for everybody."""
    classes: Mapped[list[str]] = mapped_column(ARRAY(String(41)))
    """``edition:code`` of the classes it speaks of, with all below them; none where none fits."""
    quantity: Mapped[str] = mapped_column(String(200))
    """How many, in the standard's own words."""
    per_head: Mapped[Decimal | None] = mapped_column(Numeric(8, 4))
    heads_each: Mapped[int | None]
    beyond: Mapped[int | None]
    heads_each_beyond: Mapped[int | None]
    price_cap: Mapped[Decimal | None] = mapped_column(Numeric(18, 2))
    """CNY for each ``price_per``."""
    price_per: Mapped[str] = mapped_column(String(20), server_default="")
    minimum_years: Mapped[int | None]
    evidence: Mapped[str] = mapped_column(String(200), server_default="")

    version: Mapped[StandardVersion] = relationship()

    @property
    def cap(self) -> Cap:
        """How many a unit may have, as far as that follows from its staff."""
        return Cap(self.per_head, self.heads_each, self.beyond, self.heads_each_beyond)
