"""What an asset on offer is offered with, as a form for its holder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from marketplace.db.assets import Asset
from marketplace.domain.assets import CONDITIONS
from marketplace.domain.errors import Conflict, Invalid, RuleError
from marketplace.domain.permissions import Permission
from marketplace.domain.queue import AWARD_RULE_NAMES
from marketplace.domain.text import N_
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, now, today
from marketplace.edge.errors import status_of
from marketplace.edge.i18n import message_of
from marketplace.use_cases import assets, listings
from marketplace.web.assets import field_messages, read_offer
from marketplace.web.facets import MODES
from marketplace.web.mistakes import mistakes_in

blueprint = Blueprint("listings", __name__, url_prefix="/assets/<int:asset_id>/listing")

Page = str | tuple[str, int] | Response
LABELS = {
    "modes": N_("方式"),
    "quantity": N_("上架数量"),
    "condition": N_("成色"),
    "place": N_("看样地点"),
    "contact_name": N_("联系人"),
    "contact_phone": N_("联系电话"),
    "note": N_("说明"),
    "audience": N_("先给谁"),
    "award_rule": N_("多人申请时"),
    "window_days": N_("集中受理天数"),
}
_WORDS: dict[str, Mapping[str, str]] = {
    "modes": MODES,
    "condition": {code: words[0] for code, words in CONDITIONS.items()},
    "award_rule": {rule.value: name for rule, name in AWARD_RULE_NAMES.items()},
    "audience": {"everyone": N_("所有单位"), "department": N_("先给本主管部门的单位")},
}


@blueprint.get("")
@needs(Permission.LIST_ASSETS)
def edit(asset_id: int) -> Page:
    """The offer as a form."""
    asset = assets.load(db(), actor(), asset_id, Permission.LIST_ASSETS)
    return _form(asset, listings.offered_with(asset), asset.version)


@blueprint.post("")
@needs(Permission.LIST_ASSETS)
def save(asset_id: int) -> Page:
    """Save the offer. If somebody changed it meanwhile, theirs is shown and nothing typed is lost."""
    asset = assets.load(db(), actor(), asset_id, Permission.LIST_ASSETS)
    # A photo or the card raises the version as well; whoever only changes the offer need not hear of it.
    untouched = request.form.get("base", "") == _base(listings.offered_with(asset))
    version = asset.version if untouched else request.form.get("version", type=int) or 0
    try:
        listings.change(db(), actor(), now(), today(), asset_id, read_offer(request.form), version=version)
    except (Invalid, Conflict) as error:
        db().rollback()
        asset = assets.load(db(), actor(), asset_id, Permission.LIST_ASSETS)
        return _form(asset, _typed(), version, error=error)
    flash(gettext("已保存，各单位看到的就是新的内容。"), "ok")
    return redirect(url_for("assets.page", asset_id=asset_id))


def _typed() -> dict[str, Any]:
    return {**request.form, "modes": request.form.getlist("modes")}


def _form(asset: Asset, offer: Mapping[str, Any], version: int, *, error: RuleError | None = None) -> Page:
    kept = listings.offered_with(asset)
    clash = isinstance(error, Conflict)
    body = render_template(
        "assets/listing.html",
        asset=asset,
        offer=offer,
        # Only where both versions are shown is saving again based on the newer one.
        version=asset.version if clash else version,
        base=_base(kept) if clash or not error else request.form.get("base", ""),
        promised=listings.promised(db(), asset),
        condition_options=[(code, gettext(words[0])) for code, words in CONDITIONS.items()],
        others=_changed_by_others(kept, offer) if clash else None,
        error=message_of(error) if error else "",
        errors=field_messages(error),
        mistakes=mistakes_in(error, {name: gettext(label) for name, label in LABELS.items()}),
    )
    return (body, status_of(error)) if error else body


def _base(kept: Mapping[str, Any]) -> str:
    """What the offer said when the form was opened."""
    return json.dumps(kept, ensure_ascii=False)


def _changed_by_others(kept: Mapping[str, Any], typed: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is kept by now where it differs from what was typed: label and value in words."""
    return [
        (gettext(label), _in_words(name, kept[name]))
        for name, label in LABELS.items()
        if _plain(kept[name]) != _plain(typed.get(name))
    ]


def _in_words(name: str, value: object) -> str:
    words = _WORDS.get(name, {})
    return "、".join(gettext(words[word]) if word in words else word for word in _plain(value))


def _plain(value: object) -> list[str]:
    """A value as the form sends it."""
    return sorted(map(str, value)) if isinstance(value, list) else [str(value or "")]
