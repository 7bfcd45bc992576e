"""Queries over stand-ins that several use cases share."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, BindParameter, ColumnElement, Date, Select, bindparam, exists, select
from sqlalchemy.orm import Session, aliased

from marketplace.db.people import RoleGrant, User
from marketplace.db.stand_ins import StandIn
from marketplace.db.statements import Statement
from marketplace.domain.permissions import SEPARATE_ADMINISTRATORS


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


def principals_of(session: Session, user_id: int, day: dt.date) -> set[int]:
    """The same, found."""
    return {user for (user,) in _PRINCIPALS.rows(session, {"user": user_id, "day": day})}


_PRINCIPALS = Statement(principals(bindparam("user", type_=BigInteger), bindparam("day", type_=Date)))
