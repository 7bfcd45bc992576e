"""Labels for assets: chosen in the register, laid out for the paper at hand, scanned by anyone's phone."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping

from flask import Blueprint, flash, make_response, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from marketplace.documents.labels import MAX_SHIFT, MOST, SHEETS, Label, Layout, check_layout, labels_pdf
from marketplace.domain.errors import Invalid, invalid_field
from marketplace.domain.permissions import Permission
from marketplace.domain.text import N_
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, now, services
from marketplace.edge.i18n import message_of
from marketplace.use_cases import handovers
from marketplace.use_cases.card_rows import CardRow, rows_of
from marketplace.web import bulk_selection
from marketplace.web.assets import field_messages
from marketplace.web.order_links import signing_url
from marketplace.web.register import back_to

blueprint = Blueprint("labels", __name__)

COOKIE = "label_layout"
"""What the printer needed last time, kept in the browser that prints."""
YEAR = 365 * 24 * 3600
SHOWN = 12
"""Labels previewed on the page."""


@blueprint.get("/assets/labels")
@needs(Permission.READ_ASSETS)
def page() -> Response:
    """Labels of the assets in the address (``ids=1,2,3``), with the choice of paper."""
    return _page(_named(request.args))


@blueprint.post("/assets/labels")
@needs(Permission.READ_ASSETS)
def choose() -> Response:
    """The same for what was chosen in the register: too many for an address."""
    ids = bulk_selection.chosen(request.form, MOST)
    try:
        _check_number(ids)
    except Invalid as error:
        flash(message_of(error), "error")
        return redirect(back_to(request.form))
    return _page(ids)


@blueprint.post("/assets/labels/sheets.pdf")
@needs(Permission.READ_ASSETS)
def sheets() -> Response:
    """The sheets, ready to print; the layout is remembered for the next time."""
    ids = _named(request.form)
    try:
        layout = _read(request.form)
        rows = rows_of(db(), actor(), ids)
        _check_number([row.asset.id for row in rows])
    except Invalid as error:
        return _page(ids, request.form, error=error)
    data = labels_pdf([_label(row) for row in rows], layout, now())
    answer = send_file(io.BytesIO(data), mimetype="application/pdf", download_name="labels.pdf")
    answer.headers["Cache-Control"] = "private, no-store"
    kept = {name: request.form[name] for name in ("sheet", "shift_x", "shift_y")}
    secure = services().settings.secure_cookies
    answer.set_cookie(
        COOKIE, json.dumps(kept), max_age=YEAR, path="/assets", samesite="Lax", httponly=True, secure=secure
    )
    return answer


@blueprint.get("/a/<int:asset_id>")
@needs(Permission.FIND, Permission.READ_ASSETS)
def scanned(asset_id: int) -> Response:
    """Where the QR code of a label leads: to what the reader is to sign for, else to the asset."""
    pending = handovers.pending_for(db(), actor(), asset_id)
    if pending is not None:
        return redirect(signing_url(pending.order_id, pending.direction))
    return redirect(url_for("assets.page", asset_id=asset_id))


def _named(values: Mapping[str, str]) -> list[int]:
    return bulk_selection.numbers(values.get("ids", "").split(","))[: MOST + 1]


def _check_number(ids: list[int]) -> None:
    if not ids:
        raise invalid_field("asset", N_("请先勾选要打印标签的资产。"))
    if len(ids) > MOST:
        raise invalid_field("asset", N_("一次最多打印%(limit)d张标签，请分批打印。"), limit=MOST)


def _page(
    ids: list[int], typed: Mapping[str, str] | None = None, *, error: Invalid | None = None
) -> Response:
    rows = rows_of(db(), actor(), ids[:MOST])
    body = render_template(
        "assets/labels.html",
        rows=rows,
        shown=rows[:SHOWN],
        left_out=len(ids) - len(rows),
        values=typed or _usual(),
        sheets={code: sheet.title for code, sheet in SHEETS.items()},
        most_shift=int(MAX_SHIFT),
        back=back_to(request.form),
        error=message_of(error) if error else "",
        errors=field_messages(error),
    )
    return make_response(body, 422 if error else 200)


def _usual() -> dict[str, str]:
    """The layout of the last time, or the usual one."""
    usual = {"sheet": next(iter(SHEETS)), "first": "1", "shift_x": "0", "shift_y": "0"}
    try:
        kept = json.loads(request.cookies.get(COOKIE, "{}"))
        return usual | {name: str(kept[name]) for name in usual if name in kept}
    except (ValueError, TypeError):
        return usual


def _read(form: Mapping[str, str]) -> Layout:
    """The layout as it was filled in.

    Raises:
        Invalid: something that can't be printed.
    """
    first = form.get("first", "").strip()
    layout = Layout(
        sheet=form.get("sheet", ""),
        first=int(first) if first.isascii() and first.isdecimal() and len(first) < 4 else 0,
        shift_x=_shift(form.get("shift_x", "")),
        shift_y=_shift(form.get("shift_y", "")),
        outlines="outlines" in form,
    )
    check_layout(layout)
    return layout


def _shift(text: str) -> float:
    """Millimetres; what is no number can't be allowed either."""
    try:
        return float(text.strip() or 0)
    except ValueError:
        return math.inf


def _label(row: CardRow) -> Label:
    asset = row.asset
    return Label(
        number=asset.number,
        name=asset.name,
        unit=asset.unit.name,
        model=" ".join(text for text in (asset.brand, asset.model) if text),
        address=services().settings.public_url + url_for("labels.scanned", asset_id=asset.id),
    )
