"""Orders that end before anything changed hands: taken back, declined, called off, expired."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset
from marketplace.db.orders import Order
from marketplace.db.people import users_with
from marketplace.domain import orders as rules
from marketplace.domain.orders import OrderAction, OrderKind, OrderState
from marketplace.domain.permissions import PLATFORM, Actor, Permission, Role
from marketplace.domain.states import AssetAction, AssetState
from marketplace.domain.text import N_
from marketplace.use_cases import approvals, card_moves, order_news, orders, reservations, waiting_lists

_TARGETS = {
    OrderAction.WITHDRAW: OrderState.WITHDRAWN,
    OrderAction.DECLINE: OrderState.WITHDRAWN,
    OrderAction.CALL_OFF: OrderState.WITHDRAWN,
}
OUT_OF_TIME = N_("到期没有办理")


def give_up(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    today: dt.date,
    order_id: int,
    action: OrderAction,
    reason: str = "",
) -> Order:
    """Withdraw one's request, decline an offer, or call off what was approved; the next in line is asked.

    Raises:
        Conflict: the order is in a state that doesn't know the action.
        NotAllowed: it isn't the actor's to do.
        Invalid: calling off without a reason.
    """
    order = orders.load_locked(session, actor, order_id)
    orders.check_allowed(session, actor, today, order, action)
    text = rules.read_reason(action, reason)
    users = [order.requester_id, *sorted({step.decided_by for step in order.steps if step.decided_by})]
    if action is OrderAction.CALL_OFF:
        users += users_with(session, Role.UNIT_ASSET_OFFICER, order.giver_unit_id)
    end(session, actor, now, today, order, action, _TARGETS[action], text)
    unit = order.giver.name if _acts_for_giver(actor, order) else order.receiver.name
    order_news.tell(session, actor, now, order, users, "order.withdrawn", reason=text, unit=unit)
    return order


def _acts_for_giver(actor: Actor, order: Order) -> bool:
    return actor.user_id != order.requester_id and actor.may(Permission.HAND_OVER, order.giver.path)


def end(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    today: dt.date,
    order: Order,
    action: OrderAction,
    target: OrderState,
    reason: str,
) -> None:
    """End an order, let go of what was kept for it and offer that to whoever is next."""
    was_set_aside = order.state is OrderState.APPROVED and order.kind is OrderKind.TRANSFER
    approvals.end_round(order)
    reservations.release(session, order)
    orders.move(session, actor, now, order, action, target, reason=reason)
    for line in order.lines:
        asset = session.get_one(Asset, line.asset_id)
        if was_set_aside and asset.state is AssetState.RESERVED:
            card_moves.change_state(session, actor, now, asset, AssetAction.RELEASE, order)
        waiting_lists.offer_next(session, actor, now, today, line.asset_id)


def expire_due(session: Session, now: dt.datetime, today: dt.date, *, limit: int = 200) -> Sequence[Order]:
    """End orders whose time to answer, to correct or to hand over has passed; gives those ended.

    Also loans on which nobody decided before their last day.
    """
    query = _due(today).order_by(Order.answer_by, Order.id).limit(limit)
    return [
        order
        for order_id in session.scalars(query).all()
        if (order := _expire(session, now, today, order_id))
    ]


def count_due(session: Session, today: dt.date) -> int:
    """How many orders that would end."""
    return session.scalar(select(func.count()).select_from(_due(today).subquery())) or 0


def _due(today: dt.date) -> Select[int]:
    late = and_(Order.answer_by < today, Order.state.in_(_EXPIRING))
    pointless = and_(Order.ends_on < today, Order.state.in_(_UNDECIDED), Order.kind == OrderKind.LOAN)
    return select(Order.id).where(or_(late, pointless))


def _is_due(order: Order, today: dt.date) -> bool:
    if order.state in _EXPIRING:
        return order.answer_by is not None and order.answer_by < today
    return order.state in _UNDECIDED and order.ends_on is not None and order.ends_on < today


_EXPIRING = (OrderState.OFFERED, OrderState.CORRECTION, OrderState.APPROVED)
_UNDECIDED = (OrderState.SUBMITTED, OrderState.WAITING)
"""States in which a loan can be until the days for which it was wanted have passed."""


def _expire(session: Session, now: dt.datetime, today: dt.date, order_id: int) -> Order | None:
    order = orders.load_locked(session, PLATFORM, order_id)
    if not _is_due(order, today):
        return None
    end(session, PLATFORM, now, today, order, OrderAction.EXPIRE, OrderState.EXPIRED, OUT_OF_TIME)
    order_news.tell_officers(session, PLATFORM, now, order, "order.expired", giver=True, receiver=True)
    return order
