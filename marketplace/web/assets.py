"""One asset: its page, its card, its offer, its photos."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from marketplace.db.assets import Asset
from marketplace.domain.assets import FIELDS, Condition, Group
from marketplace.domain.errors import Conflict, Invalid, RuleError
from marketplace.domain.listings import Offer, read_modes
from marketplace.domain.permissions import Permission
from marketplace.domain.states import ACTION_NAMES, open_actions
from marketplace.domain.text import N_
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, now
from marketplace.edge.errors import status_of
from marketplace.edge.i18n import message_of
from marketplace.use_cases import assets, catalogue, listings

blueprint = Blueprint("assets", __name__, url_prefix="/assets")
READ = (Permission.FIND, Permission.READ_ASSETS)

GROUPS = {
    Group.MAIN: N_("基本信息"),
    Group.BOOKS: N_("价值与入账"),
    Group.USE: N_("使用与管理"),
    Group.VEHICLE: N_("车辆"),
    Group.PROPERTY: N_("房屋与土地"),
}

Page = str | tuple[str, int] | Response


@blueprint.get("/<int:asset_id>")
@needs(*READ)
def page(asset_id: int) -> Page:
    """What there is to know before asking for it, and what its holder may do with it."""
    return _asset_page(assets.load(db(), actor(), asset_id))


@blueprint.get("/new")
@needs(Permission.EDIT_ASSETS)
def new() -> Page:
    """An empty card."""
    return _form(values={field.name: field.default for field in FIELDS if field.default is not None})


@blueprint.post("/new")
@needs(Permission.EDIT_ASSETS)
def create() -> Page:
    """Open the card, or show the form again with everything that was typed."""
    try:
        asset = assets.create(
            db(), actor(), now(), request.form.get("unit_code", ""), _typed(), _category(request.form)
        )
    except RuleError as error:
        db().rollback()
        return _form(values=request.form, error=error)
    flash(gettext("已建卡。可以继续添加照片,再入仓上架。"), "success")
    return redirect(url_for("assets.page", asset_id=asset.id))


@blueprint.get("/<int:asset_id>/edit")
@needs(Permission.EDIT_ASSETS)
def edit(asset_id: int) -> Page:
    """The card as a form."""
    asset = assets.load(db(), actor(), asset_id, Permission.EDIT_ASSETS)
    return _form(values=assets.snapshot(asset), asset=asset, version=asset.version)


@blueprint.post("/<int:asset_id>/edit")
@needs(Permission.EDIT_ASSETS)
def save(asset_id: int) -> Page:
    """Save the card. If somebody was faster, both versions are shown and nothing typed is lost."""
    version = request.form.get("version", type=int)
    try:
        key = _category(request.form)
        asset = assets.edit(
            db(), actor(), now(), asset_id, version or 0, _typed(), key, clear_category=key is None
        )
    except (Invalid, Conflict) as error:
        db().rollback()
        asset = assets.load(db(), actor(), asset_id, Permission.EDIT_ASSETS)
        # Saving again is then based on what the form shows beside the typed values.
        return _form(values=request.form, asset=asset, version=asset.version, error=error)
    flash(gettext("已保存。"), "success")
    return redirect(url_for("assets.page", asset_id=asset.id))


@blueprint.post("/<int:asset_id>/list")
@needs(Permission.LIST_ASSETS)
def put_on_offer(asset_id: int) -> Page:
    """Offer the asset in the warehouse."""
    try:
        listings.list_asset(db(), actor(), now(), asset_id, read_offer(request.form))
    except RuleError as error:
        return _refused(asset_id, error, "list")
    flash(gettext("已入仓上架,数秒后即可被搜索到。"), "success")
    return redirect(url_for("assets.page", asset_id=asset_id))


@blueprint.post("/<int:asset_id>/withdraw")
@needs(Permission.LIST_ASSETS)
def withdraw(asset_id: int) -> Page:
    """Take the asset off offer."""
    try:
        listings.withdraw(db(), actor(), now(), asset_id, request.form.get("reason", ""))
    except RuleError as error:
        return _refused(asset_id, error, "withdraw")
    flash(gettext("已撤回,其他单位不再看到它。需要时可以重新上架。"), "success")
    return redirect(url_for("assets.page", asset_id=asset_id))


def read_offer(form: Mapping[str, Any]) -> Offer:
    """An offer from the form that one asset and many share.

    Raises:
        Invalid: a value can't be read.
    """
    condition = form.get("condition", "")
    return Offer(
        modes=read_modes(request.form.getlist("modes")),
        quantity=request.form.get("quantity", type=int),
        condition=Condition(condition) if condition in set(Condition) else None,
        place=form.get("place", "")[:200],
        contact_name=form.get("contact_name", "")[:60],
        contact_phone=form.get("contact_phone", "")[:40],
        note=form.get("note", "")[:2000],
        own_department_only=form.get("audience") == "department",
    )


def _refused(asset_id: int, error: RuleError, form: str) -> Page:
    db().rollback()
    return _asset_page(assets.load(db(), actor(), asset_id), error=error, open_form=form), status_of(error)


def _asset_page(asset: Asset, *, error: RuleError | None = None, open_form: str = "") -> str:
    whole = assets.may_read_card(actor(), asset)
    return render_template(
        "assets/page.html",
        asset=asset,
        card=assets.snapshot(asset),
        whole=whole,
        groups=GROUPS,
        fields=FIELDS,
        actions=open_actions(asset.state, actor(), asset.unit.path),
        action_names=ACTION_NAMES,
        may_edit=actor().may(Permission.EDIT_ASSETS, asset.unit.path) and asset.state not in assets.FINAL,
        history=assets.history(db(), actor(), asset.id) if whole else (),
        error=message_of(error) if error else "",
        errors=field_messages(error),
        basis=error.basis if error else "",
        open_form=open_form,
        typed=request.form,
    )


def _form(
    *, values: Mapping[str, Any], asset: Asset | None = None, version: int = 0, error: RuleError | None = None
) -> Page:
    body = render_template(
        "assets/form.html",
        asset=asset,
        values=values,
        version=version,
        fields=FIELDS,
        groups=GROUPS,
        units=assets.editable_units(db(), actor()) if asset is None else (),
        categories=catalogue.category_tree(db()),
        kept=assets.snapshot(asset) if asset is not None and isinstance(error, Conflict) else None,
        error=message_of(error) if error else "",
        errors=field_messages(error),
    )
    return (body, status_of(error)) if error else body


def field_messages(error: RuleError | None) -> dict[str, str]:
    """What is wrong, by field."""
    return {field.field: message_of(field) for field in error.fields} if isinstance(error, Invalid) else {}


def _typed() -> dict[str, object]:
    return {field.name: request.form[field.name] for field in FIELDS if field.name in request.form}


def _category(form: Mapping[str, str]) -> assets.CategoryKey | None:
    edition, _, code = form.get("category", "").partition(":")
    return (edition, code) if code else None
