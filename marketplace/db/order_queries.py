"""Queries over orders that several use cases share."""

from __future__ import annotations

import datetime as dt
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from marketplace.db import inbox
from marketplace.db.orders import Order, OrderStep, Reservation
from marketplace.db.people import within
from marketplace.db.stand_in_queries import principals_of
from marketplace.domain.orders import OrderState
from marketplace.domain.permissions import Actor, Permission

T = TypeVar("T")


def readable(actor: Actor) -> ColumnElement[bool]:
    """Orders that somebody may know of: own ones, and what units in the actor's scope ask or are asked.

    A draft is nobody's but its author's.
    """
    if actor.everything:
        return true()
    scopes = actor.scopes(Permission.READ_ORDERS)
    return or_(
        Order.requester_id == actor.user_id,
        and_(
            Order.state != OrderState.DRAFT,
            or_(within(Order.receiver_unit_id, scopes), within(Order.giver_unit_id, scopes)),
        ),
    )


def first_readable(session: Session, query: Select[T], actor: Actor, deciding_on: dt.date | None) -> T | None:
    """The first that a query over orders finds among those that the actor may know of.

    ``deciding_on`` adds what the actor decides that day in somebody's place. That takes long to plan, most
    stand in for nobody, and what is somebody's in their own right is not looked for again.
    """
    found = session.scalar(query.where(readable(actor)))
    if found is not None or deciding_on is None or actor.user_id is None:
        return found
    if not principals_of(session, actor.user_id, deciding_on):
        return None
    return session.scalar(query.where(inbox.entrusted(actor.user_id, deciding_on)))


def reserved_pieces(session: Session, asset_id: int) -> int:
    """The number of pieces, counted from the first, below which a card or its listing can't shrink."""
    highest = select(func.max(func.upper(Reservation.slots))).where(Reservation.asset_id == asset_id)
    return session.scalar(highest) or 0


STANDING: tuple[ORMOption, ...] = (
    joinedload(Order.requester),
    joinedload(Order.receiver),
    joinedload(Order.giver),
    selectinload(Order.steps).options(
        joinedload(OrderStep.unit), joinedload(OrderStep.decider), joinedload(OrderStep.principal)
    ),
    selectinload(Order.handovers),
)
"""What decides who may do what with an order."""
CONTENT: tuple[ORMOption, ...] = (*STANDING, selectinload(Order.lines))
"""What changes with it."""
WHOLE_ORDER: tuple[ORMOption, ...] = (*CONTENT, selectinload(Order.files))
"""Everything an order's page shows, in a fixed number of queries."""
