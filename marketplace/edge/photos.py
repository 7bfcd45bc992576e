"""Photos: their addresses, and their files as answers."""

from __future__ import annotations

from flask import Response, abort, request, send_file

from marketplace.edge.context import services
from marketplace.media.store import key


def photo_url(digest: str, size: str) -> str:
    """Where ``media.photo`` serves one size of a photo.

    Put together by hand: a page of results carries dozens, and building each through the router
    took longer than the search. A test holds it to the router's answer.
    """
    return f"{request.script_root}/media/{digest}/{size}.webp"


def photo_file(digest: str, size: str, caching: str) -> Response:
    """One size of a photo, for somebody who may see it; 404 when its file is gone.

    ``caching``: who may keep it, and for how long.
    """
    try:
        file = services().photos.open(key(digest, size))
    except FileNotFoundError:
        abort(404)
    response = send_file(file, mimetype="image/webp")
    response.headers["Cache-Control"] = caching
    return response
