"""Published auctions as JSON, for everyone: nothing here knows of a draft."""

from __future__ import annotations

import orjson
from flask import Response

from marketplace.api.auction_schemas import AuctionQuery, AuctionsOut
from marketplace.api.blueprint import blueprint
from marketplace.edge.access import for_everyone
from marketplace.edge.context import db, now, today
from marketplace.edge.kept import kept
from marketplace.edge.notice_views import shown, summary, whole
from marketplace.edge.pages import Page
from marketplace.use_cases import public_notices
from marketplace.use_cases.public_notices import PAGE, Wish


@blueprint.get("/auctions")
@blueprint.input(AuctionQuery, location="query", arg_name="query")
@blueprint.output(AuctionsOut)
@blueprint.doc(summary="Published auctions")
@for_everyone
def auctions(query: AuctionQuery) -> Response:
    """The newest version of each notice, newest first."""
    wish = Wish(query.q, query.region, query.category, query.phase, query.cursor)
    return kept(("api list", wish), lambda: _list(wish), passing=wish.is_own)


@blueprint.get("/auctions/<number>")
@blueprint.doc(summary="A published auction with its lots and versions")
@for_everyone
def auction(number: str) -> Response:
    """The newest version as it was published, and what other versions there are."""
    return kept(("api notice", public_notices.read_number(number)), lambda: _notice(number))


def _list(wish: Wish) -> Page:
    rows = public_notices.newest(db(), wish, now(), today())
    items = [summary(shown(row, now())) for row in rows[:PAGE]]
    following = rows[PAGE - 1].id if len(rows) > PAGE else None
    modified = max((row.published_at for row in rows[:PAGE]), default=public_notices.NOTHING_YET)
    return Page(orjson.dumps({"items": items, "next_cursor": following}), "application/json", modified)


def _notice(number: str) -> Page:
    rows = public_notices.versions(db(), number)
    body = orjson.dumps(whole(shown(rows[-1], now()), rows))
    return Page(body, "application/json", rows[-1].published_at)
