"""A transfer waits because of later loans: the holder asks the borrowers to make way."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from marketplace.db.orders import Consent, Order
from marketplace.domain import values
from marketplace.domain.errors import Invalid, RuleError, invalid_field
from marketplace.domain.orders import OrderKind, OrderState
from marketplace.domain.permissions import Permission, require
from marketplace.domain.text import N_
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, now, today
from marketplace.edge.errors import status_of
from marketplace.edge.i18n import message_of
from marketplace.use_cases import loans, orders
from marketplace.web.assets import field_messages

blueprint = Blueprint("consents", __name__, url_prefix="/orders/<int:order_id>/consents")

Page = str | tuple[str, int] | Response


@blueprint.get("")
@needs(Permission.HAND_OVER)
def page(order_id: int) -> Page:
    """The loans in the way of a transfer, and what their borrowers said."""
    return _page(_transfer(order_id))


@blueprint.post("/<int:loan_id>")
@needs(Permission.HAND_OVER)
def ask(order_id: int, loan_id: int) -> Page:
    """Ask a borrower to cancel, or to move to other days."""
    try:
        moves = request.form.get("wish") == "move"
        starts, ends = (_day("starts_on"), _day("ends_on")) if moves else (None, None)
        if moves and not (starts and ends):
            missing = "ends_on" if starts else "starts_on"
            raise invalid_field(missing, N_("请填写改到哪一天。"))
        reason = request.form.get("reason", "")
        loans.ask_consent(db(), actor(), now(), today(), order_id, loan_id, reason, starts, ends)
    except RuleError as error:
        db().rollback()
        return _page(_transfer(order_id), loan_id, error), status_of(error)
    flash(gettext("已征询借用单位，答复后通知您。"), "ok")
    return redirect(url_for("consents.page", order_id=order_id))


def _transfer(order_id: int) -> Order:
    order = orders.load(db(), actor(), order_id)
    require(actor(), Permission.HAND_OVER, order.giver.path)
    return order


def _day(name: str) -> dt.date | None:
    text = request.form.get(name, "").strip()
    try:
        return values.read_date(text) if text else None
    except ValueError as error:
        raise invalid_field(name, str(error)) from None


def _page(order: Order, loan_id: int = 0, error: RuleError | None = None) -> str:
    waits = order.state is OrderState.WAITING and order.kind is OrderKind.TRANSFER
    asked = select(Consent).where(Consent.transfer_id == order.id).order_by(Consent.id)
    by_loan: dict[int, list[Consent]] = {}
    for consent in db().scalars(asked):
        by_loan.setdefault(consent.loan_id, []).append(consent)
    return render_template(
        "handover/consents.html",
        order=order,
        waits=waits,
        in_the_way=loans.in_the_way(db(), order, today()) if waits else [],
        asked=by_loan,
        typed_for=loan_id,
        typed=request.form if error else {},
        error=message_of(error) if error else "",
        errors={
            {"start": "starts_on", "end": "ends_on"}.get(name, name): text
            for name, text in field_messages(error).items()
        },
        general=bool(error) and not isinstance(error, Invalid),
        today=today(),
    )
