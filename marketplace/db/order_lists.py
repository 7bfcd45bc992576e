"""Lists of orders: which rows stand in one, and in what order.

A list begins with what has to happen first (:attr:`marketplace.db.orders.Order.attention`). Each box has
an index that already stands in this order, so that a page costs the same however many orders there are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from marketplace.db.order_queries import readable
from marketplace.db.orders import Order, OrderLine
from marketplace.db.people import Unit, within
from marketplace.domain.orders import DUE_DAYS, OrderState
from marketplace.domain.permissions import Actor, Permission

IN_ORDER = (Order.attention, Order.id)


class Box(StrEnum):
    """Which orders: by what the reader has to do with them, or by whether they are over."""

    MINE = "mine"
    """Asked for by the reader, and not over yet."""
    INCOMING = "incoming"
    """The reader's units are to receive something."""
    OUTGOING = "outgoing"
    """The reader's units give or lend something."""
    WAITING = "waiting"
    """In line for something, or next and asked whether it is still wanted."""
    ENDED = "ended"


def in_box(actor: Actor, box: Box) -> ColumnElement[bool]:
    """The orders of a box; drafts are in none."""
    match box:
        case Box.MINE:
            return and_(_OPEN, Order.requester_id == actor.user_id)
        case Box.INCOMING:
            return and_(_OPEN, at_units(actor, Order.receiver_unit_id))
        case Box.OUTGOING:
            return and_(_OPEN, at_units(actor, Order.giver_unit_id))
        case Box.WAITING:
            return and_(Order.state.in_((OrderState.WAITING, OrderState.OFFERED)), readable(actor))
        case Box.ENDED:
            return and_(Order.closed_at.is_not(None), Order.number.is_not(None), readable(actor))


_OPEN = and_(Order.closed_at.is_(None), Order.number.is_not(None))


def at_units(actor: Actor, column: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Orders whose unit is one of those whose orders the actor may read."""
    return true() if actor.everything else within(column, actor.scopes(Permission.READ_ORDERS))


def behind(attention: int, order_id: int) -> ColumnElement[bool]:
    """Everything behind this place of a list."""
    return tuple_(*IN_ORDER) > (attention, order_id)


def stands(states: Iterable[str], today: dt.date) -> ColumnElement[bool]:
    """Orders in one of these states; ``due`` and ``overdue`` follow from a loan's last day."""
    wanted = set(states)
    plain = Order.state.in_([state for state in OrderState if state in wanted])
    last = Order.ends_on
    derived = {"due": last.between(today, today + dt.timedelta(days=DUE_DAYS)), "overdue": last < today}
    late = or_(false(), *(rule for name, rule in derived.items() if name in wanted))
    return or_(plain, and_(Order.state == OrderState.ON_LOAN, late))


def with_unit(text: str) -> ColumnElement[bool]:
    """Orders that a unit of this name or code takes part in."""
    named = select(Unit.id).where(
        or_(Unit.code == text, Unit.name.icontains(text, autoescape=True), Unit.short_name == text)
    )
    return or_(Order.receiver_unit_id.in_(named), Order.giver_unit_id.in_(named))


def called(text: str) -> ColumnElement[bool]:
    """Orders whose number begins so, or that ask for a thing of this name or number."""
    things = select(OrderLine.order_id).where(
        or_(OrderLine.name.icontains(text, autoescape=True), OrderLine.number == text)
    )
    return or_(func.upper(Order.number).startswith(text.upper(), autoescape=True), Order.id.in_(things))
