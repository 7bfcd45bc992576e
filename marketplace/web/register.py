"""资产: the register of the own scope, to keep the cards true; bulk listing and export."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, stream_with_context, url_for
from flask_babel import gettext

from marketplace.domain.errors import Invalid, RuleError
from marketplace.domain.finding import Found, Wish, reach_of
from marketplace.domain.permissions import Permission
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, now, services, today
from marketplace.edge.i18n import message_of
from marketplace.edge.redirects import local_target
from marketplace.edge.wishes import wish_from
from marketplace.use_cases import listings, register_export
from marketplace.web.assets import read_offer
from marketplace.web.facets import facet_groups, filter_chips
from marketplace.web.facet_names import names_of

blueprint = Blueprint("register", __name__, url_prefix="/assets")
ROWS = 50


@blueprint.get("")
@needs(Permission.READ_ASSETS)
def page() -> str:
    """The cards of the own scope, filtered; while typing, only the rows."""
    try:
        wish = wish_from(request.args, listed=False, limit=ROWS)
        found = services().finder.find(wish, reach_of(actor()))
        problem = ""
    except Invalid as error:
        wish, found, problem = Wish(listed=False), Found(items=[], total=0), message_of(error)
    names = names_of(found)
    partial = request.headers.get("HX-Request") == "true"
    template = "register/page.html"
    if partial:
        template = "register/more.html" if request.args.get("cursor") else "register/rows.html"
    return render_template(
        template,
        wish=wish,
        found=found,
        facets=facet_groups(request.args, found, names),
        chips=filter_chips(request.args, names),
        problem=problem,
        bulk_limit=listings.BULK_LIMIT,
        may_list=actor().may_anywhere(Permission.LIST_ASSETS),
    )


@blueprint.post("/bulk/list")
@needs(Permission.LIST_ASSETS)
def list_many() -> str | Response | tuple[str, int]:
    """Offer the chosen cards alike; what can't be offered is shown with the reason."""
    chosen = [int(number) for number in request.form.getlist("asset") if number.isdecimal()]
    try:
        listed, refused = listings.list_many(db(), actor(), now(), chosen, read_offer(request.form))
    except RuleError as error:
        flash(message_of(error), "danger")
        return redirect(_back())
    if not refused:
        flash(gettext("已上架%(count)d项,数秒后即可被搜索到。", count=len(listed)), "success")
        return redirect(_back())
    reasons = [(asset_id, message_of(error)) for asset_id, error in refused.items()]
    return render_template("register/bulk_report.html", listed=listed, reasons=reasons)


@blueprint.get("/export.<any(xlsx, csv):kind>")
@needs(Permission.EXPORT_ASSETS)
def export(kind: str) -> Response:
    """All filtered rows as a file, streamed; it can be imported again."""
    wish = wish_from(request.args, listed=False)
    chunks = register_export.stream(services().sessions, services().finder, actor(), now(), wish, kind)
    name = f"assets-{today():%Y%m%d}.{kind}"
    return Response(
        stream_with_context(chunks),
        content_type=register_export.MEDIA_TYPES[kind],
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
        },
    )


def _back() -> str:
    return local_target(request.form.get("back", "") or url_for("register.page"))
