"""The ledger of pieces that moved from card to card."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.db.base import Base, Id, Moment


class QuantityMove(Base):
    """The ledger of pieces: what orders and disposals took from a card and gave to another.

    For each card that ever took part, the entries add up to its quantity, or to nought once it is
    closed; for each order and each disposal they add up to nought.
    """

    __tablename__ = "quantity_moves"
    __table_args__ = (
        Index("ix_quantity_moves_asset", "asset_id"),
        Index("ix_quantity_moves_order", "order_id"),
        Index("ix_quantity_moves_project", "project_id"),
        CheckConstraint("order_id IS NULL OR project_id IS NULL", name="one_cause"),
    )

    id: Mapped[Id]
    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("disposal_projects.id"))
    """Neither: what the card had when it first took part, or a correction of its quantity."""
    pieces: Mapped[int]
    at: Mapped[Moment]
