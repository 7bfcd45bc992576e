"""申请单: what somebody is about to ask for, one order to each holder, and orders sent back for correction.

The page is one form, whatever is done on it: what was typed is kept before anything else happens.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from marketplace.db.orders import Order
from marketplace.domain.errors import NotFound, RuleError
from marketplace.domain.orders import STATE_NAMES, URGENCY_NAMES, OrderKind, OrderState
from marketplace.domain.permissions import Permission
from marketplace.edge.access import MANY_FILES, needs
from marketplace.edge.context import actor, db, is_partial, now, today
from marketplace.edge.i18n import message_of
from marketplace.use_cases import (
    asset_demand,
    order_drafts,
    order_files,
    order_limits,
    order_story,
    order_submission,
    orders,
    policies,
)
from marketplace.use_cases.asset_demand import Demand
from marketplace.web import basket_form, order_ways
from marketplace.web.basket_form import Mistake

blueprint = Blueprint("basket", __name__)

Page = str | tuple[str, int] | Response
REMOVED = "basket_removed"
"""Where the browser's session keeps, for one page, what was taken out last."""
SHOWN = 100
"""Orders that the page of results names."""


@blueprint.get("/basket")
@needs(Permission.REQUEST_ASSETS)
def page() -> Page:
    """The drafts, by holder."""
    return _desk(order_drafts.drafts(db(), actor()))


@blueprint.post("/basket")
@needs(Permission.REQUEST_ASSETS, takes=MANY_FILES)
def act() -> Page:
    """Keep what was typed, then do what the button says."""
    return _act(order_drafts.drafts(db(), actor()))


@blueprint.get("/orders/<int:order_id>/edit")
@needs(Permission.REQUEST_ASSETS)
def correct(order_id: int) -> Page:
    """An order that was sent back, to be corrected; a draft is corrected in the basket."""
    order = order_drafts.own_draft(db(), actor(), order_id)
    return redirect(url_for("basket.page")) if order.state is OrderState.DRAFT else _desk([order])


@blueprint.post("/orders/<int:order_id>/edit")
@needs(Permission.REQUEST_ASSETS, takes=MANY_FILES)
def act_on(order_id: int) -> Page:
    """The same as in the basket, for an order that was sent back."""
    return _act([order_drafts.own_draft(db(), actor(), order_id)])


@blueprint.post("/basket/restore")
@needs(Permission.REQUEST_ASSETS)
def restore() -> Page:
    """Put back what was taken out."""
    number = {name: request.form.get(name, 0, int) for name in ("asset", "quantity", "unit")}
    kind = request.form.get("kind", "")
    unit = next(
        (one for one in order_drafts.receiving_units(db(), actor()) if one.id == number["unit"]), None
    )
    if unit is None or kind not in set(OrderKind):
        raise NotFound(gettext("没有找到要放回的资产。请到广场重新选择。"))
    order_drafts.put_in(db(), actor(), now(), number["asset"], OrderKind(kind), number["quantity"], unit)
    flash(gettext("已放回申请单。"), "ok")
    return redirect(url_for("basket.page"))


@blueprint.get("/basket/submitted")
@needs(Permission.REQUEST_ASSETS)
def submitted() -> Page:
    """What came of submitting: the number of each order, and which ones wait at which place."""
    ids = [int(text) for text in request.args.getlist("order")[:SHOWN] if text.isascii() and text.isdigit()]
    made = [orders.load(db(), actor(), order_id) for order_id in ids]
    if not made:
        return redirect(url_for("order_lists.page"))
    return render_template(
        "basket/submitted.html",
        made=made,
        in_line=order_story.places_of(db(), made),
        order_states=STATE_NAMES,
    )


def _act(drafts: Sequence[Order]) -> Page:
    mistakes = basket_form.keep(drafts)
    if is_partial():
        return _desk(_fresh(drafts), mistakes)
    word, *numbers = request.form.get("act", "save").split(":")
    ids = [int(text) for text in numbers if text.isascii() and text.isdigit()]
    if word == "attach" and ids:
        mistakes += basket_form.attach(ids[0])
    elif word == "remove" and len(ids) == 2:
        mistakes = _without(mistakes, f"quantity-{ids[0]}-{ids[1]}") + _remove(*ids)
    elif word == "detach" and len(ids) == 2:
        mistakes += basket_form.attempt(lambda: order_files.detach(db(), actor(), *ids))
    elif word == "discard" and ids:
        mistakes = basket_form.attempt(lambda: order_drafts.discard(db(), actor(), ids[0]))
    elif word == "submit" and not mistakes:
        return _submit(drafts, ids or [order.id for order in drafts])
    if mistakes:
        return _desk(_fresh(drafts), mistakes)
    if word == "save":
        flash(gettext("已保存。"), "ok")
    return redirect(request.path)


