"""Photos, served to whoever may see an asset that shows them."""

from __future__ import annotations

from flask import Blueprint, Response, abort

from marketplace.domain.permissions import Permission
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db
from marketplace.edge.photos import photo_file
from marketplace.media.images import SIZES
from marketplace.use_cases import photos
from marketplace.use_cases.photos import Visibility

blueprint = Blueprint("media", __name__)

CACHING = {
    Visibility.OPEN: "private, max-age=31536000, immutable",
    # Who may see it can change: the browser asks again each time.
    Visibility.RESTRICTED: "private, no-store",
}


@blueprint.get("/media/<string(length=64):digest>/<size>.webp")
@needs(Permission.FIND, Permission.READ_ASSETS, by_token=True)
def photo(digest: str, size: str) -> Response:
    """One size of a photo. The address names its content, so a copy never goes stale."""
    if size not in SIZES:
        abort(404)
    visibility = photos.readable(db(), actor(), digest)
    if visibility is Visibility.HIDDEN:
        abort(404)
    return photo_file(digest, size, CACHING[visibility])
