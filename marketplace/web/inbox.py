"""待办: what waits for whoever is signed in; the list at the left, the one in hand at the right."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from marketplace.db.orders import Consent, DamageCase, OrderStep
from marketplace.db.people import User
from marketplace.domain.errors import Invalid, NotFound, RuleError, invalid_field
from marketplace.domain.inbox import TASK_NAMES, Place, Subject, Task, read_place
from marketplace.domain.orders import (
    STEP_NAMES,
    URGENCY_NAMES,
    OrderAction,
    StepState,
    Urgency,
)
from marketplace.domain.permissions import Permission
from marketplace.domain.text import N_
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, now, today
from marketplace.edge.errors import status_of
from marketplace.edge.i18n import message_of
from marketplace.use_cases import decisions, inbox, loans, order_endings, orders, waiting_lists
from marketplace.use_cases.inbox import Todo
from marketplace.web import inbox_matters, inbox_texts
from marketplace.web.assets import field_messages
from marketplace.web.order_links import order_url, task_of, todo_url
from marketplace.web.order_words import kind_name

blueprint = Blueprint("inbox", __name__, url_prefix="/inbox")

Page = str | tuple[str, int] | Response
WORKERS = (Permission.DECIDE, Permission.HAND_OVER, Permission.REQUEST_ASSETS)
"""Whoever has one of these can have something to do."""
ACTIONS = {action.value: action for action in decisions.STEP_STATES}


@blueprint.get("")
@needs(*WORKERS)
def page() -> Page:
    """What waits, soonest first; on a wide screen with the first of it beside the list."""
    return _page(_after())


@blueprint.get("/<int:order_id>")
@needs(*WORKERS)
def about(order_id: int) -> Page:
    """What there is to do about an order; where there is nothing, its own page says how it stands."""
    found = inbox.about(db(), actor(), today(), order_id)
    return redirect(todo_url(found) if found else order_url(order_id))


@blueprint.get("/<task>/<int:number>")
@needs(*WORKERS)
def show(task: str, number: int) -> Page:
    """One thing to do, beside the list."""
    try:
        todo = _todo(task, number)
    except NotFound as error:
        flash(message_of(error), "info")
        return redirect(url_for("inbox.page"))
    return _page(_after(), todo)


@blueprint.post("/decide/<int:number>")
@needs(*WORKERS)
def decide(number: int) -> Page:
    """Agree, refuse or send back; then the next thing is shown."""
    try:
        todo = _todo(Task.DECIDE, number)
        action = _action()
        decisions.decide(
            db(),
            actor(),
            now(),
            today(),
            todo.order.id,
            action,
            request.form.get("reason", ""),
            step_id=number,
        )
    except RuleError as error:
        return _refused(error, Task.DECIDE, number)
    flash(_DONE[action](todo), "ok")
    return _go_on(todo.waiting.place)


_DONE = {
    OrderAction.APPROVE: lambda todo: gettext("已同意%(number)s。", number=todo.order.number),
    OrderAction.REJECT: lambda todo: gettext("已答复不同意%(number)s。", number=todo.order.number),
    OrderAction.SEND_BACK: lambda todo: gettext("已退回%(number)s。", number=todo.order.number),
}


@blueprint.post("/accept/<int:number>")
@needs(*WORKERS)
def accept(number: int) -> Page:
    """Take what is offered, or leave it to the next in line."""
    try:
        todo = _todo(Task.ACCEPT, number)
        if request.form.get("action") == OrderAction.DECLINE:
            order_endings.give_up(db(), actor(), now(), today(), number, OrderAction.DECLINE)
            said = gettext("已放弃%(number)s，让给下一家。", number=todo.order.number)
        else:
            waiting_lists.accept(db(), actor(), now(), today(), number)
            said = gettext("已接受，%(number)s进入审批。", number=todo.order.number)
    except RuleError as error:
        return _refused(error, Task.ACCEPT, number)
    flash(said, "ok")
    return _go_on(todo.waiting.place)


@blueprint.post("/consent/<int:number>")
@needs(*WORKERS)
def consent(number: int) -> Page:
    """The borrower's answer to whoever asks them to make way."""
    agreed = request.form.get("answer") == "agree"
    try:
        todo = _todo(Task.CONSENT, number)
        reason = request.form.get("reason", "")
        if not agreed and len(reason.strip()) < 2:
            raise invalid_field("reason", N_("请写明不同意的理由，对方要据此另作安排。"))
        loans.answer_consent(db(), actor(), now(), today(), number, agreed=agreed, reason=reason)
    except RuleError as error:
        return _refused(error, Task.CONSENT, number)
    flash(gettext("已同意让出。") if agreed else gettext("已答复不同意让出。"), "ok")
    return _go_on(todo.waiting.place)


@blueprint.get("/chosen")
@needs(*WORKERS)
def chosen() -> Page:
    """Several decisions, each with what it will do, before they are taken."""
    todos = inbox.chosen(db(), actor(), today(), _steps(request.args.getlist("step")))
    if not todos:
        flash(gettext("请先勾选要一并同意的申请。"), "error")
        return redirect(url_for("inbox.page", after=request.args.get("after") or None))
    return render_template(
        "inbox/chosen.html",
        rows=[(todo, inbox_texts.limit_of(todo.waiting), _agreeing(todo)) for todo in todos],
        things_of=inbox_texts.things_of,
        **_words(),
    )


