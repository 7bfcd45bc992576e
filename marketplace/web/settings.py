"""参数: what an administrator sets without a release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from marketplace.domain.errors import Invalid, RuleError
from marketplace.domain.order_limits import OrderLimits, read_limits
from marketplace.domain.permissions import Permission
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, now
from marketplace.edge.errors import status_of
from marketplace.edge.i18n import message_of
from marketplace.use_cases import order_limits

blueprint = Blueprint("settings", __name__, url_prefix="/admin/settings")

Page = str | Response | tuple[str, int]


@blueprint.get("")
@needs(Permission.MANAGE_SETTINGS)
def page() -> Page:
    """The limits and deadlines of orders."""
    return _page(asdict(order_limits.current(db())))


@blueprint.post("")
@needs(Permission.MANAGE_SETTINGS)
def save() -> Page:
    """Change them, unless somebody else did meanwhile; what was typed stays."""
    typed = {
        one.name: request.form.get(one.name, "0" if one.metadata["high"] == 1 else "") for one in _FIELDS
    }
    try:
        shown = read_limits({one.name: request.form.get(f"was_{one.name}", "") for one in _FIELDS})
        order_limits.save(db(), actor(), now(), read_limits(typed), shown)
    except RuleError as error:
        db().rollback()
        return _page(typed, error), status_of(error)
    flash(gettext("已保存，从现在起办理的事项按新的参数。"), "ok")
    return redirect(url_for("settings.page"))


_FIELDS = fields(OrderLimits)


def _page(values: Mapping[str, object], error: RuleError | None = None) -> str:
    found = error.fields if isinstance(error, Invalid) else ()
    current = asdict(order_limits.current(db()))
    return render_template(
        "admin/settings.html",
        limits=[
            {
                "name": one.name,
                "label": gettext(one.metadata["label"]),
                "unit": gettext(one.metadata["unit"]) if one.metadata["unit"] else "",
                "low": one.metadata["low"],
                "high": one.metadata["high"],
                "switch": one.metadata["high"] == 1,
                "value": values[one.name],
                "was": current[one.name],
                "default": one.default,
                "errors": [message_of(mistake) for mistake in found if mistake.field == one.name],
            }
            for one in _FIELDS
        ],
        error=message_of(error) if error and not found else "",
    )
