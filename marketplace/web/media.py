"""Photos, served to whoever may see an asset that shows them."""

from __future__ import annotations

from flask import Blueprint, Response, abort, send_file

from marketplace.domain.permissions import Permission
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, services
from marketplace.media.images import SIZES
from marketplace.use_cases import photos

blueprint = Blueprint("media", __name__)


@blueprint.get("/media/<string(length=64):digest>/<size>.webp")
@needs(Permission.FIND, Permission.READ_ASSETS)
def photo(digest: str, size: str) -> Response:
    """One size of a photo. The address names its content, so a copy never goes stale."""
    if size not in SIZES:
        abort(404)
    caching = photos.readable(db(), actor(), digest)
    if caching is None:
        abort(404)
    response = send_file(services().photos.open(digest, size), mimetype="image/webp")
    response.headers["Cache-Control"] = caching
    return response
