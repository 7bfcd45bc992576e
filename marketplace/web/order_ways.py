"""What will become of a wish once it is submitted, in words: who decides, how long, and who waits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from sqlalchemy.dialects.postgresql import Range

from marketplace.db.orders import Order
from marketplace.db.people import Unit
from marketplace.domain.approvals import PolicyStep
from marketplace.domain.orders import OrderKind
from marketplace.domain.permissions import ROLE_NAMES
from marketplace.edge.context import actor, db
from marketplace.edge.i18n import long_day
from marketplace.use_cases import policy_preview
from marketplace.use_cases.asset_demand import Demand
from marketplace.use_cases.policy_preview import Preview
from marketplace.use_cases.reservations import ONE_DAY, Days

Way = dict[str, Any]


def way(
    kind: OrderKind,
    value: Decimal,
    categories: Collection[str],
    giver: Unit,
    receiver: Unit,
    steps: Sequence[PolicyStep],
    waits: Sequence[str] = (),
) -> Way:
    """The way of a wish through approval, as the macro ``way`` draws it."""
    found = policy_preview.preview(
        db(), kind, value, categories, giver, receiver, steps=steps, requester_id=actor().user_id
    )
    return {"sentence": _sentence(found), "steps": list(_steps(found)), "waits": waits}


def way_of(order: Order, steps: Sequence[PolicyStep], waits: Sequence[str] = ()) -> Way:
    """The same for a draft."""
    value = sum((line.original_value for line in order.lines), start=Decimal(0))
    categories = {line.category for line in order.lines if line.category}
    return way(order.kind, value, categories, order.giver, order.receiver, steps, waits)


def _sentence(found: Preview) -> str:
    roles = dict.fromkeys(gettext(ROLE_NAMES[one.step.role]) for one in found.steps)
    names = gettext("、").join(roles)
    return gettext("提交后由%(names)s审批，预计%(days)d个工作日。", names=names, days=found.days)


def _steps(found: Preview) -> Iterable[dict[str, object]]:
    before = 0
    for one in found.steps:
        yield {
            "label": gettext(ROLE_NAMES[one.step.role]),
            "unit": one.unit_name,
            "days": one.step.deadline_days,
            "lacking": not one.people or one.needs_another,
            "together": one.step.position == before,
        }
        before = one.step.position


def days_wanted(kind: OrderKind, today: dt.date, start: dt.date | None, end: dt.date | None) -> Days:
    """The days of a wish; a loan without a period yet is looked at from today on for one day."""
    if kind is OrderKind.TRANSFER:
        return Range(today, None)
    first = start or today
    return Range(first, max(end or first, first) + ONE_DAY)


def waiting_sentence(name: str, demand: Demand, quantity: int, days: Days) -> str:
    """That a wish will have to wait, and for what; empty when it won't."""
    if demand.gathers and demand.window_ends_on:
        day = long_day(demand.window_ends_on)
        return gettext(
            "“%(name)s”集中受理到%(day)s，之后按公布的规则择优，结果和理由都会公开。", name=name, day=day
        )
    if demand.gathers:
        return gettext(
            "“%(name)s”从第一个申请起集中受理%(days)d个工作日，之后按公布的规则择优，结果和理由都会公开。",
            name=name,
            days=demand.window_days,
        )
    if not demand.would_wait(quantity, days):
        return ""
    if demand.waiting:
        return gettext(
            "“%(name)s”已有%(count)d个申请在排队，提交后排在后面，轮到时请您确认。",
            name=name,
            count=demand.waiting,
        )
    return gettext("“%(name)s”这段时间已被占用，提交后排队，轮到时请您确认。", name=name)
