"""Offering many assets alike: choose them in the register, fill in one offer, see what came of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from marketplace.db.people import User
from marketplace.domain.assets import CONDITIONS, Secrecy
from marketplace.domain.errors import RuleError, invalid_field
from marketplace.domain.listings import Offer, check_offer
from marketplace.domain.permissions import Permission
from marketplace.domain.queue import WINDOW_DAYS, AwardRule
from marketplace.domain.text import N_
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, now
from marketplace.edge.errors import status_of
from marketplace.edge.i18n import message_of
from marketplace.use_cases import listings
from marketplace.use_cases.card_rows import rows_of
from marketplace.web import bulk_selection
from marketplace.web.assets import field_messages, read_offer
from marketplace.web.card_rows import row_view
from marketplace.web.register import back_to, settle

blueprint = Blueprint("bulk_listing", __name__, url_prefix="/assets/bulk")

Page = str | tuple[str, int] | Response


@blueprint.post("/offer")
@needs(Permission.LIST_ASSETS)
def offer() -> Page:
    """The chosen assets with one offer for all to fill in; those that can't be offered say why."""
    try:
        chosen = _chosen()
    except RuleError as error:
        flash(message_of(error), "error")
        return redirect(back_to(request.form))
    return _form(chosen, _usual())


@blueprint.post("/list")
@needs(Permission.LIST_ASSETS)
def put_on_offer() -> Page:
    """Offer the chosen assets; those that can't be come back with the reason."""
    chosen = bulk_selection.numbers(request.form.getlist("asset"))
    try:
        wanted = _offer()
        listed, refused = listings.list_many(db(), actor(), now(), chosen, wanted)
    except RuleError as error:
        db().rollback()
        typed = {**request.form, "modes": request.form.getlist("modes")}
        return _form(chosen, typed, error=error), status_of(error)
    settle()
    if not refused:
        flash(gettext("已上架%(count)d项，约一秒后就能在广场找到。", count=len(listed)), "ok")
        return redirect(back_to(request.form))
    return _report(listed, refused)


def _chosen() -> list[int]:
    """The chosen assets.

    Raises:
        Invalid: none, or more than one bulk action takes.
    """
    ids = bulk_selection.chosen(request.form, listings.BULK_LIMIT)
    if not ids:
        raise invalid_field("asset", N_("请先勾选要上架的资产。"))
    if len(ids) > listings.BULK_LIMIT:
        raise invalid_field("asset", N_("一次最多上架%(limit)d项，请分批办理。"), limit=listings.BULK_LIMIT)
    return ids


def _offer() -> Offer:
    """The offer as it was filled in, refused here where it fits no asset at all."""
    wanted = read_offer(request.form)
    check_offer(wanted, secrecy=Secrecy.NONE, available=1)
    return wanted


def _usual() -> dict[str, Any]:
    """What the offer starts with."""
    user = db().get(User, actor().user_id) if actor().user_id else None
    return {
        "modes": ["transfer", "loan"],
        "contact_name": user.name if user else "",
        "contact_phone": user.phone if user else "",
        "award_rule": AwardRule.FIRST_COME,
        "window_days": WINDOW_DAYS,
    }


def _form(chosen: list[int], values: Mapping[str, Any], *, error: RuleError | None = None) -> str:
    rows = [(row_view(row), listings.hindrance(actor(), row.asset)) for row in rows_of(db(), actor(), chosen)]
    return render_template(
        "register/offer.html",
        fit=[row for row, reason in rows if reason is None],
        unfit=[(row, message_of(reason)) for row, reason in rows if reason is not None],
        values=values,
        back=back_to(request.form),
        condition_options=[(code, gettext(words[0])) for code, words in CONDITIONS.items()],
        error=message_of(error) if error else "",
        errors=field_messages(error),
    )


def _report(listed: list[int], refused: Mapping[int, RuleError]) -> str:
    rows = {row.asset.id: row_view(row) for row in rows_of(db(), actor(), [*listed, *refused])}
    return render_template(
        "register/bulk_report.html",
        listed=[rows[asset_id] for asset_id in listed if asset_id in rows],
        refused=[(asset_id, rows.get(asset_id), message_of(error)) for asset_id, error in refused.items()],
        back=back_to(request.form),
    )
