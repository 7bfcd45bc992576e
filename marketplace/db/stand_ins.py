"""Who decides in whose place, and when."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    String,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db.base import Base, Id, Moment
from marketplace.db.people import User

ONE_AT_A_TIME = "ex_stand_ins_period"


class StandIn(Base):
    """``stand_in`` may decide what ``principal`` may, from the first day to the last, both included.

    An approver has one stand-in at a time; the exclusion constraint holds that against two requests
    at once.
    """

    __tablename__ = "stand_ins"
    __table_args__ = (
        CheckConstraint("ends_on >= starts_on", name="period_in_order"),
        CheckConstraint("user_id <> stand_in_id", name="two_people"),
        Index("ix_stand_ins_stand_in", "stand_in_id", "ends_on"),
        Index("ix_stand_ins_principal", "user_id", "ends_on"),
        ExcludeConstraint(
            (func.int8range(Column("user_id", BigInteger), Column("user_id", BigInteger), "[]"), "&&"),
            (func.daterange(Column("starts_on", Date), Column("ends_on", Date), "[]"), "&&"),
            name=ONE_AT_A_TIME,
            using="gist",
            where=text("revoked_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    stand_in_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    starts_on: Mapped[dt.date]
    ends_on: Mapped[dt.date]
    reason: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[Moment]
    revoked_at: Mapped[Moment | None]
    """When it was ended early; from then on it gives no right."""

    principal: Mapped[User] = relationship(foreign_keys=[user_id])
    stand_in: Mapped[User] = relationship(foreign_keys=[stand_in_id])
