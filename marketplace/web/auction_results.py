"""Results from the platform's file: a template to fill in, a preview of every row, then what is good."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from marketplace.domain.errors import RuleError, invalid_field
from marketplace.domain.permissions import Permission
from marketplace.domain.text import N_
from marketplace.edge.access import ONE_FILE, needs
from marketplace.edge.context import actor, db, now
from marketplace.edge.errors import status_of
from marketplace.edge.i18n import message_of
from marketplace.registers.auction_results import TEMPLATE, ResultRow, packed, read_results, unpacked
from marketplace.registers.writer import FileKind, Table, blocks
from marketplace.use_cases import auction_results, auctions
from marketplace.use_cases.auction_results import Judged
from marketplace.web.auction_desk import Page, auction_page, zone
from marketplace.web.downloads import attachment

blueprint = Blueprint("auction_results", __name__, url_prefix="/disposals/auctions/<int:auction_id>/results")


@blueprint.get("/template.<any(csv, xlsx):kind>")
@needs(Permission.PUBLISH)
def template(auction_id: int, kind: str) -> Response:
    """A file to fill in, with the lots of this auction."""
    auction = auctions.load(db(), actor(), auction_id)
    rows = [[str(lot.number), lot.name, "", "", "", "", ""] for lot in auction.lots]
    table = Table(TEMPLATE, rows, title="成交结果")
    return attachment(blocks(table, FileKind(kind)), FileKind(kind), f"{auction.number}-results")


@blueprint.post("/preview")
@needs(Permission.PUBLISH, takes=ONE_FILE)
def preview(auction_id: int) -> Page:
    """What would become of each row; nothing is written."""
    try:
        rows = _sent_rows()
        judged = auction_results.preview(db(), actor(), now(), zone(), auction_id, rows)
    except RuleError as error:
        return _refused(auction_id, error)
    return _judged_page(auction_id, judged, rows)


@blueprint.post("/enter")
@needs(Permission.PUBLISH)
def enter(auction_id: int) -> Page:
    """Enter what is good; what is not is listed with its reason."""
    try:
        rows = unpacked(request.form.get("rows", ""))
        entered = auction_results.enter(db(), actor(), now(), zone(), auction_id, rows)
    except RuleError as error:
        return _refused(auction_id, error)
    told = gettext("已登记%(new)d个标的的结果，%(known)d个此前已登记。", new=entered.new, known=entered.known)
    flash(told, "ok")
    if entered.refused:
        return _judged_page(auction_id, entered.refused, ())
    return redirect(url_for("auction_desk.page", auction_id=auction_id, _anchor="results"))


def _sent_rows() -> list[ResultRow]:
    file = request.files.get("file")
    if file is None or not file.filename:
        raise invalid_field("file", N_("请选择要导入的文件。"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results"
        file.save(path)
        return read_results(path)


def _refused(auction_id: int, error: RuleError) -> Page:
    db().rollback()
    return auction_page(auctions.load(db(), actor(), auction_id), error=error), status_of(error)


def _judged_page(auction_id: int, judged: Sequence[Judged], rows: Sequence[ResultRow]) -> str:
    """``rows`` to be confirmed; without any the page reports what was refused."""
    return render_template(
        "disposals/results.html",
        auction=auctions.load(db(), actor(), auction_id),
        judged=judged,
        fresh=sum(one.good and not one.known for one in judged),
        known=sum(one.known for one in judged),
        bad=sum(not one.good for one in judged),
        rows=packed(rows) if rows else "",
        told=message_of,
    )
