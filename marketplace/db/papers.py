"""The record of what was printed."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.db.base import Base, Id, Json, Moment, word
from marketplace.domain.papers import PaperKind


class Paper(Base):
    """A paper issued for an order or a sold lot. What changes gives a new version; none is ever edited."""

    __tablename__ = "papers"
    __table_args__ = (
        UniqueConstraint("order_id", "kind", "version"),
        UniqueConstraint("lot_id", "kind", "version"),
        CheckConstraint("(order_id IS NULL) <> (lot_id IS NULL)", name="of_one_thing"),
        CheckConstraint("version > 0", name="version_from_one"),
    )

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(String(16), unique=True)
    """What stands on the paper and is typed to verify it, without hyphens."""
    kind: Mapped[PaperKind] = mapped_column(word(PaperKind))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("lots.id"))
    """The sold lot of a 成交确认书."""
    version: Mapped[int]
    """From 1 for each thing and kind."""
    content: Mapped[Json]
    """Exactly what was printed: see :mod:`marketplace.documents.contents`."""
    digest: Mapped[str] = mapped_column(String(64))
    issued_at: Mapped[Moment]
    issued_by: Mapped[int | None] = mapped_column(BigInteger)
