"""The thing changes hands, or comes back: checked, photographed and signed for on a phone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from marketplace.db.orders import DamageCase, Handover, Order
from marketplace.domain import signatures, values
from marketplace.domain.assets import CONDITIONS
from marketplace.domain.errors import FieldError, Invalid, NotFound, RuleError, invalid_field
from marketplace.domain.orders import OrderKind, OrderState
from marketplace.domain.permissions import Permission
from marketplace.domain.text import N_
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, now, today
from marketplace.edge.errors import status_of
from marketplace.edge.i18n import message_of
from marketplace.edge.redirects import local_target
from marketplace.media.images import MAX_BYTES
from marketplace.use_cases import handover_photos, handovers, inbox, orders
from marketplace.use_cases.handovers import BACK, OUT, Confirmation
from marketplace.web.assets import field_messages
from marketplace.web.mistakes import mistakes_in
from marketplace.web.order_links import order_url, signing_url
from marketplace.web.order_words import kind_name

blueprint = Blueprint("handovers", __name__, url_prefix="/orders/<int:order_id>")

Page = str | tuple[str, int] | Response
SIDES = ("giver", "receiver")
LABELS = {
    "checked": N_("逐项核对"),
    "condition": N_("完好程度"),
    "note": N_("备注"),
    "damage": N_("损坏情况"),
    "signature": N_("签名"),
    "signature_name": N_("姓名"),
    "signature_agree": N_("姓名确认"),
    "compensation": N_("赔偿金额"),
    "settlement": N_("处理结果"),
}


@blueprint.get("/hand-over")
@needs(Permission.READ_ORDERS)
def hand_over(order_id: int) -> Page:
    """Who has signed and who is awaited; for whoever is to sign, the form."""
    return _page(orders.load(db(), actor(), order_id), OUT)


@blueprint.get("/return")
@needs(Permission.READ_ORDERS)
def give_back(order_id: int) -> Page:
    """The same for what was lent."""
    return _page(orders.load(db(), actor(), order_id), BACK)


@blueprint.post("/hand-over")
@needs(Permission.HAND_OVER)
def sign_over(order_id: int) -> Page:
    """Sign for one side that the thing changes hands."""
    return _sign(order_id, OUT)


@blueprint.post("/return")
@needs(Permission.HAND_OVER)
def sign_back(order_id: int) -> Page:
    """Sign for one side that the thing is back."""
    return _sign(order_id, BACK)


@blueprint.post("/damage/<int:case_id>")
@needs(Permission.HAND_OVER)
def settle(order_id: int, case_id: int) -> Page:
    """Record what was agreed on about something broken."""
    try:
        handovers.settle_damage(
            db(),
            actor(),
            now(),
            order_id,
            case_id,
            _compensation(),
            request.form.get("settlement", ""),
        )
    except Invalid as error:
        db().rollback()
        return _page(orders.load(db(), actor(), order_id), BACK, error), status_of(error)
    flash(gettext("已记录处理结果。"), "ok")
    return redirect(local_target(request.form.get("next", "") or order_url(order_id)))


def _compensation() -> Decimal:
    text = request.form.get("compensation", "").strip()
    if not text:
        raise invalid_field("compensation", N_("请填写赔偿金额；不需要赔偿的，填0。"))
    try:
        return values.read_money(text)
    except ValueError as error:
        raise invalid_field("compensation", str(error)) from None


def _sign(order_id: int, direction: str) -> Page:
    sign = handovers.hand_over if direction == OUT else handovers.give_back
    order = orders.load(db(), actor(), order_id)
    try:
        done = sign(
            db(), actor(), now(), today(), order_id, _confirmation(order), request.form.get("side", "")
        )
    except RuleError as error:
        db().rollback()
        return _page(orders.load(db(), actor(), order_id), direction, error), status_of(error)
    return _signed(done, direction)


def _signed(order: Order, direction: str) -> Response:
    """What came of it, and where it goes on."""
    if order.state in (OrderState.APPROVED, OrderState.ON_LOAN) and not _complete(
        record_of(order, direction)
    ):
        flash(gettext("已签字，等对方确认。"), "ok")
        return redirect(signing_url(order.id, direction))
    if direction == BACK:
        said = gettext("双方已签字，借用办结。")
    elif order.kind is OrderKind.LOAN:
        said = gettext("双方已签字，借用开始。")
    else:
        said = gettext("双方已签字，资产已转到%(unit)s名下。", unit=order.receiver.name)
    flash(said, "ok")
    return redirect(order_url(order.id))


def _confirmation(order: Order) -> Confirmation:
    """What was filled in.

    Raises:
        Invalid: something is missing; everything that is, at once.
    """
    form, wrong = request.form, list[FieldError]()
    if set(form.getlist("checked")) != {str(line.id) for line in order.lines}:
        wrong.append(FieldError("checked", N_("请逐项核对，核对一项勾一项。"), {}))
    if form.get("condition") not in CONDITIONS:
        wrong.append(FieldError("condition", N_("请选择完好程度。"), {}))
    signature = None
    try:
        signature = signatures.read_signature(form, actor().name)
    except Invalid as error:
        wrong += error.fields
    if wrong or signature is None:
        raise Invalid(N_("有 %(count)d 处需要修改"), fields=tuple(wrong), count=len(wrong))
    return Confirmation(
        signature=signature.as_json(),
        condition=form["condition"],
        note=form.get("note", "")[:500],
        damage=form.get("damage", ""),
    )


def record_of(order: Order, direction: str) -> Handover | None:
    """The record of the hand-over, or of the return, if it was begun."""
    return next((row for row in order.handovers if row.direction == direction), None)


def _complete(record: Handover | None) -> bool:
    return record is not None and record.giver_at is not None and record.receiver_at is not None


def _page(order: Order, direction: str, error: RuleError | None = None) -> str:
    if direction == BACK and order.kind is not OrderKind.LOAN:
        raise NotFound(N_("调剂的资产不用归还。"))
    record, sides = record_of(order, direction), open_sides(order, direction)
    labels = {name: gettext(label) for name, label in LABELS.items()}
    return render_template(
        "handover/page.html",
        order=order,
        direction=direction,
        back=direction == BACK,
        kind=kind_name(order),
        record=record,
        complete=_complete(record),
        before=record_of(order, OUT) if direction == BACK else None,
        parties=[_party(order, record, side) for side in SIDES],
        sides=sides,
        side_options=[(side, getattr(order, side).name) for side in sides],
        hindrance=_hindrance(order, direction) if not sides else "",
        things=inbox.things(db(), order),
        cases=_cases(order) if direction == BACK else [],
        settles=actor().may(Permission.HAND_OVER, order.giver.path),
        condition_options=[(code, gettext(words[0])) for code, words in CONDITIONS.items()],
        limit_mb=MAX_BYTES // 1_000_000,
        typed=request.form if error else {},
        checked=request.form.getlist("checked"),
        labels=labels,
        error=message_of(error) if error else "",
        errors=field_messages(error),
        mistakes=mistakes_in(error, labels),
    )


def open_sides(order: Order, direction: str) -> list[str]:
    """The sides for which the reader may sign now."""
    state = OrderState.APPROVED if direction == OUT else OrderState.ON_LOAN
    if order.state is not state or (direction == OUT and _too_early(order)):
        return []
    return handover_photos.open_sides(actor(), order, record_of(order, direction))


def _too_early(order: Order) -> bool:
    return order.starts_on is not None and today() < order.starts_on


def _hindrance(order: Order, direction: str) -> str:
    """Why nobody can sign yet."""
    if direction == OUT and order.state is OrderState.APPROVED and _too_early(order):
        return gettext("借用还没有开始，开始那天才能交接。")
    if direction == OUT and order.state not in _BEYOND:
        return gettext("审批还没有完成，完成后才能交接。")
    if direction == BACK and order.state not in (OrderState.ON_LOAN, OrderState.RETURNED):
        return gettext("还没有借出，不用归还。")
    return ""


_BEYOND = (
    OrderState.APPROVED,
    OrderState.HANDED_OVER,
    OrderState.COMPLETED,
    OrderState.ON_LOAN,
    OrderState.RETURNED,
)


def _party(order: Order, record: Handover | None, side: str) -> dict[str, Any]:
    """One side of it: which unit, and whether, when and how it has signed."""
    signed = record is not None and getattr(record, f"{side}_at") is not None
    signature = signatures.kept(getattr(record, f"{side}_signature")) if signed else None
    return {
        "side": side,
        "unit": getattr(order, side).name,
        "person": getattr(record, side).name if signed else "",
        "at": getattr(record, f"{side}_at") if signed else None,
        "typed": signature.typed_name if signature else "",
        "box": signatures.view_box(signature) if signature and signature.strokes else None,
        "path": signatures.svg_path(signature) if signature and signature.strokes else "",
    }


def _cases(order: Order) -> list[DamageCase]:
    query = select(DamageCase).where(DamageCase.order_id == order.id).order_by(DamageCase.id)
    return list(db().scalars(query))
