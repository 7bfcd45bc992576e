"""Photos of the condition in which a thing changes hands, and of what an order is about."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request
from flask import Response as Answer
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from marketplace.domain.errors import RuleError
from marketplace.domain.permissions import Permission
from marketplace.edge.access import MANY_FILES, needs
from marketplace.edge.context import actor, db, is_partial, now, services, today
from marketplace.edge.i18n import message_of
from marketplace.edge.photos import photo_file
from marketplace.media.images import MAX_BYTES, SIZES
from marketplace.use_cases import handover_photos, orders
from marketplace.use_cases.handovers import BACK, OUT
from marketplace.web.handovers import open_sides, record_of
from marketplace.web.order_links import signing_url

blueprint = Blueprint("handover_photos", __name__, url_prefix="/orders/<int:order_id>")

Page = str | tuple[str, int] | Response


@blueprint.post("/<any('hand-over', 'return'):page>/photos")
@needs(Permission.HAND_OVER, takes=MANY_FILES)
def add_photos(order_id: int, page: str) -> Page:
    """Keep photos of the condition; each good one at once, so that none is lost before signing."""
    direction = _direction(order_id, page)
    refused, added = [], 0
    for file in request.files.getlist("file"):
        if file.filename:
            try:
                with db().begin_nested():
                    data = file.read(MAX_BYTES + 1)
                    handover_photos.add(
                        db(), services().photos, actor(), now(), today(), order_id, direction, data
                    )
                added += 1
            except RuleError as error:
                refused.append(gettext("%(name)s：%(reason)s", name=file.filename, reason=message_of(error)))
    if is_partial():
        return _pictures(order_id, direction, refused)
    for line in refused:
        flash(line, "error")
    if added:
        flash(ngettext("已添加%(num)d张照片。", "已添加%(num)d张照片。", added), "ok")
    return redirect(signing_url(order_id, direction) + "#photos")


@blueprint.post("/<any('hand-over', 'return'):page>/photos/<string(length=64):digest>/remove")
@needs(Permission.HAND_OVER)
def remove_photo(order_id: int, page: str, digest: str) -> Page:
    """Take a photo away that nobody has signed for."""
    direction = _direction(order_id, page)
    try:
        handover_photos.remove(db(), actor(), now(), today(), order_id, direction, digest)
    except RuleError as error:
        db().rollback()
        flash(message_of(error), "error")
    return redirect(signing_url(order_id, direction) + "#photos")


@blueprint.get("/photos/<string(length=64):digest>/<size>.webp")
@needs(Permission.READ_ORDERS)
def photo(order_id: int, digest: str, size: str) -> Answer:
    """A photo of the condition, or of what the order is about, for whoever may read the order."""
    if size not in SIZES or not handover_photos.may_see(db(), actor(), today(), order_id, digest):
        abort(404)
    return photo_file(digest, size, "private, no-store")


def _direction(order_id: int, page: str) -> str:
    """Which way the thing goes, for whoever may know of the order at all."""
    orders.load(db(), actor(), order_id, deciding_on=today())
    return OUT if page == "hand-over" else BACK


def _pictures(order_id: int, direction: str, refused: list[str]) -> Page:
    """The photos alone, for whoever has the page open."""
    order = orders.load(db(), actor(), order_id)
    body = render_template(
        "handover/_photos.html",
        order=order,
        direction=direction,
        record=record_of(order, direction),
        refused=refused,
        sides=open_sides(order, direction),
    )
    return (body, 422) if refused else body
