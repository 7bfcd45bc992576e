"""A card as a row of the register, and the few fields of it that can be mended in place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from marketplace.db.assets import Asset
from marketplace.domain.assets import BY_NAME
from marketplace.domain.errors import Conflict, Invalid, RuleError
from marketplace.domain.permissions import Permission
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, is_partial, now
from marketplace.edge.errors import status_of
from marketplace.edge.i18n import message_of
from marketplace.use_cases import assets
from marketplace.use_cases.card_rows import CardRow, has_several_units, row_of
from marketplace.web import asset_form
from marketplace.web.assets import field_messages
from marketplace.web.hits import icon_of
from marketplace.web.templating import marked

blueprint = Blueprint("card_rows", __name__, url_prefix="/assets/<int:asset_id>/row")

EDITED = ("location", "using_department", "using_person", "condition", "use_status", "note")
"""What changes as things are moved and used, and nothing else depends on."""

Page = str | tuple[str, int] | Response


@blueprint.get("")
@needs(Permission.READ_ASSETS)
def show(asset_id: int) -> Page:
    """The row as it is: what giving up an edit comes back to."""
    if not is_partial():
        return redirect(url_for("assets.page", asset_id=asset_id))
    return _row(asset_id)


@blueprint.get("/edit")
@needs(Permission.EDIT_ASSETS)
def edit(asset_id: int) -> Page:
    """The row as a small form; without scripts the whole card as one."""
    if not is_partial():
        return redirect(url_for("assets.edit", asset_id=asset_id))
    return _form(assets.load(db(), actor(), asset_id, Permission.EDIT_ASSETS))


@blueprint.post("")
@needs(Permission.EDIT_ASSETS)
def save(asset_id: int) -> Page:
    """Save the row. Where somebody changed the same fields meanwhile, both are shown and nothing is lost."""
    asset = assets.load(db(), actor(), asset_id, Permission.EDIT_ASSETS)
    typed = {name: request.form[name] for name in EDITED if name in request.form}
    untouched = request.form.get("base", "") == _base(asset)
    version = asset.version if untouched else request.form.get("version", type=int) or 0
    try:
        assets.edit(db(), actor(), now(), asset_id, version, typed)
    except (Invalid, Conflict) as error:
        db().rollback()
        asset = assets.load(db(), actor(), asset_id, Permission.EDIT_ASSETS)
        return _form(asset, request.form, error=error), status_of(error)
    response = make_response(_row(asset_id))
    said = {"text": gettext("已保存“%(name)s”。", name=asset.name), "tone": "ok"}
    response.headers["HX-Trigger"] = json.dumps({"toast": said})
    return response


def row_view(row: CardRow, lit: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A card ready to draw as a row; ``lit`` holds its highlighted texts."""
    asset, lit = row.asset, lit or {}
    return {
        "asset": asset,
        "cover": url_for("media.photo", digest=row.cover, size="thumb") if row.cover else None,
        "icon": icon_of(f"{asset.category_edition}:{asset.category_code}"),
        "name_html": marked(lit.get("name") or asset.name),
        "number_html": marked(lit.get("number") or asset.number),
        "spec": " ".join(text for text in (asset.brand, asset.model) if text),
        "may_edit": actor().may(Permission.EDIT_ASSETS, asset.unit.path) and asset.state not in assets.FINAL,
    }


def _row(asset_id: int) -> str:
    return render_template(
        "register/row.html",
        row=row_view(row_of(db(), actor(), asset_id)),
        back_from_edit=True,
        **columns(),
    )


def columns() -> dict[str, bool]:
    """Which columns there are besides the ones that everybody sees."""
    return {
        "may_list": actor().may_anywhere(Permission.LIST_ASSETS),
        "several_units": has_several_units(db(), actor()),
    }


def _form(asset: Asset, typed: Mapping[str, str] | None = None, *, error: RuleError | None = None) -> str:
    clash = isinstance(error, Conflict) and error.code == "version_conflict"
    return render_template(
        "register/row_form.html",
        asset=asset,
        fields=[BY_NAME[name] for name in EDITED],
        values=typed or asset_form.texts_of(asset),
        # Only where both versions are shown is saving again based on the newer one.
        version=asset.version if typed is None or clash else typed.get("version", ""),
        base=_base(asset) if typed is None or clash else typed.get("base", ""),
        differences=asset_form.differences(typed, asset) if typed and clash else [],
        error=message_of(error) if error else "",
        errors=field_messages(error),
        **columns(),
    )


def _base(asset: Asset) -> str:
    """What the row said when its form was opened."""
    texts = asset_form.texts_of(asset)
    return json.dumps({name: texts[name] for name in EDITED})
