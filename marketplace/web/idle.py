"""闲置: what seems to be idle, why, until when to answer, and deciding on objections."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from marketplace.db.idle import IdleFlag
from marketplace.db.people import Unit
from marketplace.domain.errors import Invalid, NotAllowed, NotFound, RuleError
from marketplace.domain.idle import ANSWER_NAMES, BASIS, ON_SILENCE_NAMES, REVIEW_NAMES, Answer, FlagAction
from marketplace.domain.permissions import Permission
from marketplace.domain.text import N_
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, now, today
from marketplace.edge.errors import status_of
from marketplace.edge.i18n import message_of
from marketplace.use_cases import idle, idle_actions
from marketplace.use_cases.idle import Outcome, Show
from marketplace.use_cases.idle_places import place_of, read_place
from marketplace.web.assets import field_messages
from marketplace.web.bulk_selection import numbers
from marketplace.web.idle_texts import evidence_of, rule_of

blueprint = Blueprint("idle", __name__, url_prefix="/idle")

Page = str | tuple[str, int] | Response
READ = (Permission.LIST_ASSETS, Permission.REVIEW_IDLE)
ROWS = 50
_TABS = {Show.OPEN: N_("待答复"), Show.REVIEW: N_("待复核"), Show.ANSWERED: N_("已办结")}


@blueprint.get("")
@needs(*READ)
def page() -> Page:
    """Flags of the units in scope: what is to be answered first."""
    return _page()


@blueprint.post("")
@needs(Permission.LIST_ASSETS)
def answer() -> Page:
    """Answer the ticked flags alike: ``do`` is list, confirm or object."""
    chosen = numbers(request.form.getlist("flag"))
    try:
        outcome = _answered(request.form.get("do", ""), chosen)
    except RuleError as error:
        db().rollback()
        return _page(error)
    if not outcome.refused:
        flash(_said(request.form.get("do", ""), len(outcome.done)), "ok")
        return redirect(_back())
    return _report(outcome)


@blueprint.get("/<int:flag_id>")
@needs(*READ)
def flag(flag_id: int) -> Page:
    """One flag with all that was said about it."""
    return _flag_page(flag_id)


@blueprint.post("/<int:flag_id>")
@needs(Permission.LIST_ASSETS)
def answer_one(flag_id: int) -> Page:
    """Answer one flag; a confirmed one goes on to the form in which it is offered."""
    wanted = request.form.get("do", "")
    try:
        outcome = _answered(wanted, [flag_id])
        if outcome.refused:
            raise outcome.refused[flag_id]
    except RuleError as error:
        db().rollback()
        return _flag_page(flag_id, error)
    flash(_said(wanted, 1), "ok")
    asset_id = idle.find(db(), actor(), flag_id).asset_id
    if wanted == "object":
        return redirect(url_for("idle.flag", flag_id=flag_id))
    return redirect(url_for("assets.page", asset_id=asset_id))


@blueprint.post("/<int:flag_id>/review")
@needs(Permission.REVIEW_IDLE)
def review(flag_id: int) -> Page:
    """Accept or refuse an objection."""
    accept = request.form.get("do") == "accept"
    note = request.form.get("note", "")
    try:
        idle.review(db(), actor(), now(), today(), flag_id, accept=accept, note=note)
    except RuleError as error:
        db().rollback()
        return _flag_page(flag_id, error)
    flash(gettext("已采纳，资产恢复在用。") if accept else gettext("未采纳，已请持有单位另行答复。"), "ok")
    return redirect(url_for("idle.page", show=Show.REVIEW))


@blueprint.post("/in-use/<int:asset_id>")
@needs(Permission.EDIT_ASSETS)
def confirm_in_use(asset_id: int) -> Response:
    """Confirm by hand that a thing is in use."""
    try:
        idle.confirm_in_use(db(), actor(), now(), today(), asset_id)
        flash(gettext("已记下：今天确认在用。"), "ok")
    except (NotFound, NotAllowed):
        raise
    except RuleError as error:
        db().rollback()
        flash(message_of(error), "error")
    return redirect(url_for("assets.page", asset_id=asset_id))


def _answered(wanted: str, chosen: list[int]) -> Outcome:
    if wanted == "list":
        return idle.put_on_offer(db(), actor(), now(), chosen)
    if wanted == "object":
        return idle.object_to(db(), actor(), now(), chosen, request.form.get("reason", ""))
    return idle.confirm(db(), actor(), now(), chosen)


def _said(wanted: str, count: int) -> str:
    if wanted == "list":
        return ngettext("已上架%(num)d项。", "已上架%(num)d项。", count)
    if wanted == "object":
        return ngettext("已提出申述%(num)d项，等候复核。", "已提出申述%(num)d项，等候复核。", count)
    return ngettext(
        "已确认%(num)d项闲置，请在期限前上架；到期未上架的自动上架。",
        "已确认%(num)d项闲置，请在期限前上架；到期未上架的自动上架。",
        count,
    )


def _page(error: RuleError | None = None) -> Page:
    show, unit = _shown(), request.args.get("unit", type=int)
    found = idle.search(
        db(),
        actor(),
        show,
        unit_id=unit,
        after=read_place(request.args.get("after", ""), show),
        limit=ROWS + 1,
    )
    rows = found[:ROWS]
    counts = idle.counts(db(), actor(), unit)
    body = render_template(
        "idle/page.html",
        show=show,
        unit=db().get(Unit, unit) if unit and rows else None,
        tabs=[
            {
                "label": gettext(_TABS[one]),
                "url": url_for("idle.page", show=one, unit=unit),
                "active": one is show,
                "count": counts.get(one) or None,
                "most": idle.MOST_COUNTED,
            }
            for one in Show
        ],
        rows=[_view(row) for row in rows],
        several_units=len({row.unit_id for row in rows}) > 1 or actor().may_anywhere(Permission.REVIEW_IDLE),
        may_answer=show is Show.OPEN and actor().may_anywhere(Permission.LIST_ASSETS),
        next_url=url_for("idle.page", show=show, unit=unit, after=place_of(rows[-1], show))
        if len(found) > ROWS
        else "",
        first_url=url_for("idle.page", show=show, unit=unit) if request.args.get("after") else "",
        typed=request.form if error else {},
        chosen=set(numbers(request.form.getlist("flag"))),
        error=message_of(error) if error and not isinstance(error, Invalid) else "",
        errors=field_messages(error),
        basis=BASIS,
    )
    return (body, status_of(error)) if error else body


def _view(row: IdleFlag) -> dict[str, Any]:
    late = row.closed_at is None and row.answer is not Answer.OBJECTED and row.answer_by < today()
    return {
        "flag": row,
        "asset": row.asset,
        "rule": rule_of(row),
        "evidence": evidence_of(row),
        "answer": gettext(ANSWER_NAMES[row.answer]) if row.answer else "",
        "review": gettext(REVIEW_NAMES[row.review]) if row.review else "",
        "on_silence": gettext(ON_SILENCE_NAMES[row.on_silence]),
        "late": late,
        "may_answer": FlagAction.LIST in idle_actions.allowed(actor(), row),
    }


def _flag_page(flag_id: int, error: RuleError | None = None) -> Page:
    row = idle.find(db(), actor(), flag_id)
    waits = row.closed_at is None and row.answer is Answer.OBJECTED
    body = render_template(
        "idle/flag.html",
        row=_view(row),
        may_object=FlagAction.OBJECT in idle_actions.allowed(actor(), row),
        may_review=waits and actor().may(Permission.REVIEW_IDLE, row.asset.unit.path),
        own=row.answered_by == actor().user_id,
        typed=request.form if error else {},
        error=message_of(error) if error and not isinstance(error, Invalid) else "",
        errors=field_messages(error),
        basis=BASIS,
    )
    return (body, status_of(error)) if error else body


def _report(outcome: Outcome) -> str:
    rows = [(idle.find(db(), actor(), flag_id), error) for flag_id, error in _seen(outcome)]
    return render_template(
        "idle/report.html",
        said=_said(request.form.get("do", ""), len(outcome.done)) if outcome.done else "",
        refused=[(row.asset, message_of(error)) for row, error in rows],
        gone=len(outcome.refused) - len(rows),
        back=_back(),
    )


def _seen(outcome: Outcome) -> list[tuple[int, RuleError]]:
    """What was refused, as far as the reader may know of it."""
    return [(flag_id, error) for flag_id, error in outcome.refused.items() if error.code != "not_found"]


def _shown() -> Show:
    word = request.args.get("show", "")
    return Show(word) if word in set(Show) else Show.OPEN


def _back() -> str:
    return url_for("idle.page", show=request.args.get("show"), unit=request.args.get("unit", type=int))
