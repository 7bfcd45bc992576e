"""An order as one follows a parcel: its way in steps, and what happened to it, in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext

from marketplace.db.audit import AuditEntry
from marketplace.db.orders import Handover, Order, OrderStep
from marketplace.domain.assets import CONDITIONS
from marketplace.domain.audit_names import ACTION_NAMES
from marketplace.domain.orders import (
    ENDED,
    STATE_NAMES,
    OrderKind,
    OrderState,
    StepState,
    shown_state,
)
from marketplace.domain.permissions import ROLE_NAMES
from marketplace.edge.i18n import day
from marketplace.use_cases.order_lists import Holder
from marketplace.use_cases.orders import is_renewal

_WELL_ENDED = (OrderState.COMPLETED, OrderState.RETURNED)


@dataclass(frozen=True, slots=True)
class Node:
    """One step of the way, as the macro ``track`` draws it."""

    label: str
    state: str
    when: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was done."""

    when: dt.datetime
    title: str
    who: str
    text: str = ""
    kind: str = ""
    photos: tuple[str, ...] = ()


def holders_of(steps: Iterable[OrderStep], state: StepState) -> list[Holder]:
    """Who decides, or is to decide, in the steps that stand so."""
    return [
        Holder(role, step.unit.name, step.deadline)
        for step in steps
        if step.state is state
        for role in step.roles
    ]


def current_round(order: Order) -> list[OrderStep]:
    """The steps of the approval that is under way, or was the last."""
    return [step for step in order.steps if step.round == order.round]


def track(order: Order, today: dt.date) -> list[Node]:
    """The way of the order: asked, agreed to by each, handed over, and for a loan back again."""
    return [*_asked(order), *_decided(order), *_after(order, today)]


def _asked(order: Order) -> Iterator[Node]:
    if order.number is None:
        yield Node(gettext("草稿"), "now")
        return
    yield Node(gettext("提交"), "done", day(order.submitted_at))
    if order.state is OrderState.WAITING:
        yield Node(gettext("排队"), "now")
    elif order.state is OrderState.OFFERED:
        yield Node(gettext("确认接受"), "now", note=gettext("%(day)s前", day=day(order.answer_by)))
    elif order.state is OrderState.CORRECTION:
        yield Node(gettext("补正"), "now", note=gettext("%(day)s前", day=day(order.answer_by)))


def _decided(order: Order) -> Iterator[Node]:
    steps = [] if order.state is OrderState.CORRECTION else current_round(order)
    for step in steps:
        label = gettext(ROLE_NAMES[step.role])
        when = day(step.decided_at) if step.decided_at else ""
        note = step.unit.name
        if step.state is StepState.OPEN and step.deadline:
            note = gettext("%(unit)s，%(day)s前", unit=note, day=day(step.deadline))
        yield Node(label, _STEP_LOOKS[step.state], when, note)
    if not steps and order.state not in ENDED:
        yield Node(gettext("审批"), "todo")


_STEP_LOOKS = {
    StepState.WAITING: "todo",
    StepState.OPEN: "now",
    StepState.APPROVED: "done",
    StepState.REJECTED: "failed",
    StepState.RETURNED: "failed",
    StepState.SKIPPED: "todo",
}


def _after(order: Order, today: dt.date) -> Iterator[Node]:
    if order.state in ENDED and order.state not in _WELL_ENDED:
        yield Node(gettext(STATE_NAMES[order.state]), "failed", day(order.closed_at))
        return
    if is_renewal(order):
        yield _end(order, gettext("续借生效"))
        return
    out = _handed_over_on(order)
    look = "done" if out else ("now" if order.state is OrderState.APPROVED else "todo")
    until = gettext("%(day)s前", day=day(order.answer_by)) if look == "now" and order.answer_by else ""
    yield Node(gettext("交接"), look, day(out) if out else "", until)
    if order.kind is OrderKind.TRANSFER:
        yield _end(order, gettext("办结"))
        return
    state = shown_state(order.state, order.ends_on, today)
    look = {"on_loan": "now", "due": "now", "overdue": "now", "returned": "done"}.get(state, "todo")
    label = gettext(STATE_NAMES[state if state in ("due", "overdue") else OrderState.ON_LOAN])
    note = gettext("%(first)s至%(last)s", first=day(order.starts_on), last=day(order.ends_on))
    yield Node(label, look, note=note)
    yield _end(order, gettext("归还"))


def _end(order: Order, label: str) -> Node:
    over = order.state in _WELL_ENDED
    return Node(label, "final" if over else "todo", day(order.closed_at) if over else "")


def _handed_over_on(order: Order) -> dt.datetime | None:
    """When the second side confirmed; a renewal has nothing to hand over."""
    for record in order.handovers:
        if record.direction == "out" and record.giver_at and record.receiver_at:
            return max(record.giver_at, record.receiver_at)
    return None


def events(order: Order, entries: Iterable[AuditEntry], handovers: Sequence[Handover]) -> list[Event]:
    """Who did what when, the last first. Hand-overs tell more than their entries in the record do."""
    told = [_event(entry) for entry in entries if entry.action not in _TOLD_BY_HANDOVERS]
    signed = [event for record in handovers for event in _signed(order, record)]
    return sorted([*told, *signed], key=lambda event: event.when)[::-1]


_TOLD_BY_HANDOVERS = frozenset({"order.hand_over", "order.return"})


def _event(entry: AuditEntry) -> Event:
    after = entry.after or {}
    title = gettext(ACTION_NAMES.get(entry.action, entry.action))
    role = after.get("role")
    if role in ROLE_NAMES:
        title = gettext("%(role)s：%(action)s", role=gettext(ROLE_NAMES[role]), action=title)
    state = after.get("state")
    kind = "final" if state in _WELL_ENDED else ("key" if state != (entry.before or {}).get("state") else "")
    text = gettext(entry.reason) if entry.reason else _escalated(after)
    return Event(entry.at, title, entry.actor_name, text, kind)


def _escalated(after: Mapping[str, Any]) -> str:
    """To whom an overdue step went, and until when."""
    role = after.get("escalated_to")
    if role not in ROLE_NAMES:
        return ""
    return gettext(
        "%(role)s也可审批，期限延至%(day)s。", role=gettext(ROLE_NAMES[role]), day=day(after.get("deadline"))
    )


def _signed(order: Order, record: Handover) -> Iterator[Event]:
    """One event for each side that has confirmed; what was noted stands with the first."""
    title = gettext("确认交接") if record.direction == "out" else gettext("确认归还")
    sides = [
        (record.giver_at, record.giver, order.giver.name),
        (record.receiver_at, record.receiver, order.receiver.name),
    ]
    noted, photos = _noted(record), _photos(order, record)
    for when, user, unit in sorted((side for side in sides if side[0]), key=lambda side: str(side[0])):
        assert when is not None
        who = gettext("%(name)s（%(unit)s）", name=user.name if user else "", unit=unit)
        yield Event(when, title, who, noted, "key", photos)
        noted, photos = "", ()


def _photos(order: Order, record: Handover) -> tuple[str, ...]:
    """Small pictures of the condition."""
    return tuple(
        url_for("handover_photos.photo", order_id=order.id, digest=digest, size="thumb")
        for digest in record.photos
    )


def _noted(record: Handover) -> str:
    condition = CONDITIONS.get(record.condition)  # type: ignore[call-overload]
    said = [gettext("成色：%(condition)s", condition=gettext(condition[0])) if condition else "", record.note]
    return gettext("；").join(filter(None, said))
