"""资产: the register of the own scope, to keep its cards true."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from flask import Blueprint, flash, redirect, request, session, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from marketplace.domain.errors import RuleError
from marketplace.domain.finding import Found, Sort
from marketplace.domain.permissions import Permission
from marketplace.domain.states import AssetState
from marketplace.domain.text import N_
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, now, services, today
from marketplace.edge.i18n import message_of
from marketplace.edge.redirects import local_target
from marketplace.registers.writer import FileKind
from marketplace.use_cases import listings, register_download, saved_views
from marketplace.use_cases.card_rows import rows_of
from marketplace.web import results
from marketplace.web.addresses import Args, address_with, cleared_address
from marketplace.web.card_rows import columns, row_view
from marketplace.web.downloads import attachment
from marketplace.web.facet_names import names_of
from marketplace.web.facets import Group, facet_groups, filter_chips
from marketplace.web.results import Reading

blueprint = Blueprint("register", __name__, url_prefix="/assets")

ROWS = 50
SORTS = {
    Sort.RELEVANCE: N_("综合排序"),
    Sort.NEWEST: N_("最新建卡"),
    Sort.OLDEST: N_("最早建卡"),
    Sort.VALUE_HIGH: N_("原值从高到低"),
    Sort.VALUE_LOW: N_("原值从低到高"),
    Sort.NAME: N_("按名称"),
}
FACETS = ("state", "category", "condition", "unit", "region", "value", "year", "mode")
"""Filters in the order of the bar; distance says nothing about what is one's own."""
QUICK_VIEWS = {
    "": N_("全部"),
    f"state={AssetState.IN_USE}": N_("在用"),
    f"state={AssetState.IDLE_FLAGGED}": N_("疑似闲置"),
    f"state={AssetState.LISTED}": N_("在仓"),
}
SETTLING = "register_settling"
"""Session key: the index follows what was just done in a moment, so the page looks again."""


@blueprint.get("")
@needs(Permission.READ_ASSETS)
def page() -> Response:
    """The cards of the own scope, filtered; while somebody types or scrolls, only what changes."""
    if not results.is_part() and not all(request.args.values()):
        return redirect(address_with(request.args))
    reading = results.read(request.args, listed=False, limit=ROWS)
    if results.is_part() and reading.wish.cursor:
        return _more(reading)
    found = results.find(reading)
    template = "register/rows.html" if results.is_part() else "register/page.html"
    response = results.answer(template, found, _everything(reading, found))
    if results.is_part() and request.headers.get("HX-Source", "").partition("#")[2] != "settling":
        return results.with_address(response, address_with(request.args))
    return response


@blueprint.get("/export.<any(xlsx, csv):kind>")
@needs(Permission.EXPORT_ASSETS)
def export(kind: str) -> Response:
    """All filtered rows as a file that can be imported again."""
    wish = results.read(request.args, listed=False, limit=ROWS).wish
    service = services()
    pieces = register_download.stream(service.sessions, service.finder, actor(), now(), wish, FileKind(kind))
    return attachment(pieces, FileKind(kind), f"assets-{today():%Y%m%d}")


@blueprint.post("/views")
@needs(Permission.READ_ASSETS)
def save_view() -> Response:
    """Keep the present filters under a name."""
    query = canonical(request.form.get("query", ""))
    try:
        saved_views.save(db(), actor(), now(), request.form.get("name", ""), query)
    except RuleError as error:
        db().rollback()
        flash(message_of(error), "error")
    else:
        flash(gettext("已保存视图“%(name)s”。", name=request.form["name"].strip()), "ok")
    return redirect(_address(query))


@blueprint.post("/views/<int:view_id>/remove")
@needs(Permission.READ_ASSETS)
def remove_view(view_id: int) -> Response:
    """Forget a view; the cards stay as they are."""
    name = saved_views.remove(db(), actor(), view_id)
    flash(gettext("已删除视图“%(name)s”。", name=name), "ok")
    return redirect(_address(canonical(request.form.get("query", ""))))


def canonical(query: str) -> str:
    """A query in the form in which equal ones are equal."""
    return urlsplit(address_with(MultiDict(parse_qsl(query)))).query


def back_to(form: Args) -> str:
    """The list that a form was sent from."""
    return local_target(form.get("back", "") or url_for("register.page"))


def settle() -> None:
    """Have the next page look again a moment later, when the index has followed."""
    session[SETTLING] = True


def _address(query: str) -> str:
    return url_for("register.page") + (f"?{query}" if query else "")


def _more(reading: Reading) -> Response:
    """The next rows. The address then says how many were seen, so that coming back shows them again."""
    found = results.find_more(reading)
    if found is None:
        return results.answer("register/stale.html", Found([], 0), {"address": address_with(request.args)})
    shown = results.shown_before() + len(found.items)
    response = results.answer("register/more.html", found, {"wish": reading.wish, **_rows(found, shown)})
    response.headers["HX-Replace-Url"] = address_with(request.args, shown=min(shown, results.RESTORED))
    return response


def _everything(reading: Reading, found: Found) -> dict[str, object]:
    """What all parts of the page show."""
    names = names_of(found)
    chips = filter_chips(reading.args, names)
    query = canonical(request.query_string.decode())
    return {
        **_rows(found, len(found.items)),
        "wish": reading.wish,
        "problems": reading.problems,
        "facets": _facets(reading, found),
        "chips": chips,
        "cleared": cleared_address(request.args),
        "fewer_words": [] if found.total else results.fewer_words(reading.wish.q),
        "without_filters": results.without_filters(reading.wish) if chips and not found.total else 0,
        "sorts": list(SORTS.items()),
        "sort_address": lambda sort: address_with(request.args, sort=sort),
        "query": query,
        "views": _views(query),
        "settling": session.pop(SETTLING, False),
        "bulk_limit": listings.BULK_LIMIT,
        "may_export": actor().may_anywhere(Permission.EXPORT_ASSETS),
        "may_edit": actor().may_anywhere(Permission.EDIT_ASSETS),
    }


def _facets(reading: Reading, found: Found) -> list[Group]:
    """The filters of the bar, folded: each opens below its name."""
    groups = {group.name: group for group in facet_groups(request.args, found, names_of(found))}
    shown = [groups[name] for name in FACETS if name in groups and groups[name].entries]
    for group in shown:
        group.open = False
    return shown


def _rows(found: Found, shown: int) -> dict[str, object]:
    """The rows as the database has them: the index only says which, and in what order."""
    rows = rows_of(db(), actor(), [item["id"] for item in found.items])
    lit = {item["id"]: item.get("highlight") or {} for item in found.items}
    return {
        **results.paging(found, shown, ROWS),
        **columns(),
        "rows": [row_view(row, lit[row.asset.id]) for row in rows],
    }


def _views(query: str) -> list[dict[str, object]]:
    """The usual views and the user's own, each with its address."""
    filters = canonical("&".join(part for part in query.split("&") if not part.startswith("sort=")))
    usual = [
        {"label": gettext(label), "url": _address(kept), "active": kept == filters, "id": None}
        for kept, label in QUICK_VIEWS.items()
    ]
    own = [
        {"label": view.name, "url": _address(view.query), "active": view.query == query, "id": view.id}
        for view in saved_views.views_of(db(), actor())
    ]
    return usual + own
