"""Those who need things: they ask, others decide, both sides hand over, and most of it comes back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from marketplace.db.orders import Order
from marketplace.db.people import Unit
from marketplace.domain.orders import OrderAction, OrderKind, Urgency
from marketplace.domain.permissions import Actor, Role
from marketplace.use_cases import (
    decisions,
    handovers,
    loans,
    order_drafts,
    order_endings,
    order_submission,
    waiting_lists,
)
from marketplace.use_cases.handovers import Confirmation
from marketplace.use_cases.order_drafts import Details
from tests.simulation.town import Town

SIGNATURE: dict[str, Any] = {"name": "签字", "strokes": [[[1, 1], [20, 20]]]}
FORGETFUL = 10
"""Of so many orders, one lies where it is until a deadline has passed."""
_ORDERS = """
    SELECT o.id, o.kind, o.requester_id, o.receiver_unit_id, o.giver_unit_id, o.starts_on, o.ends_on,
           h.giver_at IS NOT NULL AS giver_done, h.receiver_at IS NOT NULL AS receiver_done
    FROM orders o LEFT JOIN handovers h ON h.order_id = o.id AND h.direction = :direction
    WHERE o.state = :state ORDER BY o.id
"""


def act(town: Town) -> None:
    """A working day."""
    for _ in range(1 + len(town.units) // 12):
        if town.likely(0.7):
            _ask(town)
    _answer(town)
    _decide(town)
    _give_up(town)
    _hand_over(town)
    _bring_back(town)
    _make_way(town)
    _settle(town)


def _ask(town: Town) -> None:
    """For something on offer; every other time for something that others ask for too."""
    popular = town.rows("""
        SELECT DISTINCT a.id, a.unit_id, li.quantity, li.for_transfer, li.for_loan
        FROM listings li JOIN assets a ON a.id = li.asset_id JOIN order_lines l ON l.asset_id = a.id
        JOIN orders o ON o.id = l.order_id AND o.closed_at IS NULL
        WHERE li.ended_at IS NULL ORDER BY a.id LIMIT 200
    """)
    giver = town.chance.choice(town.units)
    others = town.rows(
        """
        SELECT a.id, a.unit_id, li.quantity, li.for_transfer, li.for_loan
        FROM listings li JOIN assets a ON a.id = li.asset_id
        WHERE li.ended_at IS NULL AND a.unit_id = :unit ORDER BY a.id LIMIT 200
        """,
        unit=giver,
    )
    if found := popular if popular and town.likely(0.5) else others:
        _ask_for(town, town.chance.choice(found))


def _ask_for(town: Town, wanted: Row[Any]) -> None:
    department = town.path[wanted.unit_id][1]
    near = [unit for unit in town.units if department in town.path[unit] and unit != wanted.unit_id]
    unit_id = town.chance.choice(near if town.likely(0.6) else town.units)
    lend = wanted.for_loan and (not wanted.for_transfer or town.likely(0.5))
    starts = town.today + dt.timedelta(days=town.chance.choice([0, 0, 3, 20]))
    details = Details(
        reason="新办公室使用",
        urgency=Urgency.URGENT if town.likely(0.1) else Urgency.NORMAL,
        starts_on=starts,
        ends_on=starts + dt.timedelta(days=town.chance.randrange(3, 60)),
    )
    who = town.chance.choice(town.staffed[Role.STAFF, unit_id])
    kind = OrderKind.LOAN if lend else OrderKind.TRANSFER
    pieces = town.chance.randint(1, wanted.quantity)
    town.attempt(f"{kind} asked for", who, submit, town.today, wanted.id, kind, pieces, unit_id, details)


def submit(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    today: dt.date,
    asset_id: int,
    kind: OrderKind,
    pieces: int,
    unit_id: int,
    details: Details,
) -> None:
    unit = session.get_one(Unit, unit_id)
    order = order_drafts.ask_for(session, actor, now, asset_id, kind, pieces, unit)
    order_drafts.save(session, actor, order.id, details)
    order_submission.submit(session, actor, now, today, [order.id])


def _decide(town: Town) -> None:
    steps = """
        SELECT s.id, s.order_id, s.role, s.unit_id FROM order_steps s
        WHERE s.state = 'open' ORDER BY s.order_id, s.round, s.position
    """
    for step in town.rows(steps):
        if town.likely(0.02 if step.order_id % FORGETFUL == 0 else 0.6):
            who = town.holder(Role(step.role), step.unit_id)
            [action] = town.chance.choices(
                [OrderAction.APPROVE, OrderAction.REJECT, OrderAction.SEND_BACK], [88, 6, 6]
            )
            _on(town, f"order {action}", who, decisions.decide, step.order_id, action, "请说明用途")


def _on(
    town: Town, what: str, who: int | None, act: Callable[..., object], order_id: int, *args: Any
) -> None:
    town.attempt(what, who, act, town.today, order_id, *args)


def _answer(town: Town) -> None:
    """What was offered is accepted or declined, what was sent back is mended; or the days pass."""
    for order in town.rows(_ORDERS, state="offered", direction="out"):
        if town.likely(0.5):
            _on(town, "offer accepted", order.requester_id, waiting_lists.accept, order.id)
        elif town.likely(0.1):
            _end(town, order, OrderAction.DECLINE)
    for order in town.rows(_ORDERS, state="correction", direction="out"):
        if town.likely(0.5):
            town.attempt(
                "submitted again", order.requester_id, order_submission.submit, town.today, [order.id]
            )


def _give_up(town: Town) -> None:
    for state, action in (("submitted", OrderAction.WITHDRAW), ("waiting", OrderAction.WITHDRAW)):
        for order in town.rows(_ORDERS, state=state, direction="out"):
            if town.likely(0.01):
                _end(town, order, action)
    for order in town.rows(_ORDERS, state="approved", direction="out"):
        if town.likely(0.01):
            _end(town, order, OrderAction.CALL_OFF)


def _end(town: Town, order: Row[Any], action: OrderAction) -> None:
    _on(town, f"order {action}", order.requester_id, order_endings.give_up, order.id, action, "不再需要")


def _hand_over(town: Town) -> None:
    for order in town.rows(_ORDERS, state="approved", direction="out"):
        early = order.starts_on is not None and order.starts_on > town.today
        if not early and order.id % FORGETFUL:
            for side, done in (("giver", order.giver_done), ("receiver", order.receiver_done)):
                if not done and town.likely(0.7):
                    _sign(town, handovers.hand_over, order, side, Confirmation(signature=SIGNATURE))


def _sign(
    town: Town, act: Callable[..., object], order: Row[Any], side: str, confirmation: Confirmation
) -> None:
    unit_id = order.giver_unit_id if side == "giver" else order.receiver_unit_id
    what = "handed over" if act is handovers.hand_over else "given back"
    _on(town, what, town.officer(unit_id), act, order.id, confirmation, side)


def _bring_back(town: Town) -> None:
    """Early, in time or late; some of it damaged, some of it kept longer with leave."""
    for order in town.rows(_ORDERS, state="on_loan", direction="back"):
        left = (order.ends_on - town.today).days
        if not order.receiver_done:
            if town.likely(0.02 if left > 2 else 0.5 if left >= 0 else 0.2):
                _sign(town, handovers.give_back, order, "receiver", Confirmation(signature=SIGNATURE))
            elif 2 < left < 8 and town.likely(0.25):
                later = order.ends_on + dt.timedelta(days=town.chance.randrange(5, 30))
                _on(town, "loan renewed", order.requester_id, loans.renew, order.id, later, "还需使用")
        elif not order.giver_done and town.likely(0.5):
            damage = "桌面划伤" if town.likely(0.15) else ""
            _sign(town, handovers.give_back, order, "giver", Confirmation(SIGNATURE, damage=damage))


def _make_way(town: Town) -> None:
    """Borrowers are asked to give up loans that stand in the way of a transfer."""
    for order in town.rows(_ORDERS, state="waiting", direction="out"):
        if order.kind == OrderKind.TRANSFER and town.likely(0.1):
            town.attempt(
                "consent asked for", town.officer(order.giver_unit_id), _ask_first, town.today, order.id
            )
    asked = """
        SELECT c.id, o.requester_id FROM consents c JOIN orders o ON o.id = c.loan_id
        WHERE c.answered_at IS NULL ORDER BY c.transfer_id, c.loan_id
    """
    for consent in town.rows(asked):
        if town.likely(0.3):
            agreed = town.likely(0.7)
            town.attempt(
                "consent answered",
                consent.requester_id,
                loans.answer_consent,
                town.today,
                consent.id,
                agreed=agreed,
            )


def _ask_first(session: Session, actor: Actor, now: dt.datetime, today: dt.date, transfer_id: int) -> None:
    """The first of the loans that are in the way, if there is one."""
    for loan in loans.in_the_way(session, session.get_one(Order, transfer_id), today)[:1]:
        loans.ask_consent(session, actor, now, today, transfer_id, loan.id, "对方单位急需")


def _settle(town: Town) -> None:
    cases = """
        SELECT d.id, d.order_id, o.giver_unit_id FROM damage_cases d JOIN orders o ON o.id = d.order_id
        WHERE d.settled_at IS NULL ORDER BY d.order_id, d.id
    """
    for case in town.rows(cases):
        if town.likely(0.2):
            town.attempt(
                "damage settled",
                town.officer(case.giver_unit_id),
                handovers.settle_damage,
                case.order_id,
                case.id,
                Decimal("120.50"),
                "已修复，由借用单位支付",
            )
