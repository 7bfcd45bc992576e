"""广场: one page on which everyone finds what is on offer."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, make_response, render_template, request
from sqlalchemy import select

from marketplace.db.catalogue import Category
from marketplace.db.people import Unit
from marketplace.domain.errors import Invalid
from marketplace.domain.finding import Found, Wish, reach_of
from marketplace.domain.permissions import Permission
from marketplace.edge.access import needs
from marketplace.edge.context import actor, db, services
from marketplace.edge.i18n import message_of
from marketplace.edge.wishes import wish_from
from marketplace.web.facets import facet_groups, filter_chips

blueprint = Blueprint("search", __name__)


@blueprint.get("/search")
@needs(Permission.FIND)
def page() -> Response:
    """The whole page, or, while typing, only what changes of it."""
    try:
        wish = wish_from(request.args)
        found = services().finder.find(wish, reach_of(actor()))
        problem = ""
    except Invalid as error:
        wish, found, problem = Wish(), Found(items=[], total=0), message_of(error)
    response = make_response(render_template(_template(), **_view(wish, found), problem=problem))
    # The same address answers with the page or a part of it.
    response.vary.add("HX-Request")
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.get("/search/suggest")
@needs(Permission.FIND)
def suggest() -> Response:
    """Names that go on from what was typed."""
    return jsonify(services().finder.suggest(request.args.get("q", "")[:60], reach_of(actor())))


def _template() -> str:
    if request.headers.get("HX-Request") != "true":
        return "search/page.html"
    return "search/more.html" if request.args.get("cursor") else "search/results.html"


def _view(wish: Wish, found: Found) -> dict[str, object]:
    names = names_of(found)
    return {
        "wish": wish,
        "found": found,
        "facets": facet_groups(request.args, found, names),
        "chips": filter_chips(request.args, names),
        "view": "table" if request.args.get("view") == "table" else "cards",
    }


def names_of(found: Found) -> dict[str, dict[str, str]]:
    """What the facets' codes are called, in one query per kind."""
    regions = db().execute(select(Unit.region_code, Unit.region_name).distinct()).tuples()
    codes = list(found.facets.get("unit", {})) + request.args.getlist("unit")
    units = db().execute(select(Unit.code, Unit.name).where(Unit.code.in_(codes))).tuples()
    pairs = list(found.facets.get("category", {})) + request.args.getlist("category")
    classes = (
        db()
        .execute(
            select(Category.edition, Category.code, Category.name).where(
                Category.code.in_({pair.partition(":")[2] for pair in pairs})
            )
        )
        .all()
    )
    return {
        "region": dict(regions),
        "unit": dict(units),
        "category": {f"{edition}:{code}": name for edition, code, name in classes},
    }
