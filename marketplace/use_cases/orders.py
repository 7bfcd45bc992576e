"""Orders: opening one, what the reader may do with it, and how it moves from state to state."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from marketplace.db import actors
from marketplace.db.audit import AuditEntry
from marketplace.db.order_queries import CONTENT, STANDING, WHOLE_ORDER, first_readable
from marketplace.db.orders import Order, OrderCounter, OrderLine, OrderStep
from marketplace.db.stand_in_queries import principals_of
from marketplace.domain import orders as rules
from marketplace.domain.approvals import Seat, may_decide
from marketplace.domain.errors import NotAllowed, NotFound, RuleError
from marketplace.domain.orders import ENDED, OrderAction, OrderKind, OrderState, Part, StepState
from marketplace.domain.permissions import Actor, Permission, Role
from marketplace.domain.text import N_
from marketplace.use_cases import audit, messages, reservations

T = TypeVar("T")
BASIS = "行政事业性国有资产管理条例第十一条"
"""Re-allocation comes before buying: Decree 738 of the State Council, article 11."""


def load(session: Session, actor: Actor, order_id: int, *, deciding_on: dt.date | None = None) -> Order:
    """An order that the actor may see, with everything its page shows.

    ``deciding_on`` lets a stand-in in, who decides that day and may otherwise not know of the order.

    Raises:
        NotFound: there is none, or the actor may not know of it.
    """
    query = select(Order).where(Order.id == order_id).options(*WHOLE_ORDER)
    return _known(first_readable(session, query, actor, deciding_on))


def check_known(session: Session, actor: Actor, order_id: int, deciding_on: dt.date) -> None:
    """Let nobody go on with an order that they would not find by :func:`load`.

    Raises:
        NotFound: there is none, or the actor may not know of it.
    """
    _known(first_readable(session, select(Order.id).where(Order.id == order_id), actor, deciding_on))


def _known(found: T | None) -> T:
    if found is None:
        raise NotFound(N_("没有找到这张申请单。它可能已删除，或不在您的查看范围内。"))
    return found


def standing(
    session: Session, actor: Actor, order_id: int, deciding_on: dt.date
) -> tuple[OrderState, tuple[OrderAction, ...]]:
    """The state of an order that the actor may see, and what the actor may do with it.

    Raises:
        NotFound: there is none, or the actor may not know of it.
    """
    query = select(Order).where(Order.id == order_id).options(*STANDING)
    order = _known(first_readable(session, query, actor, deciding_on))
    return order.state, allowed_actions(session, actor, deciding_on, order)


def load_locked(
    session: Session, actor: Actor, order_id: int, *, deciding_on: dt.date | None = None
) -> Order:
    """The same for a change: the cards it is about are locked first, then the order itself.

    ``deciding_on`` lets a stand-in in, who decides that day and may otherwise not know of the order.

    Raises:
        NotFound: there is none, or the actor may not know of it.
    """
    lines = select(OrderLine.asset_id).where(OrderLine.order_id == order_id)
    reservations.lock(session, session.scalars(lines))
    query = select(Order).where(Order.id == order_id).options(*CONTENT)
    query = query.with_for_update(of=Order).execution_options(populate_existing=True)
    return _known(first_readable(session, query, actor, deciding_on))


def open_steps(order: Order) -> Sequence[OrderStep]:
    """The steps that wait for a decision now."""
    return [step for step in order.steps if step.state is StepState.OPEN]


def earlier_deciders(order: Order) -> set[int]:
    """All who decided in this round, and those for whom they stood in."""
    decided = [step for step in order.steps if step.round == order.round and step.decided_by is not None]
    return {person for step in decided for person in (step.decided_by, step.principal_id) if person}


def decides_for(session: Session, actor: Actor, today: dt.date, order: Order, step: OrderStep) -> int | None:
    """For whom the actor may decide this step: None in the own right, else the principal's id.

    Raises:
        NotAllowed, Conflict: it is not the actor's to decide.
    """
    seat = seat_of(step)
    principals = set()
    if actor.user_id is not None and seat.role_of(actor) is None:
        principals = {
            user
            for user in principals_of(session, actor.user_id, today)
            if (found := actors.by_user(session, user)) and seat.role_of(found.actor)
        }
    return may_decide(
        actor,
        seat,
        requester_id=order.requester_id,
        earlier_deciders=earlier_deciders(order),
        principals=principals,
    )


def seat_of(step: OrderStep) -> Seat:
    """Where a step is decided now."""
    return Seat(step.role, tuple(step.unit.path), step.escalated_to)


def role_taken(session: Session, actor: Actor, step: OrderStep, principal_id: int | None) -> Role:
    """In which role the step is decided by an actor who may decide it, for themselves or the principal."""
    found = actors.by_user(session, principal_id) if principal_id else None
    return seat_of(step).role_of(found.actor if found else actor) or step.role


def parts_of(session: Session, actor: Actor, today: dt.date, order: Order) -> frozenset[Part]:
    """What the actor is to this order."""
    parts = set()
    if actor.user_id is not None and order.requester_id == actor.user_id:
        parts |= {Part.AUTHOR, Part.REQUESTER}
    if actor.may(Permission.HAND_OVER, order.receiver.path):
        parts |= {Part.RECEIVER_OFFICER, Part.REQUESTER}
    if actor.may(Permission.HAND_OVER, order.giver.path):
        parts.add(Part.GIVER_OFFICER)
    if any(_is_decider(session, actor, today, order, step) for step in open_steps(order)):
        parts.add(Part.DECIDER)
    return frozenset(parts)


def _is_decider(session: Session, actor: Actor, today: dt.date, order: Order, step: OrderStep) -> bool:
    try:
        decides_for(session, actor, today, order, step)
    except RuleError:
        return False
    return True


def allowed_actions(session: Session, actor: Actor, today: dt.date, order: Order) -> tuple[OrderAction, ...]:
    """What the actor may do with the order now; pages and the interface offer exactly this."""
    parts = parts_of(session, actor, today, order)
    confirmed = sides_done(actor, order, parts)
    return tuple(
        action
        for action in rules.open_actions(order.state, order.kind, parts)
        if not (confirmed and action in (OrderAction.HAND_OVER, OrderAction.RETURN))
    )


def sides_done(actor: Actor, order: Order, parts: frozenset[Part]) -> bool:
    """Whether the actor has nothing left to confirm in the hand-over, or return, that is under way."""
    direction = "back" if order.state is OrderState.ON_LOAN else "out"
    record = next((row for row in order.handovers if row.direction == direction), None)
    if record is None:
        return False
    if actor.user_id in (record.giver_id, record.receiver_id):
        return True
    sides = ((Part.GIVER_OFFICER, record.giver_at), (Part.RECEIVER_OFFICER, record.receiver_at))
    return not any(part in parts and at is None for part, at in sides)


def check_allowed(
    session: Session, actor: Actor, today: dt.date, order: Order, action: OrderAction
) -> rules.Transition:
    """The row of the table by which the actor may take the order further.

    Raises:
        Conflict: the order is in a state that doesn't know the action.
        NotAllowed: it does, but not for this actor.
    """
    allowed = allowed_actions(session, actor, today, order)
    row = rules.step(order.state, action, allowed)
    if action not in allowed:
        raise NotAllowed(
            N_("您不能对这张申请单办理“%(action_name)s”。"), action_name=rules.ACTION_NAMES[action]
        )
    return row


def move(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    order: Order,
    action: OrderAction,
    target: OrderState,
    *,
    reason: str = "",
    **details: object,
) -> None:
    """The one door through which an order changes its state; writes the record of it.

    Raises:
        Conflict: the table has no such row.
    """
    row = rules.step(order.state, action)
    assert target in row.targets, (order.state, action, target)
    before, order.state = order.state, target
    if target in ENDED:
        order.closed_at, order.close_reason = now, reason
        order.answer_by = None
    session.flush()
    messages.settle(session, f"/orders/{order.id}")
    audit.record(
        session,
        actor,
        now,
        f"order.{action}",
        "order",
        order.id,
        unit_id=order.receiver_unit_id,
        before={"state": before},
        after={"state": target, "number": order.number, **details},
        reason=reason,
        basis=BASIS,
    )


def give_number(session: Session, order: Order, now: dt.datetime, today: dt.date) -> None:
    """The next number of the year and kind, with the moment of submission.

    The counter stays locked until the transaction ends, so that a number is neither given twice nor lost.
    """
    if order.number is not None:
        return
    query = (
        insert(OrderCounter)
        .values(year=today.year, kind=order.kind, last=1)
        .on_conflict_do_update(
            index_elements=[OrderCounter.year, OrderCounter.kind], set_={"last": OrderCounter.last + 1}
        )
        .returning(OrderCounter.last)
    )
    serial = session.execute(query).scalar_one()
    order.number, order.submitted_at = rules.number_of(order.kind, today, serial), now


def timeline(session: Session, order: Order) -> Sequence[AuditEntry]:
    """What happened to an order, the first first. Whoever may open the order may read it."""
    query = select(AuditEntry).where(AuditEntry.object_kind == "order", AuditEntry.object_id == order.id)
    return session.scalars(query.order_by(AuditEntry.id).limit(500)).all()


def is_renewal(order: Order) -> bool:
    """Whether the order prolongs a loan."""
    return order.kind is OrderKind.LOAN and order.renews_id is not None
