"""One asset: its page, its card, its offer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from marketplace.db.assets import Asset
from marketplace.db.people import User
from marketplace.domain import values
from marketplace.domain.assets import CONDITIONS, Condition
from marketplace.domain.errors import Conflict, Invalid, RuleError, invalid_field
from marketplace.domain.life import Step
from marketplace.domain.listings import Offer, check_secrecy, read_modes
from marketplace.domain.permissions import Permission
from marketplace.domain.places import distance_km
from marketplace.domain.queue import WINDOW_DAYS, AwardRule
from marketplace.domain.states import AssetAction, open_actions
from marketplace.domain.text import N_
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, identity, now
from marketplace.edge.errors import status_of
from marketplace.edge.i18n import day, message_of
from marketplace.edge.photos import photo_url
from marketplace.use_cases import assets, listings
from marketplace.use_cases.asset_life import life_of
from marketplace.use_cases.category_names import read_category
from marketplace.web import asset_form, navigation
from marketplace.web.asset_facts import facts_of
from marketplace.web.asset_history import events
from marketplace.web.hits import icon_of
from marketplace.web.order_panel import panel_of
from marketplace.web.timetable import outlook_of

blueprint = Blueprint("assets", __name__, url_prefix="/assets")
READ = (Permission.FIND, Permission.READ_ASSETS)
HISTORY = 100
"""Entries of the history that the page shows."""

_GALLERY = {"large": "large", "medium": "medium", "small": "thumb"}
"""Names of the sizes in the gallery, and in the store."""

Page = str | tuple[str, int] | Response


@blueprint.get("/<int:asset_id>")
@needs(*READ)
def page(asset_id: int) -> Page:
    """What there is to know before asking for it, and what its holder may do with it."""
    return asset_page(assets.load(db(), actor(), asset_id))


@blueprint.get("/new")
@needs(Permission.EDIT_ASSETS)
def new() -> Page:
    """An empty card."""
    return asset_form.page(asset_form.defaults())


@blueprint.post("/new")
@needs(Permission.EDIT_ASSETS)
def create() -> Page:
    """Open the card, or show the form again with everything that was typed."""
    form = request.form
    try:
        category = read_category(db(), form.get("category", ""))
        typed = asset_form.typed_in(form)
        asset = assets.create(db(), actor(), now(), form.get("unit_code", ""), typed, category)
    except RuleError as error:
        db().rollback()
        return asset_form.page(form, error=error)
    flash(gettext("已建卡。可以继续添加照片，再入仓上架。"), "ok")
    return redirect(url_for("assets.page", asset_id=asset.id))


@blueprint.get("/<int:asset_id>/edit")
@needs(Permission.EDIT_ASSETS)
def edit(asset_id: int) -> Page:
    """The card as a form."""
    asset = assets.load(db(), actor(), asset_id, Permission.EDIT_ASSETS)
    if asset.state in assets.FINAL:
        raise Conflict(N_("卡片已销账，不能再修改。"), code="wrong_state", state=asset.state)
    return asset_form.page(asset_form.texts_of(asset), asset=asset, version=asset.version)


@blueprint.post("/<int:asset_id>/edit")
@needs(Permission.EDIT_ASSETS)
def save(asset_id: int) -> Page:
    """Save the card. If somebody was faster, both versions are shown and nothing typed is lost."""
    form = request.form
    asset = assets.load(db(), actor(), asset_id, Permission.EDIT_ASSETS)
    version = form.get("version", type=int) or 0
    if asset_form.only_others_changed(form, asset):
        version = asset.version
    try:
        category = read_category(db(), form.get("category", ""))
        typed = asset_form.typed_in(form)
        assets.edit(db(), actor(), now(), asset_id, version, typed, category, clear_category=not category)
    except (Invalid, Conflict) as error:
        db().rollback()
        asset = assets.load(db(), actor(), asset_id, Permission.EDIT_ASSETS)
        # Only where both versions are shown is saving again based on the newer one.
        shown = asset.version if isinstance(error, Conflict) else version
        return asset_form.page(form, asset=asset, version=shown, error=error)
    flash(gettext("已保存。"), "ok")
    return redirect(url_for("assets.page", asset_id=asset_id))


@blueprint.post("/<int:asset_id>/list")
@needs(Permission.LIST_ASSETS)
def put_on_offer(asset_id: int) -> Page:
    """Offer the asset in the warehouse."""
    try:
        listings.list_asset(db(), actor(), now(), asset_id, read_offer(request.form))
    except RuleError as error:
        return _refused(asset_id, error)
    flash(gettext("已入仓上架，数秒后即可被搜索到。"), "ok")
    return redirect(url_for("assets.page", asset_id=asset_id))


@blueprint.post("/<int:asset_id>/withdraw")
@needs(Permission.LIST_ASSETS)
def withdraw(asset_id: int) -> Page:
    """Take the asset off offer."""
    try:
        listings.withdraw(db(), actor(), now(), asset_id, request.form.get("reason", "")[:2000])
    except RuleError as error:
        return _refused(asset_id, error)
    flash(gettext("已撤回，其他单位不再看到它。需要时可以重新上架。"), "ok")
    return redirect(url_for("assets.page", asset_id=asset_id))


def read_offer(form: MultiDict[str, str]) -> Offer:
    """An offer from the form that one asset and many share.

    Raises:
        Invalid: a value can't be read.
    """
    condition = form.get("condition", "")
    return Offer(
        modes=read_modes(form.getlist("modes")),
        quantity=_quantity(form.get("quantity", "")),
        condition=Condition(condition) if condition in set(Condition) else None,
        place=form.get("place", "")[:200],
        contact_name=form.get("contact_name", "")[:60],
        contact_phone=form.get("contact_phone", "")[:40],
        note=form.get("note", "")[:2000],
        own_department_only=form.get("audience") == "department",
        award_rule=AwardRule.WINDOW if form.get("award_rule") == AwardRule.WINDOW else AwardRule.FIRST_COME,
        window_days=_window_days(form.get("window_days", "")),
    )


def _quantity(text: str) -> int | None:
    """How many are offered; all of them where nothing is said."""
    if not text.strip():
        return None
    try:
        return values.read_integer(text)
    except ValueError as error:
        raise invalid_field("quantity", str(error)) from None


def _window_days(text: str) -> int:
    try:
        return values.read_integer(text) if text.strip() else WINDOW_DAYS
    except ValueError as error:
        raise invalid_field("window_days", str(error)) from None


def _refused(asset_id: int, error: RuleError) -> Page:
    db().rollback()
    return asset_page(assets.load(db(), actor(), asset_id), error=error), status_of(error)


def asset_page(asset: Asset, *, error: RuleError | None = None, wish_error: RuleError | None = None) -> str:
    """The page of an asset, with what was wrong with what was done on it, or with a wish for it."""
    whole = assets.may_read_card(actor(), asset)
    in_register = whole and (asset.listing is None or actor().home_unit_id in asset.unit.path)
    navigation.mark(navigation.REGISTER if in_register else navigation.PLAZA)
    return render_template(
        "assets/page.html",
        asset=asset,
        whole=whole,
        in_register=in_register,
        facts=facts_of(asset, whole=whole),
        pictures=_pictures(asset),
        steps=[_step(step) for step in life_of(db(), actor(), asset)],
        outlook=outlook_of(asset) if whole else None,
        icon=icon_of(f"{asset.category_edition}:{asset.category_code}"),
        own=asset.unit_id == actor().home_unit_id,
        distance_km=_distance_km(asset),
        may_edit=actor().may(Permission.EDIT_ASSETS, asset.unit.path) and asset.state not in assets.FINAL,
        actions=open_actions(asset.state, actor(), asset.unit.path),
        hindrance=_hindrance(asset),
        AssetAction=AssetAction,
        offer=_offer_values(asset),
        panel=panel_of(asset, wish_error),
        condition_options=[(code, gettext(words[0])) for code, words in CONDITIONS.items()],
        history=events(assets.history(db(), actor(), asset.id, limit=HISTORY)) if whole else [],
        history_limit=HISTORY,
        error=message_of(error) if error else "",
        errors=field_messages(error),
        basis=error.basis if error else "",
    )


def _distance_km(asset: Asset) -> float | None:
    """How far the holder is from the reader's own unit; None for its own, and where a place isn't known."""
    found = identity()
    if found is None or found.home_position is None or asset.unit_id == found.actor.home_unit_id:
        return None
    latitude, longitude = asset.unit.latitude, asset.unit.longitude
    if latitude is None or longitude is None:
        return None
    return distance_km(found.home_position, (latitude, longitude))


def _pictures(asset: Asset) -> list[dict[str, Any]]:
    """Photos for the gallery, the cover first."""
    ordered = sorted(asset.photos, key=lambda photo: photo.id != asset.cover_photo_id)
    return [
        {
            **{name: photo_url(photo.digest, size) for name, size in _GALLERY.items()},
            "width": photo.width,
            "height": photo.height,
            "alt": photo.caption,
        }
        for photo in ordered
    ]


def _step(step: Step) -> dict[str, str]:
    return {
        "label": gettext(step.label),
        "state": step.progress,
        "when": day(step.since) if step.since else "",
    }


def _hindrance(asset: Asset) -> RuleError | None:
    """Why this asset can't be offered at all, whatever is filled in."""
    try:
        check_secrecy(asset.secrecy)
    except RuleError as error:
        return error
    return None


def _offer_values(asset: Asset) -> Mapping[str, Any]:
    """What the form for an offer starts with: what was typed, else what is usual."""
    if request.form:
        return {**request.form, "modes": request.form.getlist("modes")}
    user = db().get(User, actor().user_id) if actor().user_id else None
    return {
        "modes": ["transfer", "loan"],
        "quantity": asset.quantity,
        "condition": asset.condition,
        "place": asset.location or "",
        "contact_name": user.name if user else "",
        "contact_phone": user.phone if user else "",
        "award_rule": AwardRule.FIRST_COME,
        "window_days": WINDOW_DAYS,
    }


def field_messages(error: RuleError | None) -> dict[str, str]:
    """What is wrong, by field."""
    return {field.field: message_of(field) for field in error.fields} if isinstance(error, Invalid) else {}
