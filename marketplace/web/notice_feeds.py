"""Notices as Atom (RFC 4287) and as a map of the site (sitemaps.org)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from flask_babel import gettext

from marketplace.db.auctions import Notice
from marketplace.domain.notices import NOTICE_NAMES
from marketplace.edge.i18n import money
from marketplace.edge.notice_views import absolute

ATOM = "http://www.w3.org/2005/Atom"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


def atom(rows: Sequence[Notice], updated: dt.datetime) -> bytes:
    """A feed with an entry for each version of each notice."""
    feed = Xml.Element("feed", xmlns=ATOM)
    address = absolute("public_auctions.index")
    _add(feed, "title", gettext("公物仓拍卖公告"))
    _add(feed, "id", address)
    _add(feed, "updated", updated.isoformat(timespec="seconds"))
    _add(feed, "link", rel="self", type="application/atom+xml", href=absolute("public_auctions.atom"))
    _add(feed, "link", rel="alternate", type="text/html", href=address)
    for row in rows:
        _entry(feed, row)
    return _written(feed)


def _entry(feed: Xml.Element, row: Notice) -> None:
    content = row.content
    entry = Xml.SubElement(feed, "entry")
    address = absolute("public_auctions.version", number=row.number, version=row.version)
    title = content["terms"].get("title", "")
    _add(entry, "title", f"{gettext(NOTICE_NAMES[row.kind])}：{title}")
    _add(entry, "id", address)
    _add(entry, "updated", row.published_at.isoformat(timespec="seconds"))
    _add(entry, "link", rel="alternate", type="text/html", href=address)
    _add(Xml.SubElement(entry, "author"), "name", content["terms"].get("consignor", "") or row.number)
    _add(entry, "summary", "；".join(f"{lot['name']} {money(lot['start_price'])}" for lot in content["lots"]))


def sitemap(rows: Sequence[Notice]) -> bytes:
    """The list and every notice."""
    urls = Xml.Element("urlset", xmlns=SITEMAP)
    _add(Xml.SubElement(urls, "url"), "loc", absolute("public_auctions.index"))
    for row in rows:
        url = Xml.SubElement(urls, "url")
        _add(url, "loc", absolute("public_auctions.page", number=row.number))
        _add(url, "lastmod", row.published_at.isoformat(timespec="seconds"))
    return _written(urls)


def _add(parent: Xml.Element, name: str, words: str | None = None, **attributes: str) -> None:
    Xml.SubElement(parent, name, attributes).text = words


def _written(root: Xml.Element) -> bytes:
    written: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return written