def _without(mistakes: list[Mistake], place: str) -> list[Mistake]:
    return [mistake for mistake in mistakes if mistake["field"] != place]


def _remove(order_id: int, asset_id: int) -> list[Mistake]:
    """Take an asset out; the next page offers to put it back."""
    order = order_drafts.own_draft(db(), actor(), order_id)
    line = next((line for line in order.lines if line.asset_id == asset_id), None)
    if line is None:
        return []
    gone = {"name": line.name, "asset": asset_id, "quantity": line.quantity}
    gone |= {"kind": order.kind.value, "unit": order.receiver_unit_id}
    is_draft = order.state is OrderState.DRAFT
    mistakes = basket_form.attempt(
        lambda: order_drafts.set_quantities(db(), actor(), order_id, {asset_id: 0})
    )
    if is_draft and not mistakes:
        session[REMOVED] = gone
    return mistakes


def _submit(drafts: Sequence[Order], wanted: list[int]) -> Page:
    """All of the wanted orders, or none of them."""
    try:
        with db().begin_nested():
            made = order_submission.submit(db(), actor(), now(), today(), wanted)
    except RuleError as error:
        return _desk(_fresh(drafts), basket_form.mistakes_of(error))
    return after_submission(made)


def after_submission(made: Sequence[Order]) -> Response:
    """To the one order that was made, or to the page that names all of them."""
    if len(made) == 1 and made[0].state is OrderState.SUBMITTED:
        flash(gettext("已提交申请%(number)s，开始审批。", number=made[0].number), "ok")
        return redirect(url_for("orders.page", order_id=made[0].id))
    return redirect(url_for("basket.submitted", order=[order.id for order in made]))


def _fresh(drafts: Sequence[Order]) -> Sequence[Order]:
    """The same orders as they are kept by now."""
    db().expire_all()
    if drafts and drafts[0].state is not OrderState.DRAFT:
        return [order_drafts.own_draft(db(), actor(), drafts[0].id)]
    return order_drafts.drafts(db(), actor())


def _desk(drafts: Sequence[Order], mistakes: Sequence[Mistake] = ()) -> Page:
    demand = asset_demand.demand_for(
        db(), today(), [line.asset_id for order in drafts for line in order.lines]
    )
    typed = basket_form.typed(drafts, mistakes)
    loans = [order for order in drafts if order.kind is OrderKind.LOAN]
    correcting = bool(drafts) and drafts[0].state is not OrderState.DRAFT
    limits = order_limits.current(db())
    body = render_template(
        "basket/page.html",
        drafts=drafts,
        correcting=correcting,
        typed=typed,
        mistakes=mistakes,
        errors={mistake["field"]: mistake["message"] for mistake in mistakes},
        ways={order.id: _way(order, demand) for order in drafts},
        urgencies=[(urgency, gettext(name)) for urgency, name in URGENCY_NAMES.items()],
        quantity_name=basket_form.quantity_name,
        offered={asset_id: one.offered for asset_id, one in demand.items()},
        loans=loans,
        taken=[] if correcting else _taken(loans, demand),
        first_day=today(),
        last_day=today() + dt.timedelta(days=limits.ahead_days + limits.longest_days),
        longest=limits.longest_days,
        removed=session.pop(REMOVED, None) if not is_partial() else None,
        saved_at=now() if is_partial() and not mistakes else None,
    )
    return (body, 422) if mistakes else body


def _way(order: Order, demand: dict[int, Demand]) -> dict[str, Any]:
    """What becomes of a draft; an order that was sent back keeps what it had, and its policy."""
    try:
        if order.policy_version is not None:
            return order_ways.way_of(order, policies.of_version(db(), order.policy_version))
        days = order_ways.days_wanted(order.kind, today(), order.starts_on, order.ends_on)
        waits = [
            order_ways.waiting_sentence(line.name, demand[line.asset_id], line.quantity, days)
            for line in order.lines
        ]
        return order_ways.way_of(order, policies.current(db())[1], list(filter(None, waits)))
    except RuleError as error:
        return {"sentence": message_of(error), "steps": [], "waits": []}


def _taken(loans: Sequence[Order], demand: dict[int, Demand]) -> list[tuple[dt.date, dt.date | None, int]]:
    """Days on which one of the things to be borrowed can't be had, for one calendar for all of them."""
    return [
        (days.lower or today(), days.upper - dt.timedelta(days=1) if days.upper else None, 1)
        for order in loans
        for line in order.lines
        for (first, end), days in demand[line.asset_id].taken
        if demand[line.asset_id].offered - (end - first) < line.quantity
    ]
