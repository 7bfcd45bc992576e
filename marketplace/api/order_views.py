"""Orders as JSON."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from marketplace.api.cards import plain
from marketplace.db.orders import Order, OrderLine, OrderStep
from marketplace.db.people import Unit
from marketplace.domain.orders import shown_state
from marketplace.domain.permissions import Actor
from marketplace.use_cases import orders, waiting_lists


def summary(order: Order, today: dt.date) -> dict[str, Any]:
    """An order as a list shows it."""
    return {
        "id": order.id,
        "number": order.number,
        "kind": order.kind,
        "state": shown_state(order.state, order.ends_on, today),
        "urgency": order.urgency,
        "unit": _unit(order.receiver),
        "holder": _unit(order.giver),
        "requester": order.requester.name,
        "start": plain(order.starts_on),
        "end": plain(order.ends_on),
        "items": [_item(line) for line in order.lines],
        "answer_by": plain(order.answer_by),
        "submitted_at": plain(order.submitted_at),
        "version": order.version,
    }


def whole(session: Session, actor: Actor, today: dt.date, order: Order) -> dict[str, Any]:
    """An order with its steps, what happened, and what the actor may do."""
    return summary(order, today) | {
        "reason": order.reason,
        "renews": order.renews_id,
        "renewals": order.renewals,
        "steps": [_step(step) for step in order.steps],
        "timeline": [
            {
                "at": plain(entry.at),
                "actor": entry.actor_name,
                "action": entry.action,
                "state": (entry.after or {}).get("state"),
                "reason": entry.reason,
            }
            for entry in orders.timeline(session, order)
        ],
        "allowed_actions": list(orders.allowed_actions(session, actor, today, order)),
        "waiting_place": waiting_lists.place_of(session, order),
    }


def _unit(unit: Unit) -> dict[str, str]:
    return {"code": unit.code, "name": unit.name}


def _item(line: OrderLine) -> dict[str, Any]:
    names = ("asset_id", "number", "name", "model", "quantity", "unit_of_measure", "new_asset_id")
    return {name: getattr(line, name) for name in names} | {"original_value": plain(line.original_value)}


def _step(step: OrderStep) -> dict[str, Any]:
    return {
        "id": step.id,
        "round": step.round,
        "position": step.position,
        "role": step.role,
        "escalated_to": step.escalated_to,
        "unit": _unit(step.unit),
        "state": step.state,
        "deadline": plain(step.deadline),
        "decided_at": plain(step.decided_at),
        "decided_by": step.decider.name if step.decider else None,
        "on_behalf_of": step.principal.name if step.principal else None,
        "comment": step.comment,
    }
