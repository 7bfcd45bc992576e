"""Who is told what when an order moves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from marketplace.db.orders import Order
from marketplace.db.people import users_with
from marketplace.domain.messages import KINDS
from marketplace.domain.orders import StepState
from marketplace.domain.permissions import Actor, Role
from marketplace.use_cases import messages


def tell(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    order: Order,
    users: Iterable[int],
    kind: str,
    **more: Any,
) -> None:
    """Tell users of the order, except whoever did it; ``more`` are values that the order doesn't have."""
    found = _values(actor, order) | more
    values = {name: found[name] for name in KINDS[kind].params}
    told = [user for user in dict.fromkeys(users) if user != actor.user_id]
    messages.tell(session, now, told, kind, link=f"/orders/{order.id}", **values)


def _values(actor: Actor, order: Order) -> dict[str, Any]:
    steps = [step for step in order.steps if step.state is StepState.OPEN]
    deadlines = [step.deadline for step in steps if step.deadline]
    return {
        "number": order.number or "",
        "order_kind": order.kind,
        "things": [line.name for line in order.lines],
        "receiver": order.receiver.name,
        "giver": order.giver.name,
        "person": actor.name,
        "starts_on": order.starts_on,
        "ends_on": order.ends_on,
        "reason": order.close_reason or order.reason,
        "holders": [(role, step.unit.name) for step in steps for role in step.roles],
        "until": max(deadlines) if deadlines else order.answer_by,
    }


def tell_requester(
    session: Session, actor: Actor, now: dt.datetime, order: Order, kind: str, **more: Any
) -> None:
    """Tell whoever asked."""
    tell(session, actor, now, order, [order.requester_id], kind, **more)


def tell_deciders(session: Session, actor: Actor, now: dt.datetime, order: Order) -> None:
    """Tell everyone who may decide a step that was opened at this moment."""
    for step in order.steps:
        if step.state is StepState.OPEN and step.opened_at == now:
            users = users_with(session, step.role, step.unit_id)
            others = [user for user in users if user != order.requester_id]
            tell(session, actor, now, order, others, "order.to_decide", until=step.deadline)


def tell_officers(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    order: Order,
    kind: str,
    *,
    giver: bool = False,
    receiver: bool = False,
    **more: Any,
) -> None:
    """Tell the asset officers of one or both sides; whoever asked belongs to the receiving one."""
    users = [order.requester_id] if receiver else []
    for wanted, unit in ((giver, order.giver_unit_id), (receiver, order.receiver_unit_id)):
        users += users_with(session, Role.UNIT_ASSET_OFFICER, unit) if wanted else []
    tell(session, actor, now, order, users, kind, **more)
