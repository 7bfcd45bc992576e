"""The results of a search as pages go through them: read from the address, found, gone on with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from flask import Response, make_response, render_template, request
from werkzeug.datastructures import MultiDict

from marketplace.domain.errors import Invalid
from marketplace.domain.finding import PAGE_LIMIT, Found, Wish, reach_of
from marketplace.edge.context import actor, services
from marketplace.edge.i18n import message_of
from marketplace.edge.wishes import wish_from
from marketplace.web.addresses import Args, address_with, only_words_differ

RESTORED = 480
"""Most hits that come back at once when somebody returns to a long result."""
UNASKED = 120
"""After so many hits that came by scrolling the next ones wait for a click: the footer can be reached."""
_PARAMETERS = {"modes": "mode"}


@dataclass(slots=True)
class Reading:
    """What an address asks for, apart from what could not be read."""

    args: Args
    wish: Wish
    problems: dict[str, str] = field(default_factory=dict)
    """Why a parameter was left aside, by its name."""


def is_part() -> bool:
    """Whether only a part of the page is wanted; going back asks for all of it."""
    wanted = request.headers.get("HX-Request") == "true"
    return wanted and request.headers.get("HX-History-Restore-Request") != "true"


def read(args: Args, *, listed: bool, limit: int) -> Reading:
    """Read the address; what can't be read is named and left aside, so that the rest still finds.

    ``listed`` false: the cards of the own scope, whatever the address says of that.
    """
    readable: Args = MultiDict(args)
    if not listed:
        readable.poplist("listed")
    problems: dict[str, str] = {}
    while True:
        try:
            return Reading(readable, wish_from(readable, listed=listed, limit=limit), problems)
        except Invalid as error:
            for place in error.fields:
                name = _PARAMETERS.get(place.field, place.field)
                if not readable.poplist(name):
                    raise
                problems[name] = message_of(place)


def find(reading: Reading) -> Found:
    """The first hits, or as many as the address says were seen."""
    finder, reach = services().finder, reach_of(actor())
    try:
        found = finder.find(reading.wish, reach)
    except Invalid as error:
        reading.wish, reading.problems["cursor"] = replace(reading.wish, cursor=""), message_of(error)
        found = finder.find(reading.wish, reach)
    seen = min(shown_before(), RESTORED)
    while found.next_cursor and len(found.items) < seen:
        limit = min(PAGE_LIMIT, seen - len(found.items))
        wish = replace(reading.wish, cursor=found.next_cursor, limit=limit, facets=False)
        more = finder.find(wish, reach)
        found = replace(found, items=[*found.items, *more.items], next_cursor=more.next_cursor)
    return found


def find_more(reading: Reading) -> Found | None:
    """The next hits; None when the place where they begin is none any more."""
    try:
        return services().finder.find(replace(reading.wish, facets=False), reach_of(actor()))
    except Invalid:
        return None


def shown_before() -> int:
    """How many hits the reader has seen, by the address."""
    text = request.args.get("shown", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 0


def paging(found: Found, shown: int, page: int) -> dict[str, object]:
    """Where the next hits are, and whether they come by themselves."""
    return {
        "found": found,
        "shown": shown,
        "next": _next_addresses(found, shown, page),
        "by_itself": shown % UNASKED != 0,
    }


def _next_addresses(found: Found, shown: int, page: int) -> dict[str, str] | None:
    """As a part of the page, and as a page for those without scripts."""
    if not found.next_cursor:
        return None
    place = urlencode({"cursor": found.next_cursor, "shown": shown})
    address = address_with(request.args)
    part = f"{address}{'&' if '?' in address else '?'}{place}"
    whole = address_with(request.args, shown=shown + page) + f"#asset-{found.items[-1]['id']}"
    return {"part": part, "whole": whole if shown < RESTORED else part}


def answer(template: str, found: Found, context: Mapping[str, object]) -> Response:
    """A page, or a part of one, that no browser or proxy keeps."""
    response = make_response(render_template(template, **context))
    # The same address answers with the page or a part of it.
    response.vary.add("HX-Request")
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Server-Timing"] = f"search;dur={found.took_ms}"
    return response


def with_address(response: Response, address: str) -> Response:
    """Have the browser show the address; while somebody types it keeps one entry for the whole word."""
    typing = only_words_differ(request.args, request.headers.get("HX-Current-URL", ""))
    response.headers["HX-Replace-Url" if typing else "HX-Push-Url"] = address
    return response


def fewer_words(q: str) -> list[tuple[str, str]]:
    """The same search with one word less each, and its address."""
    words = q.split()
    shorter = [" ".join(words[:at] + words[at + 1 :]) for at in range(len(words))] if len(words) > 1 else []
    return [(text, address_with(request.args, q=text)) for text in shorter]


def without_filters(wish: Wish) -> int:
    """How many hits the words alone have."""
    bare = Wish(q=wish.q, origin=wish.origin, listed=wish.listed, limit=1, facets=False)
    return services().finder.find(bare, reach_of(actor())).total
