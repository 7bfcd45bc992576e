"""Overdue steps of an approval that go to the level above, where the policy says so.

One statement gives the level above the right to decide, with as much time again, records it and tells it;
a kill leaves each step either with all of that or as it was.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from marketplace.db.bulk import bound
from marketplace.domain.approvals import LEVELS
from marketplace.domain.messages import KINDS
from marketplace.domain.permissions import PLATFORM
from marketplace.use_cases.reminder_rows import DECIDERS, ORDER, ORDER_FACTS, TELL

KIND = "step.escalated"


def escalate(session: Session, values: dict[str, Any], now: dt.datetime) -> int:
    """Escalate what is overdue; how many steps. ``values`` are those of a round of reminders."""
    return int(session.execute(bound(_ESCALATE, _values(values, now))).scalar_one())


def count(session: Session, values: dict[str, Any], now: dt.datetime) -> int:
    """How many steps would be."""
    return int(
        session.execute(bound(f"{_DUE}) SELECT count(*) FROM late", _values(values, now))).scalar_one()
    )


def _values(values: dict[str, Any], now: dt.datetime) -> dict[str, Any]:
    return values | {
        "now": now,
        "levels": [role.value for role in LEVELS],
        "actor": PLATFORM.name,
        "action": "order.escalate",
        "kind": KIND,
        "needs_action": KINDS[KIND].needs_action,
    }


_DUE = """
    WITH late AS MATERIALIZED (
        SELECT s.id, s.deadline AS missed, term.until, above.role AS target
        FROM order_steps s
        JOIN orders o ON o.id = s.order_id
        JOIN units u ON u.id = s.unit_id
        JOIN unnest(:days, :until) AS term (days, until) ON term.days = s.deadline_days
        CROSS JOIN LATERAL (
            SELECT level.role FROM unnest(:levels) WITH ORDINALITY AS level (role, place)
            WHERE level.place > coalesce(array_position(:levels, CAST(s.role AS text)), 0) AND EXISTS (
                SELECT FROM role_grants g JOIN users p ON p.id = g.user_id AND p.active
                WHERE g.role = level.role AND g.unit_id = ANY (u.path) AND p.id <> o.requester_id
                  AND NOT EXISTS (
                      SELECT FROM order_steps e
                      WHERE e.order_id = o.id AND e.round = o.round AND p.id IN (e.decided_by, e.principal_id)
                  )
            )
            ORDER BY level.place LIMIT 1
        ) AS above
        WHERE s.state = 'open' AND s.deadline < :today AND s.on_overdue = 'escalate'
          AND s.escalated_to IS NULL AND o.state = 'submitted' AND :works
        ORDER BY s.order_id, s.id
"""

_ESCALATE = f"""{_DUE}
        FOR NO KEY UPDATE OF o, s SKIP LOCKED
    ),
    moved AS (
        UPDATE order_steps s SET escalated_to = late.target, deadline = late.until
        FROM late WHERE s.id = late.id
    ),
    recorded AS (
        INSERT INTO audit_entries (
            at, actor_name, unit_id, action, object_kind, object_id, before, after
        )
        SELECT :now, :actor, o.receiver_unit_id, :action, 'order', o.id,
               jsonb_build_object('state', o.state, 'deadline', late.missed),
               jsonb_build_object(
                   'state', o.state, 'number', o.number, 'step', s.position, 'role', s.role,
                   'escalated_to', late.target, 'deadline', late.until
               )
        FROM late JOIN order_steps s ON s.id = late.id JOIN orders o ON o.id = s.order_id
    ),
    step AS (
        SELECT s.id, s.order_id, s.unit_id, s.role AS missing, late.until,
               CAST(late.target AS text) AS role, CAST(NULL AS text) AS escalated_to
        FROM late JOIN order_steps s ON s.id = late.id
    ), {DECIDERS},
    due AS (
        SELECT decider.user_id, '/orders/' || o.id AS link, :kind || ':' || step.id AS once,
               {ORDER_FACTS} || jsonb_build_object(
                   'order_kind', o.kind, 'unit', place.name, 'role', step.missing, 'until', step.until
               ) AS params
        FROM decider JOIN step ON step.id = decider.step_id JOIN {ORDER} ON o.id = step.order_id
        JOIN units place ON place.id = step.unit_id
    ){TELL.replace("SELECT count(*) FROM told", "SELECT count(*) FROM late")}
"""
