"""Asking for an asset from its own page: into the basket, or at once."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from marketplace.db.assets import Asset
from marketplace.db.orders import Order
from marketplace.db.people import Unit
from marketplace.domain import values
from marketplace.domain.errors import NotFound, RuleError, invalid_field
from marketplace.domain.orders import OrderKind, Urgency
from marketplace.domain.permissions import Permission
from marketplace.domain.text import N_
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, now, today
from marketplace.edge.errors import status_of
from marketplace.use_cases import asset_demand, assets, order_drafts, order_submission
from marketplace.use_cases.order_drafts import Details
from marketplace.web import order_panel
from marketplace.web.assets import asset_page
from marketplace.web.basket import after_submission
from marketplace.web.basket_form import read_day

blueprint = Blueprint("order_requests", __name__, url_prefix="/assets/<int:asset_id>/request")

Page = str | tuple[str, int] | Response


@blueprint.get("")
@needs(Permission.REQUEST_ASSETS)
def following(asset_id: int) -> Page:
    """What will become of the wish as it is filled in so far: a piece of the asset's page."""
    asset = assets.load(db(), actor(), asset_id)
    demand = asset_demand.demand_for(db(), today(), [asset.id])[asset.id]
    found = order_panel.way_for(asset, order_panel.units_for(asset), demand, request.args)
    return render_template("assets/_request_way.html", way=found)


@blueprint.post("")
@needs(Permission.REQUEST_ASSETS)
def ask(asset_id: int) -> Page:
    """Put it into the basket, or submit it at once; what is wrong is said beside what was typed."""
    asset = assets.load(db(), actor(), asset_id)
    at_once = request.form.get("act") == "submit"
    try:
        order = _wish(asset, at_once=at_once)
        if at_once:
            made = order_submission.submit(db(), actor(), now(), today(), [order.id])
            return after_submission(made)
    except NotFound:
        raise
    except RuleError as error:
        db().rollback()
        return asset_page(assets.load(db(), actor(), asset_id), wish_error=error), status_of(error)
    flash(
        gettext(
            "已加入申请单，现有%(count)d项。选好后到“申请单”一起提交。",
            count=order_drafts.count_drafts(db(), actor().user_id or 0),
        ),
        "ok",
    )
    return redirect(url_for("assets.page", asset_id=asset_id))


def _wish(asset: Asset, *, at_once: bool) -> Order:
    """The draft that the form describes: of its own, or in the basket."""
    form = request.form
    kind = form.get("kind", "")
    if kind not in set(OrderKind):
        raise invalid_field("kind", N_("请选择调剂或借用。"))
    begin = order_drafts.ask_for if at_once else order_drafts.put_in
    order = begin(db(), actor(), now(), asset.id, OrderKind(kind), _quantity(), _unit(asset))
    urgency = form.get("urgency", "")
    details = Details(
        reason=form.get("reason") or None,
        urgency=Urgency(urgency) if urgency in set(Urgency) and (at_once or form.get("reason")) else None,
        starts_on=read_day("start"),
        ends_on=read_day("end"),
    )
    return order_drafts.save(db(), actor(), order.id, details)


def _quantity() -> int:
    try:
        return values.read_integer(request.form.get("quantity", ""))
    except ValueError as error:
        raise invalid_field("quantity", str(error)) from None


def _unit(asset: Asset) -> Unit:
    code = request.form.get("unit_code", "").strip()
    found = next((unit for unit in order_panel.units_for(asset) if unit.code == code), None)
    if found is None:
        raise invalid_field("unit_code", N_("请选择申请单位。"))
    return found
