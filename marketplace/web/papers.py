"""The papers of orders and sales: as PDF for those who may see them, and their verification for anyone."""

from __future__ import annotations

import io
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from marketplace.db.papers import Paper
from marketplace.documents import pdf
from marketplace.domain.auctions import LOT_STATE_NAMES, LotState
from marketplace.domain.errors import NotFound
from marketplace.domain.notices import masked_winner
from marketplace.domain.orders import STATE_NAMES
from marketplace.domain.papers import (
    ALPHABET,
    CODE_LENGTH,
    PAPER_NAMES,
    PaperKind,
    grouped,
    masked,
    short_digest,
    typed_code,
)
from marketplace.domain.permissions import Permission
from marketplace.edge.access import needs, public
from marketplace.edge.context import actor, db, now, services, today
from marketplace.edge.i18n import message_of
from marketplace.edge.limits import limiter
from marketplace.use_cases import papers

blueprint = Blueprint("papers", __name__)

Page = str | tuple[str, int] | Response


@blueprint.get("/orders/<int:order_id>/paper.pdf")
@needs(Permission.READ_ORDERS)
def paper(order_id: int) -> Response:
    """The 调拨单 or 借用协议 of an order as it stands now; it goes on record before it is shown."""
    settings = services().settings
    zone = ZoneInfo(settings.time_zone)
    return _printed(papers.issue_for_order(db(), actor(), now(), zone, settings.secret_key, order_id))


@blueprint.get("/disposals/lots/<int:lot_id>/confirmation.pdf")
@needs(Permission.READ_DISPOSALS)
def sale(lot_id: int) -> Response:
    """The 成交确认书 of a sold lot, with its buyer by name: for those alone who may know of the auction."""
    return _printed(papers.issue_for_lot(db(), actor(), now(), services().settings.secret_key, lot_id))


def _printed(found: Paper) -> Response:
    settings = services().settings
    address = settings.public_url + url_for("papers.form")
    data = pdf.paper(found.content, found.issued_at, found.code, address)
    name = f"{found.content['number']}.pdf"
    response = send_file(io.BytesIO(data), mimetype="application/pdf", download_name=name)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.get("/verify")
@public
@limiter.limit("60 per minute")
def form() -> Page:
    """Where the code of a paper is typed; with a code that could be one, the record of it."""
    typed = request.args.get("code", "")
    if code := typed_code(typed):
        return redirect(url_for("papers.record", code=grouped(code)))
    return _page(typed, wrong_shape=bool(typed.strip()))


@blueprint.get("/verify/<code>")
@public
@limiter.limit("30 per minute")
def record(code: str) -> Page:
    """What the record says of the paper with this code: nothing that isn't printed on it."""
    try:
        found = papers.verify(db(), today(), services().settings.secret_key, code)
    except NotFound as error:
        return _page(code, error=message_of(error)), 404
    shown = {
        "found": found,
        "content": found.paper.content,
        "code": grouped(found.paper.code),
        "kind_name": PAPER_NAMES[found.paper.kind],
        "digest": short_digest(found.paper.digest),
    }
    if found.paper.kind is PaperKind.SALE_CONFIRMATION:
        buyer = masked_winner(found.paper.content["parties"][1]["name"])
        return render_template(
            "papers/sale.html", lot_state=LOT_STATE_NAMES[LotState(found.state)], buyer=buyer, **shown
        )
    signers = _signers(found.paper.content)
    return render_template(
        "papers/record.html", order_state=STATE_NAMES[found.state], signers=signers, masked=masked, **shown
    )


def _page(typed: str, *, error: str = "", wrong_shape: bool = False) -> str:
    return render_template(
        "papers/verify.html",
        typed=typed,
        error=error,
        wrong_shape=wrong_shape,
        length=CODE_LENGTH,
        alphabet=ALPHABET,
    )


def _signers(content: dict[str, object]) -> list[dict[str, object]]:
    """Who signed, in the order of the paper."""
    rounds = [content.get("handover"), content.get("returned")]
    return [
        one[side] for one in rounds if isinstance(one, dict) for side in ("giver", "receiver") if one[side]
    ]
