"""代理: who decides in the own place, and in whose place one decides."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from marketplace.domain.errors import Conflict, RuleError
from marketplace.domain.permissions import Permission
from marketplace.domain.text import N_
from marketplace.edge.access import needs, signed_in
from marketplace.edge.context import actor, db, now, today
from marketplace.edge.errors import status_of
from marketplace.edge.i18n import message_of
from marketplace.use_cases import stand_ins
from marketplace.web.assets import field_messages
from marketplace.web.mistakes import mistakes_in

blueprint = Blueprint("stand_ins", __name__, url_prefix="/profile/stand-ins")

Page = str | tuple[str, int] | Response
LABELS = {
    "stand_in": N_("代理人"),
    "starts_on": N_("第一天"),
    "ends_on": N_("最后一天"),
    "reason": N_("原因"),
}


@blueprint.get("")
@signed_in()
def page() -> Page:
    """The own stand-ins, and whom one stands in for."""
    return _page()


@blueprint.post("")
@needs(Permission.DECIDE)
def create() -> Page:
    """Name a stand-in."""
    try:
        made = stand_ins.name_stand_in(db(), actor(), now(), today(), request.form)
    except RuleError as error:
        return _page(error)
    flash(gettext("已请%(name)s在这段时间代您审批。", name=made.stand_in.name), "success")
    return redirect(url_for("stand_ins.page"))


@blueprint.post("/<int:stand_in_id>/end")
@needs(Permission.DECIDE)
def end(stand_in_id: int) -> Response:
    """End a period early."""
    try:
        ended = stand_ins.end_early(db(), actor(), now(), today(), stand_in_id)
        flash(gettext("已结束，%(name)s不再代您审批。", name=ended.stand_in.name), "success")
    except Conflict as error:
        db().rollback()
        flash(message_of(error), "danger")
    return redirect(url_for("stand_ins.page"))


def _page(error: RuleError | None = None) -> Page:
    if error:
        db().rollback()
    labels = {name: gettext(label) for name, label in LABELS.items()}
    decides = actor().may_anywhere(Permission.DECIDE)
    body = render_template(
        "auth/stand_ins.html",
        own=stand_ins.own(db(), actor()),
        duties=stand_ins.duties(db(), actor(), today()),
        decides=decides,
        candidates=stand_ins.candidates(db(), actor()) if decides else (),
        today=today(),
        typed=request.form if error else {},
        labels=labels,
        error=message_of(error) if error else "",
        errors=field_messages(error),
        mistakes=mistakes_in(error, labels),
    )
    return (body, status_of(error)) if error else body
