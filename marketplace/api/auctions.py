"""Published auctions as JSON, for everyone: nothing here knows of a draft."""

from __future__ import annotations

from flask import Response

from marketplace.api.auction_schemas import AuctionQuery, AuctionsOut
from marketplace.api.blueprint import answer, blueprint
from marketplace.edge.access import for_everyone
from marketplace.edge.context import db, now, today
from marketplace.edge.notice_views import shown, summary, whole
from marketplace.use_cases import public_notices
from marketplace.use_cases.public_notices import PAGE, Wish

CACHING = "public, max-age=30"


@blueprint.get("/auctions")
@blueprint.input(AuctionQuery, location="query", arg_name="query")
@blueprint.output(AuctionsOut)
@blueprint.doc(summary="Published auctions")
@for_everyone
def auctions(query: AuctionQuery) -> Response:
    """The newest version of each notice, newest first."""
    wish = Wish(query.q, query.region, query.category, query.phase, query.cursor)
    rows = public_notices.newest(db(), wish, now(), today())
    items = [summary(shown(row, now())) for row in rows[:PAGE]]
    following = rows[PAGE - 1].id if len(rows) > PAGE else None
    return answer({"items": items, "next_cursor": following}, Cache_Control=CACHING)


@blueprint.get("/auctions/<number>")
@blueprint.doc(summary="A published auction with its lots and versions")
@for_everyone
def auction(number: str) -> Response:
    """The newest version as it was published, and what other versions there are."""
    rows = public_notices.versions(db(), number)
    return answer(whole(shown(rows[-1], now()), rows), Cache_Control=CACHING)
