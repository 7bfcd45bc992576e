"""Answering everyone from the shelf, or in as much time as a visitor has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Flask, Response, current_app, render_template, request
from flask_babel import force_locale
from sqlalchemy import text

from marketplace.config import Settings
from marketplace.edge.context import conditional, db, now
from marketplace.edge.copies import Copies
from marketplace.edge.express import FLAG, Express, Span
from marketplace.edge.makers import Makers
from marketplace.edge.pages import Kept, Page
from marketplace.edge.shelf import FRESH, LATE, Shelf

CACHING = "public, max-age=30, stale-while-revalidate=60, stale-if-error=86400"
LATE_CACHING = "public, max-age=5"
PATIENCE = "3s"
"""No query of a public page runs longer; the page from before serves meanwhile."""
LATE_PLACE = b"<!-- late -->"
"""Where a page says how old it is, when it is late."""
MOST_SETTLED = 100_000
Made = TypeVar("Made")


def init_shelf(app: Flask, settings: Settings, clock: Callable[[], dt.datetime]) -> None:
    """Give the application its shelf of public pages, and a short way to what was just taken from it."""
    makers = Makers()
    app.extensions["makers"] = makers
    express = Express(app.wsgi_app, clock)
    app.wsgi_app = express  # type: ignore[method-assign, assignment]
    app.extensions["shelf"] = Shelf(makers, Copies(settings.home / "pages"), forget_too=express.clear)


def language() -> str:
    """Chosen in the address, because a page kept for everyone can't depend on cookies."""
    return "en" if request.args.get("lang") == "en" else "zh_CN"


def kept(what: tuple[object, ...], make: Callable[[], Page], *, passing: bool = False) -> Response:
    """The page from the shelf, with what lets browsers and proxies keep it too."""
    shelf = cast(Shelf, current_app.extensions["shelf"])
    found = shelf.get((*what, language()), now(), lambda: _patiently(make), passing=passing)
    age = max(dt.timedelta(0), now() - found.made_at)
    response = _late(found) if age >= LATE else Response(found.page.body, mimetype=found.page.mimetype)
    response.headers.setdefault("Cache-Control", CACHING)
    response.headers["Age"] = str(int(age.total_seconds()))
    response.last_modified = found.page.modified
    if not passing:
        request.environ[FLAG] = Span(found.made_at, found.made_at + FRESH)
    return conditional(response, found.page.etag + "-late" * (age >= LATE))


def soon(make: Callable[[], Made]) -> Made:
    """What the database says, for an answer that isn't kept.

    Raises:
        Busy, OperationalError: it is away, or takes longer than a visitor waits.
    """
    return cast(Makers, current_app.extensions["makers"]).run(lambda: _patiently(make))


def settled(what: tuple[object, ...], find: Callable[[], bool]) -> bool:
    """Whether something is so that stays so for good, once it is: then the database isn't asked again.

    Raises:
        Busy, OperationalError: as :func:`soon`.
    """
    shelf = cast(Shelf, current_app.extensions["shelf"])
    if what in shelf.settled:
        return True
    found = soon(find)
    if found and len(shelf.settled) < MOST_SETTLED:
        shelf.settled.add(what)
    return found


def _patiently(make: Callable[[], Made]) -> Made:
    db().execute(text(f"SET LOCAL statement_timeout = '{PATIENCE}'"))
    with force_locale(language()):
        return make()


def _late(found: Kept) -> Response:
    body = found.page.body
    if LATE_PLACE in body:
        with force_locale(language()):
            said: Any = render_template("auctions/_late.html", made_at=found.made_at)
        body = body.replace(LATE_PLACE, said.encode(), 1)
    return Response(body, mimetype=found.page.mimetype, headers={"Cache-Control": LATE_CACHING})
