"""Deciding a step: agreeing, refusing, sending back."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from marketplace.db.assets import Asset
from marketplace.db.calendar import load_calendar
from marketplace.db.orders import Order, OrderLine, OrderStep
from marketplace.domain import orders as rules
from marketplace.domain.errors import Conflict, RuleError
from marketplace.domain.orders import OrderAction, OrderKind, OrderState, StepState
from marketplace.domain.permissions import Actor
from marketplace.domain.states import AssetAction
from marketplace.domain.text import N_
from marketplace.use_cases import (
    approvals,
    card_moves,
    messages,
    order_endings,
    order_limits,
    order_news,
    orders,
    reservations,
    waiting_lists,
)

STEP_STATES = {
    OrderAction.APPROVE: StepState.APPROVED,
    OrderAction.REJECT: StepState.REJECTED,
    OrderAction.SEND_BACK: StepState.RETURNED,
}


def decide(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    today: dt.date,
    order_id: int,
    action: OrderAction,
    reason: str = "",
    *,
    step_id: int | None = None,
) -> Order:
    """Decide the step that is the actor's; ``step_id`` names the one that was shown.

    Raises:
        Conflict: the order is not being approved, or that step was decided meanwhile.
        NotAllowed: no open step is the actor's to decide.
        Invalid: a refusal without a reason.
    """
    order = orders.load_locked(session, actor, order_id, deciding_on=today)
    rules.step(order.state, action, orders.allowed_actions(session, actor, today, order))
    step, principal = _own_step(session, actor, today, order, step_id)
    text = rules.read_reason(action, reason)
    step.role = orders.role_taken(session, actor, step, principal)
    step.state, step.comment = STEP_STATES[action], text
    step.decided_at, step.decided_by, step.principal_id = now, actor.user_id, principal
    if action is OrderAction.APPROVE:
        _approved(session, actor, now, today, order, step)
    elif action is OrderAction.REJECT:
        order_endings.end(session, actor, now, today, order, action, OrderState.REJECTED, text)
        order_news.tell_requester(session, actor, now, order, "order.rejected", reason=text, role=step.role)
    else:
        _send_back(session, actor, now, today, order, step, text)
    return order


def _own_step(
    session: Session, actor: Actor, today: dt.date, order: Order, step_id: int | None
) -> tuple[OrderStep, int | None]:
    """The open step that the actor decides, and for whom."""
    refusal: RuleError | None = None
    for step in orders.open_steps(order):
        if step_id is not None and step.id != step_id:
            continue
        try:
            return step, orders.decides_for(session, actor, today, order, step)
        except RuleError as error:
            refusal = refusal or error
    if refusal is not None:
        raise refusal
    raise Conflict(
        N_("这一步刚刚已由他人办理。请刷新页面查看进度。"), code="already_decided", state=order.state
    )


def _approved(
    session: Session, actor: Actor, now: dt.datetime, today: dt.date, order: Order, step: OrderStep
) -> None:
    details = {"step": step.position, "role": step.role, "for": step.principal_id}
    if any(other.position == step.position for other in orders.open_steps(order)):
        _still(session, actor, now, order, step, details)
        return
    position = approvals.next_position(order)
    if position is not None:
        approvals.open_position(session, now, today, order, position)
        _still(session, actor, now, order, step, details)
        order_news.tell_deciders(session, actor, now, order)
        return
    _all_agreed(session, actor, now, today, order, step, details)


def _still(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    order: Order,
    step: OrderStep,
    details: dict[str, object],
) -> None:
    orders.move(
        session, actor, now, order, OrderAction.APPROVE, OrderState.SUBMITTED, reason=step.comment, **details
    )
    order_news.tell_requester(session, actor, now, order, "order.decided", role=step.role)


def _all_agreed(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    today: dt.date,
    order: Order,
    step: OrderStep,
    details: dict[str, object],
) -> None:
    if orders.is_renewal(order):
        _prolong(session, order)
        orders.move(
            session,
            actor,
            now,
            order,
            OrderAction.APPROVE,
            OrderState.COMPLETED,
            reason=step.comment,
            **details,
        )
        order_news.tell_requester(session, actor, now, order, "loan.renewal_approved")
        return
    order.answer_by = _hand_over_by(session, today, order)
    orders.move(
        session, actor, now, order, OrderAction.APPROVE, OrderState.APPROVED, reason=step.comment, **details
    )
    if order.kind is OrderKind.TRANSFER:
        _set_aside(session, actor, now, order)
    order_news.tell_requester(session, actor, now, order, "order.approved")
    order_news.tell_officers(session, actor, now, order, "order.to_hand_over", giver=True, receiver=True)


def _hand_over_by(session: Session, today: dt.date, order: Order) -> dt.date:
    """The last day for both sides to hand over; what is lent later can't be handed over before that."""
    first = max(today, order.starts_on or today)
    days = order_limits.current(session).hand_over_working_days
    last = load_calendar(session).add_working_days(first, days)
    return min(last, order.ends_on or last)


def _set_aside(session: Session, actor: Actor, now: dt.datetime, order: Order) -> None:
    """What is to move is reserved; a part of a card becomes a card of its own."""
    for line in order.lines:
        asset = session.get_one(Asset, line.asset_id)
        if line.quantity < asset.quantity:
            asset = _split_off(session, actor, now, asset, line)
        card_moves.change_state(session, actor, now, asset, AssetAction.RESERVE, order)


def _split_off(session: Session, actor: Actor, now: dt.datetime, asset: Asset, line: OrderLine) -> Asset:
    """The pieces that are kept for the line leave the card; what is kept above them moves down."""
    spans, days = reservations.spans_of(session, line.id), reservations.days_kept(session, line.id)
    reservations.release_line(session, line.id)
    reservations.close_gap(session, asset.id, spans)
    part = card_moves.split(session, actor, now, asset, line.quantity, line.order)
    if card_moves.share_offer(session, actor, now, asset, part, line.order):
        card_moves.lend_where_all_is_lent(session, actor, now, asset, line.order)
    else:
        waiting_lists.follow(session, asset.id, part.id)
    reservations.keep(session, part, line, [(0, part.quantity)], days)
    line.asset = part
    session.flush()
    return part


def _prolong(session: Session, order: Order) -> None:
    """A renewal that was agreed to: the loan's own reservation and last day move on."""
    assert order.ends_on is not None
    base = session.get_one(Order, order.renews_id)
    reservations.release(session, order)
    for line in base.lines:
        reservations.prolong(session, line.id, order.ends_on)
    base.ends_on, base.renewals = order.ends_on, base.renewals + 1
    session.flush()
    messages.settle(session, f"/orders/{base.id}")


def _send_back(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    today: dt.date,
    order: Order,
    step: OrderStep,
    reason: str,
) -> None:
    """Back to the requester, for whom everything stays kept meanwhile."""
    approvals.end_round(order)
    days = order_limits.current(session).correction_working_days
    order.answer_by = load_calendar(session).add_working_days(today, days)
    orders.move(
        session,
        actor,
        now,
        order,
        OrderAction.SEND_BACK,
        OrderState.CORRECTION,
        reason=reason,
        role=step.role,
    )
    order_news.tell_requester(session, actor, now, order, "order.sent_back", reason=reason, role=step.role)
