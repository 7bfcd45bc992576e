"""广场: one page on which everyone finds what is on offer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from flask import Blueprint, jsonify, make_response, redirect, render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from marketplace.domain.errors import Invalid
from marketplace.domain.finding import PAGE_LIMIT, Found, Sort, Wish, reach_of
from marketplace.domain.permissions import Permission
from marketplace.domain.text import N_
from marketplace.edge.access import needs
from marketplace.edge.context import actor, services
from marketplace.edge.i18n import message_of
from marketplace.edge.wishes import wish_from
from marketplace.web.addresses import Args, address_with, cleared_address, only_words_differ
from marketplace.web.facet_names import names_of
from marketplace.web.facets import facet_groups, filter_chips
from marketplace.web.hits import hits

blueprint = Blueprint("search", __name__)

PAGE = 24
"""Hits that one answer adds; divisible by every number of columns."""
RESTORED = 480
"""Most hits that come back at once when somebody returns to a long result."""
UNASKED = 120
"""After so many hits that came by scrolling the next ones wait for a click: the footer can be reached."""
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
_PARAMETERS = {"modes": "mode"}


@dataclass(slots=True)
class Reading:
    """What an address asks for, apart from what could not be read."""

    args: Args
    wish: Wish
    problems: dict[str, str] = field(default_factory=dict)
    """Why a parameter was left aside, by its name."""


@blueprint.get("/search")
@needs(Permission.FIND)
def page() -> Response:
    """The whole page or, while somebody is typing or scrolling, only what changes of it."""
    if not _partial() and not all(request.args.values()):
        return redirect(address_with(request.args))
    reading = _read(request.args)
    if _partial() and reading.wish.cursor:
        return _more(reading)
    found = _find(reading)
    template = "search/results.html" if _partial() else "search/page.html"
    response = _answer(template, found, _everything(reading, found))
    if _partial():
        address = address_with(request.args)
        typing = only_words_differ(request.args, request.headers.get("HX-Current-URL", ""))
        response.headers["HX-Replace-Url" if typing else "HX-Push-Url"] = address
    return response


@blueprint.get("/search/suggest")
@needs(Permission.FIND)
def suggest() -> Response:
    """Names that go on from what was typed."""
    q = request.args.get("q", "")[:60]
    return jsonify(services().finder.suggest(q, reach_of(actor()), limit=SUGGESTED))


def _partial() -> bool:
    """Whether only a part of the page is wanted; going back asks for all of it."""
    wanted = request.headers.get("HX-Request") == "true"
    return wanted and request.headers.get("HX-History-Restore-Request") != "true"


def _read(args: Args) -> Reading:
    """Read the address; what can't be read is named and left aside, so that the rest still finds."""
    readable: Args = MultiDict(args)
    problems: dict[str, str] = {}
    while True:
        try:
            return Reading(readable, wish_from(readable, limit=PAGE), problems)
        except Invalid as error:
            for place in error.fields:
                name = _PARAMETERS.get(place.field, place.field)
                if not readable.poplist(name):
                    raise
                problems[name] = message_of(place)


def _find(reading: Reading) -> Found:
    """The first hits, or as many as the address says were seen."""
    finder, reach = services().finder, reach_of(actor())
    try:
        found = finder.find(reading.wish, reach)
    except Invalid as error:
        reading.wish, reading.problems["cursor"] = replace(reading.wish, cursor=""), message_of(error)
        found = finder.find(reading.wish, reach)
    seen = min(_shown(), RESTORED)
    while found.next_cursor and len(found.items) < seen:
        limit = min(PAGE_LIMIT, seen - len(found.items))
        wish = replace(reading.wish, cursor=found.next_cursor, limit=limit, facets=False)
        more = finder.find(wish, reach)
        found = replace(found, items=[*found.items, *more.items], next_cursor=more.next_cursor)
    return found


def _more(reading: Reading) -> Response:
    """The next hits. The address then says how many were seen, so that coming back shows them again."""
    try:
        found = services().finder.find(replace(reading.wish, facets=False), reach_of(actor()))
    except Invalid:
        return _answer("search/stale.html", Found(items=[], total=0), {"address": address_with(request.args)})
    shown = _shown() + len(found.items)
    response = _answer("search/more.html", found, {"wish": reading.wish, **_hits(found, shown)})
    response.headers["HX-Replace-Url"] = address_with(request.args, shown=min(shown, RESTORED))
    return response


def _answer(template: str, found: Found, context: Mapping[str, object]) -> Response:
    view = "table" if request.args.get("view") == "table" else "cards"
    response = make_response(render_template(template, view=view, **context))
    # The same address answers with the page or a part of it.
    response.vary.add("HX-Request")
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Server-Timing"] = f"search;dur={found.took_ms}"
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
        "fewer_words": [] if found.total else _fewer_words(reading.wish.q),
        "without_filters": _without_filters(reading.wish) if chips and not found.total else 0,
        "sorts": [(sort.value, label) for sort, label in SORTS.items() if sort in _sorts(reading.wish)],
        "sort_address": lambda sort: address_with(request.args, sort=sort),
    }


def _hits(found: Found, shown: int) -> dict[str, object]:
    """What the list of hits shows; ``shown`` counts those of earlier pages as well."""
    return {
        "found": found,
        "items": hits(found.items),
        "shown": shown,
        "next": _next_addresses(found, shown),
        "page": PAGE,
        "by_itself": shown % UNASKED != 0,
    }


def _shown() -> int:
    text = request.args.get("shown", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 0


def _next_addresses(found: Found, shown: int) -> dict[str, str] | None:
    """Where the next hits are: as a part of the page, and as a page for those without scripts."""
    if not found.next_cursor:
        return None
    paging = urlencode({"cursor": found.next_cursor, "shown": shown})
    address = address_with(request.args)
    part = f"{address}{'&' if '?' in address else '?'}{paging}"
    whole = address_with(request.args, shown=shown + PAGE) + f"#asset-{found.items[-1]['id']}"
    return {"part": part, "whole": whole if shown < RESTORED else part}


def _sorts(wish: Wish) -> list[Sort]:
    """Orders that make sense here: without a place of one's own nothing is near."""
    return [sort for sort in SORTS if sort is not Sort.NEAREST or wish.origin]


def _fewer_words(q: str) -> list[tuple[str, str]]:
    """The same search with one word less each, and its address."""
    words = q.split()
    shorter = [" ".join(words[:at] + words[at + 1 :]) for at in range(len(words))] if len(words) > 1 else []
    return [(text, address_with(request.args, q=text)) for text in shorter]


def _without_filters(wish: Wish) -> int:
    """How many hits the words alone have."""
    bare = Wish(q=wish.q, origin=wish.origin, listed=wish.listed, limit=1, facets=False)
    return services().finder.find(bare, reach_of(actor())).total
