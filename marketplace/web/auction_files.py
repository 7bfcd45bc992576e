"""附件 of an auction: hung on and taken off a draft, and fetched from a published version by anybody."""

from __future__ import annotations

import io

from flask import Blueprint, Response, abort, request, send_file
from flask_babel import gettext

from marketplace.db.auctions import AuctionFile
from marketplace.domain.errors import NotFound, invalid_field
from marketplace.domain.notices import NUMBER
from marketplace.domain.permissions import Permission
from marketplace.domain.text import N_
from marketplace.edge.access import MANY_FILES, for_everyone, needs
from marketplace.edge.context import actor, db, now
from marketplace.use_cases import auction_files
from marketplace.use_cases.auction_files import LARGEST_FILE
from marketplace.web.auction_desk import Page, done

blueprint = Blueprint("auction_files", __name__)


@blueprint.post("/disposals/auctions/<int:auction_id>/files")
@needs(Permission.DISPOSE, takes=MANY_FILES)
def attach(auction_id: int) -> Page:
    """Hang files on a draft."""

    def keep() -> None:
        files = [file for file in request.files.getlist("file") if file.filename]
        if not files:
            raise invalid_field("file", N_("请选择要添加的文件。"))
        for file in files:
            # One byte more than is allowed tells that there is more.
            content = file.stream.read(LARGEST_FILE + 1)
            auction_files.attach(db(), actor(), now(), auction_id, file.filename or "", content)

    return done(auction_id, keep, gettext("附件已添加。"))


@blueprint.post("/disposals/auctions/<int:auction_id>/files/<int:file_id>/remove")
@needs(Permission.DISPOSE)
def detach(auction_id: int, file_id: int) -> Page:
    """Take a file off a draft."""
    return done(
        auction_id,
        lambda: auction_files.detach(db(), actor(), now(), auction_id, file_id),
        gettext("附件已移除。"),
    )


@blueprint.get("/disposals/auctions/<int:auction_id>/files/<int:file_id>")
@needs(Permission.READ_DISPOSALS)
def of_draft(auction_id: int, file_id: int) -> Response:
    """A file for those who prepare the auction."""
    response = _sent(auction_files.of_draft(db(), actor(), auction_id, file_id))
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.get("/auctions/<number>/v<int:version>/files/<string(length=64):digest>")
@for_everyone
def of_notice(number: str, version: int, digest: str) -> Response:
    """A file that a published version carries; what is only on a draft is not there."""
    if not NUMBER.fullmatch(number):
        abort(404)
    try:
        file = auction_files.of_notice(db(), number, version, digest)
    except NotFound:
        abort(404)
    response = Response(status=304) if digest in request.if_none_match else _sent(file)
    response.set_etag(digest)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def _sent(file: AuctionFile) -> Response:
    """To be saved, never run within this site."""
    return send_file(
        io.BytesIO(file.content),
        mimetype=file.media_type,
        as_attachment=True,
        download_name=file.name,
        etag=file.digest,
    )
