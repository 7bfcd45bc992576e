"""The photos of one asset: adding many at once, ordering, choosing the cover, taking away and back."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from marketplace.domain.errors import RuleError
from marketplace.domain.permissions import Permission
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, is_partial, now, services
from marketplace.edge.i18n import message_of
from marketplace.use_cases import assets, photos

blueprint = Blueprint("asset_photos", __name__, url_prefix="/assets/<int:asset_id>/photos")


@blueprint.get("")
@needs(Permission.EDIT_ASSETS)
def page(asset_id: int) -> str:
    """The desk for an asset's photos."""
    return _desk(asset_id)


@blueprint.post("")
@needs(Permission.EDIT_ASSETS)
def add(asset_id: int) -> str | Response | tuple[str, int]:
    """Add one or more pictures: good ones are kept, the others come back with the reason."""
    refused: list[tuple[str, str]] = []
    alike: list[photos.LookAlike] = []
    for file in request.files.getlist("file"):
        try:
            with db().begin_nested():
                added = photos.add_photo(
                    db(), services().photos, actor(), now(), asset_id, file.read(), file.filename or ""
                )
            alike += added.look_alikes
        except RuleError as error:
            refused.append((file.filename or "", message_of(error)))
    body = _desk(asset_id, refused=refused, alike=alike)
    return (body, 422) if refused else body


@blueprint.post("/order")
@needs(Permission.EDIT_ASSETS)
def order(asset_id: int) -> str | Response:
    """Put the photos in the given order."""
    wanted = [int(number) for number in request.form.getlist("photo") if number.isdecimal()]
    photos.reorder(db(), actor(), now(), asset_id, wanted)
    return _answer(asset_id)


@blueprint.post("/<int:photo_id>/cover")
@needs(Permission.EDIT_ASSETS)
def cover(asset_id: int, photo_id: int) -> str | Response:
    """Show this photo first."""
    photos.set_cover(db(), actor(), now(), asset_id, photo_id)
    return _answer(asset_id)


@blueprint.post("/<int:photo_id>/caption")
@needs(Permission.EDIT_ASSETS)
def caption(asset_id: int, photo_id: int) -> str | Response:
    """Say what the photo shows."""
    photos.set_caption(db(), actor(), now(), asset_id, photo_id, request.form.get("caption", ""))
    return _answer(asset_id)


@blueprint.post("/<int:photo_id>/remove")
@needs(Permission.EDIT_ASSETS)
def remove(asset_id: int, photo_id: int) -> str | Response:
    """Take the photo away; it can be taken back."""
    photos.remove(db(), actor(), now(), asset_id, photo_id)
    return _answer(asset_id, removed=photo_id)


@blueprint.post("/<int:photo_id>/restore")
@needs(Permission.EDIT_ASSETS)
def restore(asset_id: int, photo_id: int) -> str | Response:
    """Take a removed photo back."""
    photos.restore(db(), actor(), now(), asset_id, photo_id)
    return _answer(asset_id)


def _answer(asset_id: int, *, removed: int | None = None) -> str | Response:
    if is_partial():
        db().flush()
        return _desk(asset_id, removed=removed)
    if removed:
        flash(gettext("照片已移除。"), "success")
    return redirect(url_for("asset_photos.page", asset_id=asset_id))


def _desk(
    asset_id: int,
    *,
    refused: list[tuple[str, str]] | None = None,
    alike: list[photos.LookAlike] | None = None,
    removed: int | None = None,
) -> str:
    db().flush()
    db().expire_all()
    asset = assets.load(db(), actor(), asset_id, Permission.EDIT_ASSETS)
    template = "assets/photos_desk.html" if is_partial() else "assets/photos.html"
    return render_template(
        template,
        asset=asset,
        refused=refused or [],
        alike=alike or [],
        removed=removed,
        limit=photos.MAX_PHOTOS,
    )
