"""Starting an approval by the policy, and opening its steps one position after the other."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy.orm import Session

from marketplace.db.calendar import load_calendar
from marketplace.db.orders import Order, OrderStep
from marketplace.db.people import same_department
from marketplace.domain.approvals import Case, PolicyStep, Side, chain
from marketplace.domain.errors import Conflict
from marketplace.domain.orders import StepState
from marketplace.domain.permissions import Actor
from marketplace.domain.text import N_
from marketplace.use_cases import order_news, policies


def start(session: Session, actor: Actor, now: dt.datetime, today: dt.date, order: Order) -> None:
    """Begin a round of approval: the steps that the policy asks for, the first of them open.

    An order keeps the policy with which it was first submitted.

    Raises:
        Conflict: the policy has no step for such an order.
    """
    steps = _policy(session, order)
    planned = chain(steps, case_of(session, order))
    if not planned:
        raise Conflict(N_("审批规则中没有适用于这张申请单的步骤，请联系系统管理员。"), code="no_policy")
    order.round += 1
    order.steps.extend(_step(order, step) for step in planned)
    open_position(session, now, today, order, min(step.position for step in planned))
    order_news.tell_deciders(session, actor, now, order)


def _policy(session: Session, order: Order) -> list[PolicyStep]:
    if order.policy_version is not None:
        return policies.of_version(session, order.policy_version)
    order.policy_version, steps = policies.current(session)
    return steps


def case_of(session: Session, order: Order) -> Case:
    """What the policy looks at of this order."""
    return Case(
        kind=order.kind,
        value=sum((line.original_value for line in order.lines), start=Decimal(0)),
        categories=tuple({line.category for line in order.lines if line.category}),
        same_department=same_department(session, order.giver, order.receiver),
    )


def _step(order: Order, step: PolicyStep) -> OrderStep:
    side = order.giver if step.asked_at is Side.GIVER else order.receiver
    return OrderStep(
        round=order.round,
        position=step.position,
        role=step.role,
        side=step.asked_at,
        unit=side,
        state=StepState.WAITING,
        deadline_days=step.deadline_days,
        remind_days=step.remind_days,
        on_overdue=step.on_overdue,
        comment="",
    )


def open_position(session: Session, now: dt.datetime, today: dt.date, order: Order, position: int) -> None:
    """Open all steps of one position; each has its own number of working days."""
    calendar = load_calendar(session)
    for step in order.steps:
        if step.round == order.round and step.position == position:
            step.state, step.opened_at = StepState.OPEN, now
            step.deadline = calendar.add_working_days(today, step.deadline_days)
    session.flush()


def next_position(order: Order) -> int | None:
    """The position that comes next; None when every step is decided."""
    waiting = [
        step.position for step in order.steps if step.round == order.round and step.state is StepState.WAITING
    ]
    return min(waiting, default=None)


def end_round(order: Order) -> None:
    """Whatever was not decided needn't be any more."""
    for step in order.steps:
        if step.state in (StepState.OPEN, StepState.WAITING):
            step.state = StepState.SKIPPED
