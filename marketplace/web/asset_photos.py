"""The photos of one asset: adding many at once, ordering, choosing the cover, taking away and back."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from marketplace.domain.errors import RuleError
from marketplace.domain.permissions import Permission
from marketplace.edge.access import MANY_FILES, needs
from marketplace.edge.context import actor, db, is_partial, now, services
from marketplace.edge.i18n import message_of
from marketplace.media.images import MAX_BYTES
from marketplace.use_cases import assets, photos

blueprint = Blueprint("asset_photos", __name__, url_prefix="/assets/<int:asset_id>/photos")

Answer = str | Response | tuple[str, int]


@dataclass(slots=True)
class Outcome:
    """What came of the files of one upload."""

    added: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Name of the file, and why it was not kept."""
    alike: list[photos.LookAlike] = field(default_factory=list)


@blueprint.get("")
@needs(Permission.EDIT_ASSETS)
def page(asset_id: int) -> str:
    """The desk for an asset's photos."""
    return _desk(asset_id)


@blueprint.post("")
@needs(Permission.EDIT_ASSETS, takes=MANY_FILES)
def add(asset_id: int) -> Answer:
    """Add one or more pictures: good ones are kept, the others come back with the reason."""
    assets.load(db(), actor(), asset_id, Permission.EDIT_ASSETS)
    outcome = Outcome()
    for file in request.files.getlist("file"):
        if file.filename:
            _add(asset_id, file, outcome)
    if is_partial() or outcome.refused or outcome.alike:
        body = _desk(asset_id, outcome=outcome)
        return (body, 422) if outcome.refused else body
    if outcome.added:
        flash(ngettext("已添加%(num)d张照片。", "已添加%(num)d张照片。", outcome.added), "ok")
    return redirect(url_for("asset_photos.page", asset_id=asset_id))


@blueprint.post("/order")
@needs(Permission.EDIT_ASSETS)
def order(asset_id: int) -> Answer:
    """Put the photos in the given order: their numbers, separated by commas."""
    wanted = [int(number) for number in request.form.get("order", "").split(",") if number.isdecimal()]
    photos.reorder(db(), actor(), now(), asset_id, wanted)
    return _answer(asset_id)


@blueprint.post("/<int:photo_id>/move")
@needs(Permission.EDIT_ASSETS)
def move(asset_id: int, photo_id: int) -> Answer:
    """Put the photo one place earlier or later; at the end of the row it stays where it is."""
    by = -1 if request.form.get("to") == "earlier" else 1
    ids = [photo.id for photo in assets.load(db(), actor(), asset_id, Permission.EDIT_ASSETS).photos]
    if photo_id in ids and 0 <= ids.index(photo_id) + by < len(ids):
        at = ids.index(photo_id)
        ids[at], ids[at + by] = ids[at + by], ids[at]
        photos.reorder(db(), actor(), now(), asset_id, ids)
    return _answer(asset_id)


@blueprint.post("/<int:photo_id>/cover")
@needs(Permission.EDIT_ASSETS)
def cover(asset_id: int, photo_id: int) -> Answer:
    """Show this photo first."""
    photos.set_cover(db(), actor(), now(), asset_id, photo_id)
    return _answer(asset_id)


@blueprint.post("/<int:photo_id>/caption")
@needs(Permission.EDIT_ASSETS)
def caption(asset_id: int, photo_id: int) -> Answer:
    """Say what the photo shows."""
    photos.set_caption(db(), actor(), now(), asset_id, photo_id, request.form.get("caption", ""))
    return _answer(asset_id)


@blueprint.post("/<int:photo_id>/remove")
@needs(Permission.EDIT_ASSETS)
def remove(asset_id: int, photo_id: int) -> Answer:
    """Take the photo away; it can be taken back."""
    photos.remove(db(), actor(), now(), asset_id, photo_id)
    return _desk(asset_id, removed=photo_id)


@blueprint.post("/<int:photo_id>/restore")
@needs(Permission.EDIT_ASSETS)
def restore(asset_id: int, photo_id: int) -> Answer:
    """Take a removed photo back."""
    photos.restore(db(), actor(), now(), asset_id, photo_id)
    return _answer(asset_id)


def _add(asset_id: int, file: FileStorage, outcome: Outcome) -> None:
    name = file.filename or ""
    # One byte more than is allowed shows that a file is too large; the rest need not be read.
    data = file.read(MAX_BYTES + 1)
    try:
        with db().begin_nested():
            added = photos.add_photo(db(), services().photos, actor(), now(), asset_id, data, name)
    except RuleError as error:
        outcome.refused.append((name, message_of(error)))
        return
    outcome.added += added.is_new
    outcome.alike += added.look_alikes


def _answer(asset_id: int) -> Answer:
    return _desk(asset_id) if is_partial() else redirect(url_for("asset_photos.page", asset_id=asset_id))


def _desk(asset_id: int, *, outcome: Outcome | None = None, removed: int | None = None) -> str:
    """The whole page, or the desk alone for whoever has the page open."""
    db().flush()
    db().expire_all()
    asset = assets.load(db(), actor(), asset_id, Permission.EDIT_ASSETS)
    return render_template(
        "assets/photos_desk.html" if is_partial() else "assets/photos.html",
        asset=asset,
        outcome=outcome or Outcome(),
        removed=removed,
        limit=photos.MAX_PHOTOS,
        caption_length=photos.MAX_CAPTION,
        limit_mb=MAX_BYTES // 1_000_000,
        title=gettext("“%(name)s”的照片", name=asset.name),
    )
