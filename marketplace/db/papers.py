"""The record of what was printed."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.db.base import Base, Id, Json, Moment, word
from marketplace.domain.papers import PaperKind


class Paper(Base):
    """A paper that was issued for an order. A changed order gives a new version; none is ever edited."""

    __tablename__ = "papers"
    __table_args__ = (
        UniqueConstraint("order_id", "kind", "version"),
        CheckConstraint("version > 0", name="version_from_one"),
    )

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(String(16), unique=True)
    """What stands on the paper and is typed to verify it, without hyphens."""
    kind: Mapped[PaperKind] = mapped_column(word(PaperKind))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    version: Mapped[int]
    """From 1 for each order and kind."""
    content: Mapped[Json]
    """Exactly what was printed: see :mod:`marketplace.documents.contents`."""
    digest: Mapped[str] = mapped_column(String(64))
    issued_at: Mapped[Moment]
    issued_by: Mapped[int | None] = mapped_column(BigInteger)
