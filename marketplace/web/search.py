"""广场: one page on which everyone finds what is on offer."""

from __future__ import annotations

from flask import Blueprint, jsonify, redirect, request
from werkzeug.wrappers import Response

from marketplace.domain.finding import Found, Sort, Wish, reach_of
from marketplace.domain.permissions import Permission
from marketplace.domain.text import N_
from marketplace.edge.access import needs
from marketplace.edge.context import actor, services
from marketplace.web import results
from marketplace.web.addresses import address_with, cleared_address
from marketplace.web.facet_names import names_of
from marketplace.web.facets import facet_groups, filter_chips
from marketplace.web.hits import hits
from marketplace.web.results import RESTORED, Reading

blueprint = Blueprint("search", __name__)

PAGE = 24
"""Hits that one answer adds; divisible by every number of columns."""
SUGGESTED = 6
"""Names under the box: few enough to leave the results in sight."""
SORTS = {
    Sort.RELEVANCE: N_("综合排序"),
    Sort.NEWEST: N_("最新入仓"),
    Sort.OLDEST: N_("最早入仓"),
    Sort.NEAREST: N_("距离最近"),
    Sort.VALUE_LOW: N_("原值从低到高"),
    Sort.VALUE_HIGH: N_("原值从高到低"),
    Sort.NAME: N_("按名称"),
}


@blueprint.get("/search")
@needs(Permission.FIND)
def page() -> Response:
    """The whole page or, while somebody is typing or scrolling, only what changes of it."""
    part = results.is_part()
    if not part and not all(request.args.values()):
        return redirect(address_with(request.args))
    reading = results.read(request.args, listed=True, limit=PAGE)
    if part and reading.wish.cursor:
        return _more(reading)
    found = results.find(reading)
    template = "search/results.html" if part else "search/page.html"
    response = results.answer(template, found, _everything(reading, found))
    return results.with_address(response, address_with(request.args)) if part else response


@blueprint.get("/search/suggest")
@needs(Permission.FIND)
def suggest() -> Response:
    """Names that go on from what was typed."""
    q = request.args.get("q", "")[:60]
    return jsonify(services().finder.suggest(q, reach_of(actor()), limit=SUGGESTED))


def _more(reading: Reading) -> Response:
    """The next hits. The address then says how many were seen, so that coming back shows them again."""
    found = results.find_more(reading)
    if found is None:
        context = {"address": address_with(request.args), "view": _view()}
        return results.answer("search/stale.html", Found(items=[], total=0), context)
    shown = results.shown_before() + len(found.items)
    response = results.answer("search/more.html", found, {"wish": reading.wish, **_hits(found, shown)})
    response.headers["HX-Replace-Url"] = address_with(request.args, shown=min(shown, RESTORED))
    return response


def _everything(reading: Reading, found: Found) -> dict[str, object]:
    """What all parts of the page show."""
    names = names_of(found)
    chips = filter_chips(reading.args, names)
    return {
        **_hits(found, len(found.items)),
        "wish": reading.wish,
        "problems": reading.problems,
        "facets": facet_groups(request.args, found, names),
        "chips": chips,
        "cleared": cleared_address(request.args),
        "fewer_words": [] if found.total else results.fewer_words(reading.wish.q),
        "without_filters": results.without_filters(reading.wish) if chips and not found.total else 0,
        "sorts": [(sort.value, label) for sort, label in SORTS.items() if _makes_sense(sort, reading.wish)],
        "sort_address": lambda sort: address_with(request.args, sort=sort),
    }


def _hits(found: Found, shown: int) -> dict[str, object]:
    """What the list of hits shows; ``shown`` counts those of earlier pages as well."""
    return {
        **results.paging(found, shown, PAGE),
        "items": hits(found.items),
        "page": PAGE,
        "view": _view(),
    }


def _view() -> str:
    return "table" if request.args.get("view") == "table" else "cards"


def _makes_sense(sort: Sort, wish: Wish) -> bool:
    """Without a place of one's own nothing is near."""
    return sort is not Sort.NEAREST or wish.origin is not None
