"""Queries over orders that several use cases share."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from marketplace.db import inbox
from marketplace.db.orders import Order, OrderStep, Reservation
from marketplace.db.people import within
from marketplace.db.stand_in_queries import principals_of
from marketplace.domain.orders import OrderState
from marketplace.domain.permissions import Actor, Permission


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


def readable_on(session: Session, actor: Actor, today: dt.date) -> ColumnElement[bool]:
    """The same, and what the actor decides that day in somebody's place."""
    # What is entrusted to somebody takes long to plan, and most stand in for nobody.
    if actor.user_id is None or not principals_of(session, actor.user_id, today):
        return readable(actor)
    return or_(readable(actor), inbox.entrusted(actor.user_id, today))


def reserved_pieces(session: Session, asset_id: int) -> int:
    """The number of pieces, counted from the first, below which a card or its listing can't shrink."""
    highest = select(func.max(func.upper(Reservation.slots))).where(Reservation.asset_id == asset_id)
    return session.scalar(highest) or 0


WHOLE_ORDER: tuple[ORMOption, ...] = (
    joinedload(Order.requester),
    joinedload(Order.receiver),
    joinedload(Order.giver),
    selectinload(Order.lines),
    selectinload(Order.steps).options(
        joinedload(OrderStep.unit), joinedload(OrderStep.decider), joinedload(OrderStep.principal)
    ),
    selectinload(Order.files),
    selectinload(Order.handovers),
)
"""Everything an order's page shows, in a fixed number of queries."""
