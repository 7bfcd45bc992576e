"""Who decides in whose place, and when."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    BindParameter,
    CheckConstraint,
    Column,
    ColumnElement,
    Date,
    ForeignKey,
    Index,
    Select,
    String,
    exists,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, aliased, mapped_column, relationship

from marketplace.db.base import Base, Id, Moment
from marketplace.db.people import RoleGrant, User
from marketplace.domain.permissions import SEPARATE_ADMINISTRATORS

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


def eligible() -> ColumnElement[bool]:
    """Users who may stand in for others: active ones that are none of the three administrators."""
    administers = exists().where(RoleGrant.user_id == User.id, RoleGrant.role.in_(SEPARATE_ADMINISTRATORS))
    return User.active & ~administers


def principals(user_id: int | BindParameter[int], day: dt.date | BindParameter[dt.date]) -> Select[int]:
    """Ids of the users for whom a user may decide on a day.

    A stand-in's own stand-in is not among those who may: rights are not handed on. Nobody stands in
    for a stopped account, and none of the three administrators stands in for anybody.
    """
    principal = aliased(User)
    return (
        select(StandIn.user_id)
        .join(principal, principal.id == StandIn.user_id)
        .join(User, User.id == StandIn.stand_in_id)
        .where(
            StandIn.stand_in_id == user_id,
            StandIn.starts_on <= day,
            StandIn.ends_on >= day,
            StandIn.revoked_at.is_(None),
            principal.active,
            eligible(),
        )
    )
