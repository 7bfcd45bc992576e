"""The inbox in words: what waits, until when, and what a decision will do."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from flask_babel import gettext

from marketplace.db.orders import Order, OrderStep
from marketplace.domain.inbox import TASK_NAMES, Subject, Task, Waiting
from marketplace.domain.orders import Urgency
from marketplace.domain.permissions import ROLE_NAMES, Role
from marketplace.edge.context import db, services, today
from marketplace.edge.i18n import long_day
from marketplace.use_cases import order_limits
from marketplace.use_cases.inbox import Consequence, Effect, Todo
from marketplace.use_cases.orders import is_renewal
from marketplace.web import inbox_matters
from marketplace.web.order_links import todo_url
from marketplace.web.order_words import kind_name

SOON = 3
"""A deadline within so many days is pointed out."""
ICONS = {
    Task.DECIDE: "rubber-stamp",
    Task.ACCEPT: "hand-grab",
    Task.CORRECT: "pencil",
    Task.HAND_OVER: "writing-sign",
    Task.GIVE_BACK: "transfer-out",
    Task.RENEW_OR_RETURN: "calendar-due",
    Task.TAKE_BACK: "transfer-in",
    Task.CONSENT: "message-2",
    Task.MAKE_WAY: "arrows-exchange",
    Task.DAMAGE: "tools",
    Task.APPROVE_DISPOSAL: "gavel",
    Task.APPROVE_AUCTION: "gavel",
    Task.ANSWER_IDLE: "flag",
    Task.REVIEW_IDLE: "flag",
    Task.RECORD_PROCEEDS: "receipt",
    Task.CONFIRM_PROCEEDS: "building-bank",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list."""

    url: str
    title: str
    note: str
    task: str
    icon: str
    limit: str
    tone: str
    urgent: bool
    current: bool
    step_id: int | None
    """Where it can be decided together with others."""


def rows_of(todos: Iterable[Todo], *, after: str, current: Waiting | None) -> list[Row]:
    """The lines of the list. Who may decide an order from several seats is told which line is which."""
    rows = [(todo, _row_of(todo, after=after, current=current)) for todo in todos]
    seats = Counter(todo.order.id for todo, row in rows if row.step_id)
    return [
        replace(row, task=_from_seat(todo)) if row.step_id and seats[todo.order.id] > 1 else row
        for todo, row in rows
    ]


def _from_seat(todo: Todo) -> str:
    step = next(step for step in todo.order.steps if step.id == todo.waiting.id)
    return gettext("%(task)s（%(seat)s）", task=gettext(TASK_NAMES[Task.DECIDE]), seat=seat_of(step))


def _row_of(todo: Todo, *, after: str, current: Waiting | None) -> Row:
    waiting = todo.waiting
    limit, tone = limit_of(waiting)
    title, note = _named(todo)
    return Row(
        url=todo_url(waiting, after),
        title=title,
        note=note,
        task=gettext(TASK_NAMES[waiting.task]),
        icon=ICONS[waiting.task],
        limit=limit,
        tone=tone,
        urgent=waiting.subject is Subject.ORDER and todo.order.urgency is Urgency.URGENT,
        current=current is not None and (waiting.task, waiting.id) == (current.task, current.id),
        step_id=waiting.id if waiting.task is Task.DECIDE else None,
    )


def _named(todo: Todo) -> tuple[str, str]:
    """What something to do is called, and what stands below that."""
    if todo.waiting.subject is not Subject.ORDER:
        matter = inbox_matters.shown(todo)
        return matter.title, matter.note
    order = todo.order
    note = gettext(
        "%(receiver)s向%(giver)s%(kind)s",
        receiver=order.receiver.short_name or order.receiver.name,
        giver=order.giver.short_name or order.giver.name,
        kind=kind_name(order),
    )
    return things_of(order), note


def things_of(order: Order) -> str:
    """What an order is about, short enough for a line."""
    first, *others = order.lines
    if others:
        return gettext("%(name)s等%(count)d项", name=first.name, count=len(order.lines))
    if first.quantity > 1:
        return gettext(
            "%(name)s %(count)d%(unit)s", name=first.name, count=first.quantity, unit=first.unit_of_measure
        )
    return first.name


def limit_of(waiting: Waiting) -> tuple[str, str]:
    """Until when, or since when, in words, and how pressing that is."""
    if waiting.deadline is None:
        return _since(waiting.since), ""
    days = (waiting.deadline - today()).days
    if days < 0:
        return gettext("逾期%(days)d天", days=-days), "seal"
    if days == 0:
        return gettext("今天到期"), "seal"
    if days == 1:
        return gettext("明天到期"), "warn"
    return gettext("还有%(days)d天", days=days), "warn" if days <= SOON else ""


def _since(moment: dt.datetime | None) -> str:
    zone = ZoneInfo(services().settings.time_zone)
    days = (today() - moment.astimezone(zone).date()).days if moment else 0
    return gettext("已等%(days)d天", days=days) if days > 0 else gettext("今天送达")


def agreeing(order: Order, found: Consequence) -> str:
    """What agreeing will do."""
    if found.effect is Effect.OTHERS_STILL:
        return gettext("同意后，还须%(who)s也同意，才进入下一步。", who=_who(found.steps))
    if found.effect is Effect.NEXT:
        return gettext(
            "同意后转%(who)s审批，限%(days)d个工作日。",
            who=_who(found.steps),
            days=max(step.deadline_days for step in found.steps),
        )
    if found.effect is Effect.PROLONG:
        return gettext("这是最后一步。同意后借期延长到%(day)s。", day=long_day(order.ends_on))
    if found.effect is Effect.SET_ASIDE:
        return gettext("这是最后一步。同意后资产预留给%(unit)s，进入交接。", unit=order.receiver.name)
    return gettext("这是最后一步。同意后进入交接，%(day)s起借出。", day=long_day(order.starts_on))


def refusing(order: Order) -> str:
    """What the other two decisions will do."""
    days = order_limits.current(db()).correction_working_days
    if is_renewal(order):
        return gettext("不同意，借期不变，须按期归还；退回，申请人有%(days)d个工作日修改。", days=days)
    return gettext(
        "不同意，申请到此结束，资产让给下一家；退回，申请人有%(days)d个工作日修改，资产仍为其保留。",
        days=days,
    )


def seat_of(step: OrderStep, role: Role | None = None) -> str:
    """Who decides a step; ``role`` where it is not the step's own."""
    return gettext(
        "%(unit)s的%(role)s",
        unit=step.unit.short_name or step.unit.name,
        role=gettext(ROLE_NAMES[role or step.role]),
    )


def _who(steps: Iterable[OrderStep]) -> str:
    return gettext("、").join(seat_of(step) for step in steps)
