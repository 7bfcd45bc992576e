"""One order: where it is, who has it, what happened to it, and what its reader may do with it."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from marketplace.db.orders import Order
from marketplace.domain import values
from marketplace.domain.approvals import SIDE_NAMES
from marketplace.domain.errors import NotFound, RuleError, invalid_field
from marketplace.domain.inbox import Task
from marketplace.domain.orders import (
    ACTION_NAMES,
    URGENCY_NAMES,
    OrderAction,
    OrderKind,
    OrderState,
    StepState,
)
from marketplace.domain.permissions import Permission
from marketplace.domain.text import N_
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, now, today
from marketplace.edge.errors import status_of
from marketplace.edge.i18n import message_of
from marketplace.use_cases import (
    loans,
    order_endings,
    order_files,
    order_limits,
    order_story,
    orders,
    waiting_lists,
)
from marketplace.web import order_story as telling
from marketplace.web import order_words
from marketplace.web.assets import field_messages
from marketplace.web.order_links import signing_url

blueprint = Blueprint("orders", __name__, url_prefix="/orders/<int:order_id>")

Page = str | tuple[str, int] | Response
_PAPER = frozenset(
    {
        OrderState.APPROVED,
        OrderState.HANDED_OVER,
        OrderState.COMPLETED,
        OrderState.ON_LOAN,
        OrderState.RETURNED,
    }
)
"""States in which there is something to print."""


@blueprint.get("")
@needs(Permission.READ_ORDERS)
def page(order_id: int) -> Page:
    """An order, followed like a parcel. One's own draft is in the basket."""
    order = orders.load(db(), actor(), order_id, deciding_on=today())
    if order.state is OrderState.DRAFT and order.requester_id == actor().user_id:
        return redirect(url_for("basket.page"))
    return _order_page(order)


@blueprint.post("/act")
@needs(Permission.READ_ORDERS)
def act(order_id: int) -> Page:
    """Take it one step further. A refusal shows how it stands by now, and what was typed stays."""
    action = request.form.get("action", "")
    if action not in _ACTIONS:
        abort(400)
    try:
        done, said = _ACTIONS[OrderAction(action)](order_id)
    except NotFound:
        raise
    except RuleError as error:
        db().rollback()
        return _order_page(orders.load(db(), actor(), order_id, deciding_on=today()), error=error), status_of(
            error
        )
    flash(said, "ok")
    return redirect(url_for("orders.page", order_id=done.id))


@blueprint.get("/files/<int:file_id>")
@needs(Permission.READ_ORDERS)
def file(order_id: int, file_id: int) -> Response:
    """A supporting document, for whoever may see the order."""
    found = order_files.file_of(db(), actor(), today(), order_id, file_id)
    response = send_file(
        io.BytesIO(found.content), mimetype=found.media_type, as_attachment=True, download_name=found.name
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _give_up(action: OrderAction, said: str) -> Callable[[int], tuple[Order, str]]:
    def give_up(order_id: int) -> tuple[Order, str]:
        reason = request.form.get("reason", "")
        return order_endings.give_up(db(), actor(), now(), today(), order_id, action, reason), gettext(said)

    return give_up


def _accept(order_id: int) -> tuple[Order, str]:
    order = waiting_lists.accept(db(), actor(), now(), today(), order_id)
    return order, gettext("已确认接受，开始审批。")


def _renew(order_id: int) -> tuple[Order, str]:
    reason = request.form.get("reason", "")
    order = loans.renew(db(), actor(), now(), today(), order_id, _new_end(), reason)
    return order, gettext("已提交续借申请%(number)s。批准后，归还日期才会延后。", number=order.number)


def _new_end() -> dt.date | None:
    text = request.form.get("end", "").strip()
    try:
        return values.read_date(text) if text else None
    except ValueError as error:
        raise invalid_field("end", str(error)) from None


_ACTIONS: dict[OrderAction, Callable[[int], tuple[Order, str]]] = {
    OrderAction.ACCEPT: _accept,
    OrderAction.RENEW: _renew,
    OrderAction.WITHDRAW: _give_up(OrderAction.WITHDRAW, N_("已撤销，保留的资产已放开。")),
    OrderAction.DECLINE: _give_up(OrderAction.DECLINE, N_("已放弃，资产轮给下一位。")),
    OrderAction.CALL_OFF: _give_up(OrderAction.CALL_OFF, N_("已取消交接，资产恢复在仓。")),
}
"""What is done on this page; deciding, handing over and giving back have pages of their own."""


def _order_page(order: Order, *, error: RuleError | None = None) -> str:
    story = order_story.story_of(db(), order)
    steps = telling.current_round(order)
    holders = telling.holders_of(order.steps, StepState.OPEN)
    later = telling.holders_of(steps, StepState.WAITING) if order.state is OrderState.SUBMITTED else []
    entries = orders.timeline(db(), order)
    return render_template(
        "orders/page.html",
        order=order,
        kind=order_words.kind_name(order),
        urgency=gettext(URGENCY_NAMES[order.urgency]),
        standing=order_words.standing(order, holders, today()),
        following=order_words.next_of(order, later),
        track=telling.track(order, today()),
        steps=[step for step in order.steps if step.comment or step.decided_at],
        side_names=SIDE_NAMES,
        events=telling.events(order, entries, story.handovers),
        story=story,
        words=order_words,
        today=today(),
        actions=orders.allowed_actions(db(), actor(), today(), order),
        action_names=ACTION_NAMES,
        OrderAction=OrderAction,
        limits=order_limits.current(db()),
        decide_url=_decide_url(order),
        signing_url=signing_url,
        may_make_way=_may_make_way(order),
        has_paper=order.state in _PAPER and not orders.is_renewal(order),
        typed=_typed(error),
        error=message_of(error) if error else "",
        errors=field_messages(error),
    )


def _decide_url(order: Order) -> str:
    """Where the reader decides the step that is the reader's; empty where none is."""
    for step in orders.open_steps(order):
        try:
            orders.decides_for(db(), actor(), today(), order, step)
        except RuleError:
            continue
        return url_for("inbox.show", task=Task.DECIDE.value, number=step.id)
    return ""


def _may_make_way(order: Order) -> bool:
    """Whether the reader keeps what a transfer waits for, and can ask later borrowers to make way."""
    waits = order.kind is OrderKind.TRANSFER and order.state is OrderState.WAITING
    return waits and actor().may(Permission.HAND_OVER, order.giver.path)


def _typed(error: RuleError | None) -> dict[str, Any]:
    return dict(request.form) if error else {}
