"""公告公示: what the public reads of auctions, without sign-in or session, and kept ready for a crowd."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from flask import Blueprint, Response, abort, render_template, request, url_for
from flask_babel import force_locale
from jinja2 import Undefined
from werkzeug.datastructures import MultiDict

from marketplace.db.auctions import Notice
from marketplace.domain.auctions import PHASE_NAMES, Phase
from marketplace.domain.errors import NotFound
from marketplace.domain.notices import NUMBER
from marketplace.domain.papers import digest_of, short_digest
from marketplace.domain.text import N_, clean
from marketplace.edge.access import for_everyone
from marketplace.edge.context import db, now, today
from marketplace.edge.kept import kept, language, settled, soon
from marketplace.edge.limits import limiter
from marketplace.edge.notice_views import Shown, absolute, linked_data, shown, summary
from marketplace.edge.pages import Page
from marketplace.edge.photos import photo_file
from marketplace.media.images import SIZES
from marketplace.use_cases import public_notices
from marketplace.use_cases.public_notices import PAGE, Wish
from marketplace.web import notice_feeds

blueprint = Blueprint("public_auctions", __name__)

LONGEST_QUERY = 60


@blueprint.get("/auctions")
@for_everyone
def index() -> Response:
    """What is announced: upcoming, on view, open for bids, over; by words, region and class."""
    wish = _wish(request.args)
    return kept(("list", wish), lambda: _list(wish), passing=wish.is_own)


@blueprint.get("/auctions/<number>")
@for_everyone
def page(number: str) -> Response:
    """The newest version of a notice."""
    return kept(("notice", public_notices.read_number(number)), lambda: _notice(number, 0))


@blueprint.get("/auctions/<number>/v<int:version>")
@for_everyone
def version(number: str, version: int) -> Response:
    """One version of a notice, as it was published."""
    return kept(("notice", public_notices.read_number(number), version), lambda: _notice(number, version))


@blueprint.get("/auctions/verify")
@for_everyone
@limiter.limit("60 per minute")
def verify() -> str | tuple[str, int]:
    """Whether a notice that somebody holds is the one that was published."""
    number, digest = (clean(request.args.get(name, "")) for name in ("number", "digest"))
    with force_locale(language()):
        found = soon(lambda: _matching(number.upper(), digest)) if number or digest else None
        values = {"number": number, "digest": digest, "asked": bool(number or digest), "found": found}
        body = render_template("auctions/verify.html", **values, **_frame())
    return (body, 404) if (number or digest) and found is None else body


@blueprint.get("/auctions/media/<string(length=64):digest>/<size>.webp")
@for_everyone
def photo(digest: str, size: str) -> Response:
    """A photo of a lot in a published notice."""
    if size not in SIZES or not settled(("photo", digest), lambda: public_notices.is_public(db(), digest)):
        abort(404)
    return photo_file(digest, size, "public, max-age=31536000, immutable")


@blueprint.get("/auctions/feed.atom")
@for_everyone
def atom() -> Response:
    """The newest notices for feed readers."""
    return kept(("atom",), lambda: _feed(notice_feeds.atom, "application/atom+xml"))


@blueprint.get("/auctions.json")
@for_everyone
def as_json() -> Response:
    """What is announced, for programs: the same list with the same wishes."""
    wish = _wish(request.args)
    return kept(("json", wish), lambda: _json(wish), passing=wish.is_own)


@blueprint.get("/sitemap.xml")
@for_everyone
def sitemap() -> Response:
    """The public pages, for search engines."""
    return kept(("sitemap",), _sitemap)


def listing(wish: Wish) -> tuple[list[Shown], int]:
    """A page of notices, and from where the next one goes on (0: nowhere)."""
    rows = public_notices.newest(db(), wish, now(), today())
    following = rows[PAGE - 1].id if len(rows) > PAGE else 0
    return [shown(row, now()) for row in rows[:PAGE]], following


def _wish(args: MultiDict[str, str]) -> Wish:
    phase = args.get("phase", "")
    return Wish(
        q=clean(args.get("q", ""))[:LONGEST_QUERY],
        region=clean(args.get("region", ""))[:LONGEST_QUERY],
        category=clean(args.get("category", ""))[:LONGEST_QUERY],
        phase=Phase(phase) if phase in PHASE_NAMES else None,
        before=max(args.get("before", 0, type=int), 0),
    )


def _no_notice() -> NotFound:
    return NotFound(N_("没有找到这份公告，请核对编号。"))


def _list(wish: Wish) -> Page:
    found, following = listing(wish)
    regions, categories = public_notices.choices(db())
    body = render_template(
        "auctions/list.html",
        wish=wish,
        found=found,
        phases=PHASE_NAMES,
        regions=[(name, name) for name in regions],
        categories=[(name, name) for name in categories],
        next_url=_address(wish, before=following) if following else "",
        address=lambda **changes: _address(wish, **changes),
        **_frame(),
    )
    return Page(body.encode(), "text/html", _newest(found))


def _address(wish: Wish, **changes: Any) -> str:
    values = {"q": wish.q, "region": wish.region, "category": wish.category, "phase": wish.phase} | changes
    if language() == "en":
        values["lang"] = "en"
    return url_for("public_auctions.index", **{name: value for name, value in values.items() if value})


def _notice(number: str, version: int) -> Page:
    rows = public_notices.versions(db(), number)
    row = rows[-1] if not version else next((row for row in rows if row.version == version), None)
    if row is None:
        raise _no_notice()
    one = shown(row, now())
    body = render_template(
        "auctions/page.html",
        one=one,
        versions=[shown(other, now()) for other in rows],
        newest=rows[-1].version,
        digest=short_digest(row.digest),
        linked=linked_data(one),
        address=absolute("public_auctions.page", number=number),
        image=absolute("public_auctions.photo", digest=one.cover["digest"], size="medium")
        if one.cover
        else "",
        **_frame(),
    )
    return Page(body.encode(), "text/html", row.published_at)


def _matching(number: str, digest: str) -> Notice | None:
    """The version whose kept content has this digest; at least the 16 characters that are printed."""
    wanted = "".join(digest.split()).lower()
    if len(wanted) < 16 or not NUMBER.fullmatch(number):
        return None
    try:
        rows = public_notices.versions(db(), number)
    except NotFound:
        return None
    return next((row for row in rows if digest_of(row.content).startswith(wanted)), None)


def _feed(make: Callable[[Sequence[Notice], dt.datetime], bytes], mimetype: str) -> Page:
    rows = public_notices.feed(db())
    modified = rows[0].published_at if rows else public_notices.NOTHING_YET
    return Page(make(rows, modified), mimetype, modified)


def _json(wish: Wish) -> Page:
    found, following = listing(wish)
    body = {"items": [summary(one) for one in found], "next_before": following or None}
    return Page(orjson.dumps(body), "application/json", _newest(found))


def _sitemap() -> Page:
    rows = public_notices.addresses(db())
    modified = rows[0].published_at if rows else public_notices.NOTHING_YET
    return Page(notice_feeds.sitemap(rows), "application/xml", modified)


def _newest(found: Sequence[Shown]) -> dt.datetime:
    return max((one.published_at for one in found), default=public_notices.NOTHING_YET)


def _frame() -> dict[str, Any]:
    """The frame of a page without a reader: no navigation, no forms that need a session, no server time."""
    return {
        "links": {"home": url_for("public_auctions.index"), "notices": url_for("public_auctions.index")},
        "navigation": [],
        "person": None,
        "now": Undefined(),
        "lang": "en" if language() == "en" else None,
    }
