"""参数 of disposals and auctions, each within what the law allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from marketplace.domain.auction_rules import FIELDS, as_json, read_rules
from marketplace.domain.errors import Invalid, RuleError
from marketplace.domain.permissions import Permission
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, now
from marketplace.edge.errors import status_of
from marketplace.edge.i18n import message_of
from marketplace.use_cases import auction_rules
from marketplace.web.settings import Page

blueprint = Blueprint("auction_settings", __name__, url_prefix="/admin/settings/auctions")


@blueprint.get("")
@needs(Permission.MANAGE_SETTINGS)
def page() -> Page:
    """The rules of disposals and auctions."""
    return _page(as_json(auction_rules.rules_of(db())))


@blueprint.post("")
@needs(Permission.MANAGE_SETTINGS)
def save() -> Page:
    """Change them, unless somebody else did meanwhile; what was typed stays."""
    typed = {one.name: request.form.get(one.name, "") for one in FIELDS}
    try:
        shown = read_rules({one.name: request.form.get(f"was_{one.name}", "") for one in FIELDS})
        auction_rules.save(db(), actor(), now(), read_rules(typed), shown)
    except RuleError as error:
        db().rollback()
        return _page(typed, error), status_of(error)
    flash(gettext("已保存，从现在起办理的事项按新的参数。"), "ok")
    return redirect(url_for("auction_settings.page"))


def _page(values: Mapping[str, object], error: RuleError | None = None) -> str:
    found = error.fields if isinstance(error, Invalid) else ()
    current = as_json(auction_rules.rules_of(db()))
    return render_template(
        "admin/auction_settings.html",
        rules=[
            _row(one.metadata)
            | {
                "name": one.name,
                "value": values[one.name],
                "was": current[one.name],
                "default": one.default,
                "errors": [message_of(mistake) for mistake in found if mistake.field == one.name],
            }
            for one in FIELDS
        ],
        error=message_of(error) if error and not found else "",
        basis_of_error=error.basis if error else "",
    )


def _row(about: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: about[name] for name in ("low", "high", "basis", "law")}
    unit = about["unit"]
    return kept | {"label": gettext(about["label"]), "unit": gettext(unit), "money": unit == "元"}
