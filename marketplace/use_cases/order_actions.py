"""Every action on an order by its name, for whoever asks by name: the interface, and the truth table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from marketplace.db.orders import Order
from marketplace.domain.errors import Conflict, NotAllowed
from marketplace.domain.orders import OrderAction
from marketplace.domain.permissions import Actor
from marketplace.use_cases import (
    decisions,
    handovers,
    loans,
    order_drafts,
    order_endings,
    order_submission,
    orders,
    waiting_lists,
)


@dataclass(frozen=True, slots=True)
class Call:
    """Who acts, when, and on which order."""

    session: Session
    actor: Actor
    now: dt.datetime
    today: dt.date
    order_id: int


@dataclass(frozen=True, slots=True)
class Given:
    """What comes with an action; each uses what concerns it."""

    reason: str = ""
    step_id: int | None = None
    end: dt.date | None = None
    """The new last day of a renewal."""
    side: str = ""
    confirmation: handovers.Confirmation = field(default_factory=lambda: handovers.Confirmation(signature={}))


def perform(call: Call, action: OrderAction, given: Given) -> Order | None:
    """Do it. Gives the order that came of it; None when it is gone.

    Raises:
        NotFound: there is no such order, or the actor may not know of it.
        Conflict: it can't be done now, or not by the actor: with the state, and what the actor may do.
        Invalid: something that comes with the action can't be accepted.
    """
    orders.check_known(call.session, call.actor, call.order_id, call.today)
    try:
        with call.session.begin_nested():
            return ACTIONS[action](call, action, given)
    except (NotAllowed, Conflict) as error:
        call.session.expire_all()
        state, allowed = orders.standing(call.session, call.actor, call.order_id, call.today)
        raise Conflict(
            error.message, state=state, allowed=allowed, code=error.code, **error.params
        ) from error


def _decide(call: Call, action: OrderAction, given: Given) -> Order:
    return decisions.decide(*_on(call), action, given.reason, step_id=given.step_id)


def _give_up(call: Call, action: OrderAction, given: Given) -> Order:
    return order_endings.give_up(*_on(call), action, given.reason)


def _submit(call: Call, action: OrderAction, _given: Given) -> Order:
    _check(call, action)
    return order_submission.submit(call.session, call.actor, call.now, call.today, [call.order_id])[0]


def _discard(call: Call, action: OrderAction, _given: Given) -> None:
    _check(call, action)
    order_drafts.discard(call.session, call.actor, call.order_id)


def _accept(call: Call, _action: OrderAction, _given: Given) -> Order:
    return waiting_lists.accept(*_on(call))


def _renew(call: Call, _action: OrderAction, given: Given) -> Order:
    return loans.renew(*_on(call), given.end, given.reason)


def _hand_over(call: Call, _action: OrderAction, given: Given) -> Order:
    return handovers.hand_over(*_on(call), given.confirmation, given.side)


def _return(call: Call, _action: OrderAction, given: Given) -> Order:
    return handovers.give_back(*_on(call), given.confirmation, given.side)


def _on(call: Call) -> tuple[Session, Actor, dt.datetime, dt.date, int]:
    return call.session, call.actor, call.now, call.today, call.order_id


def _check(call: Call, action: OrderAction) -> None:
    order = orders.load(call.session, call.actor, call.order_id, deciding_on=call.today)
    orders.check_allowed(call.session, call.actor, call.today, order, action)


ACTIONS: dict[OrderAction, Callable[[Call, OrderAction, Given], Order | None]] = {
    OrderAction.SUBMIT: _submit,
    OrderAction.DISCARD: _discard,
    OrderAction.ACCEPT: _accept,
    OrderAction.DECLINE: _give_up,
    OrderAction.APPROVE: _decide,
    OrderAction.REJECT: _decide,
    OrderAction.SEND_BACK: _decide,
    OrderAction.WITHDRAW: _give_up,
    OrderAction.CALL_OFF: _give_up,
    OrderAction.HAND_OVER: _hand_over,
    OrderAction.RENEW: _renew,
    OrderAction.RETURN: _return,
}
"""What people do; the other actions follow from these, or are the platform's own."""