@blueprint.post("/chosen")
@needs(*WORKERS)
def approve_many() -> Page:
    """Agree to all that were chosen; each that can't be done says why."""
    wanted = _steps(request.form.getlist("step"))
    done = inbox.approve_many(db(), actor(), now(), today(), wanted, request.form.get("reason", ""))
    agreed = [one.order for one in done if one.error is None]
    refused = [(one.order, message_of(one.error)) for one in done if one.error is not None]
    if done and not refused:
        flash(ngettext("已同意%(num)d张申请单。", "已同意%(num)d张申请单。", len(agreed)), "ok")
        return redirect(url_for("inbox.page"))
    return render_template(
        "inbox/report.html",
        agreed=agreed,
        refused=refused,
        gone=len(wanted) - len(done),
        things_of=inbox_texts.things_of,
        **_words(),
    )


def _steps(texts: list[str]) -> list[int]:
    return [int(text) for text in dict.fromkeys(texts) if text.isascii() and text.isdecimal()][
        : inbox.MOST_AT_ONCE
    ]


def _todo(task: str, number: int) -> Todo:
    named = task_of(task)
    if named is None:
        raise NotFound(N_("没有找到这件事。"))
    return inbox.load(db(), actor(), today(), named, number)


def _action() -> OrderAction:
    found = ACTIONS.get(request.form.get("action", ""))
    if found is None:
        raise invalid_field("action", N_("请选择同意、退回补正或不同意。"))
    return found


def _after() -> Place:
    return read_place(request.values.get("after", ""))


def _go_on(place: Place) -> Response:
    """To what comes next, so that one thing after the other is done."""
    db().flush()
    found = inbox.following(db(), actor(), today(), place)
    if found is None:
        return redirect(url_for("inbox.page"))
    return redirect(todo_url(found, request.form.get("after", "")))


def _refused(error: RuleError, task: Task, number: int) -> Page:
    """What is missing is asked for again beside what was typed; what can't be done leads on."""
    db().rollback()
    if not isinstance(error, Invalid):
        flash(message_of(error), "error")
        return redirect(url_for("inbox.page", after=request.form.get("after") or None))
    return _page(_after(), inbox.load(db(), actor(), today(), task, number), error), status_of(error)


def _page(after: Place, todo: Todo | None = None, error: RuleError | None = None) -> str:
    line = inbox.page(db(), actor(), today(), after)
    opened = todo is not None
    if todo is None and line.todos:
        todo = inbox.whole(db(), line.todos[0].waiting)
    shown = todo.waiting if todo else None
    here = "" if after == Place() else str(after)
    return render_template(
        "inbox/page.html",
        rows=inbox_texts.rows_of(line.todos, after=here, current=shown),
        after=here,
        next_url=url_for("inbox.page", after=str(line.more)) if line.more else "",
        opened=opened,
        todo=todo,
        typed=request.form if error else {},
        error=message_of(error) if error else "",
        errors=field_messages(error),
        **(_detail(todo) if todo else {}),
    )


def _detail(todo: Todo) -> dict[str, Any]:
    """What the one in hand shows."""
    limit = inbox_texts.limit_of(todo.waiting)
    if todo.waiting.subject is not Subject.ORDER:
        return {"matter": inbox_matters.shown(todo), "limit": limit, "task_names": TASK_NAMES}
    order = todo.order
    shown = {
        "order": order,
        "limit": limit,
        "things": inbox.things(db(), order),
        "value": sum(line.original_value for line in order.lines),
        "decided": [step for step in order.steps if step.decided_at is not None],
        "things_of": inbox_texts.things_of,
        "seat_of": inbox_texts.seat_of,
        **_words(),
    }
    return shown | _of_task(todo)


def _of_task(todo: Todo) -> dict[str, Any]:
    """What only this kind of task needs."""
    waiting, order = todo.waiting, todo.order
    if waiting.task is Task.DECIDE:
        step = _step(todo)
        principal = orders.decides_for(db(), actor(), today(), order, step)
        role = orders.role_taken(db(), actor(), step, principal)
        return {
            "seat": inbox_texts.seat_of(step, role),
            "agreeing": _agreeing(todo),
            "refusing": inbox_texts.refusing(order),
            "principal": db().get(User, principal) if principal else None,
        }
    if waiting.task is Task.CONSENT:
        return {"consent": db().get_one(Consent, waiting.id)}
    if waiting.task is Task.DAMAGE:
        return {"case": db().get_one(DamageCase, waiting.id)}
    return {}


def _step(todo: Todo) -> OrderStep:
    return next(step for step in todo.order.steps if step.id == todo.waiting.id)


def _agreeing(todo: Todo) -> str:
    return inbox_texts.agreeing(todo.order, inbox.consequence(todo.order, _step(todo)))


def _words() -> dict[str, Any]:
    return {
        "kind_name": kind_name,
        "urgency_names": URGENCY_NAMES,
        "step_names": STEP_NAMES,
        "task_names": TASK_NAMES,
        "Task": Task,
        "Urgency": Urgency,
        "StepState": StepState,
    }
