"""Assets as JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from marketplace.db.assets import Asset, Listing, Photo
from marketplace.domain.finding import Mode
from marketplace.domain.listings import OFFERED_FIELDS
from marketplace.domain.permissions import Actor
from marketplace.domain.states import open_actions
from marketplace.edge.photos import photo_url
from marketplace.media.images import SIZES
from marketplace.use_cases.assets import may_read_card, snapshot


def card(asset: Asset, actor: Actor) -> dict[str, Any]:
    """The card as this actor may see it."""
    fields = snapshot(asset)
    whole = may_read_card(actor, asset)
    shown = fields if whole else {name: fields[name] for name in OFFERED_FIELDS}
    body = {name: plain(value) for name, value in shown.items() if name != "category"}
    body |= {
        "id": asset.id,
        "unit": {"code": asset.unit.code, "name": asset.unit.name},
        "region": {"code": asset.unit.region_code, "name": asset.unit.region_name},
        "category": category(asset),
        "net_value": plain(asset.net_value),
        "state": asset.state,
        "version": asset.version,
        "listing": listing(asset.listing) if asset.listing else None,
        "photos": photos(asset.photos, asset.cover_photo_id),
        "allowed_actions": list(open_actions(asset.state, actor, asset.unit.path)),
        "updated_at": plain(asset.updated_at),
    }
    return body | ({"extra": asset.extra} if whole else {})


def category(asset: Asset) -> dict[str, str] | None:
    """Code, edition and name; None for a card that is not classified yet."""
    found = asset.category
    return {"code": found.code, "edition": found.edition, "name": found.name} if found else None


def listing(row: Listing) -> dict[str, Any]:
    """An open offer."""
    modes = [mode for mode, on in ((Mode.TRANSFER, row.for_transfer), (Mode.LOAN, row.for_loan)) if on]
    return {
        "modes": modes,
        "quantity": row.quantity,
        "place": row.place,
        "contact_name": row.contact_name,
        "contact_phone": row.contact_phone,
        "note": row.note,
        "audience": "department" if row.audience_unit_id else "everyone",
        "listed_at": plain(row.listed_at),
    }


def photos(rows: Iterable[Photo], cover_id: int | None) -> list[dict[str, Any]]:
    """Photos in their order."""
    return [photo(row, cover_id) for row in rows]


def photo(row: Photo, cover_id: int | None, similar: Iterable[int] = ()) -> dict[str, Any]:
    """One photo with its addresses by size."""
    return {
        "id": row.id,
        "urls": photo_urls(row.digest),
        "width": row.width,
        "height": row.height,
        "caption": row.caption,
        "cover": row.id == cover_id,
        "similar": list(similar),
    }


def photo_urls(digest: str) -> dict[str, str]:
    """Addresses of a photo by size."""
    return {size: photo_url(digest, size) for size in SIZES}


def hit(document: Mapping[str, Any]) -> dict[str, Any]:
    """A search document as an item of a result."""
    code = document.get("category") or ""
    edition, _, number = code.partition(":")
    return {
        "id": document["id"],
        "number": document["number"],
        "name": document["name"],
        "brand": document.get("brand"),
        "model": document.get("model"),
        "unit": {"code": document["unit_code"], "name": document["unit_name"]},
        "region": {"code": document["region_code"], "name": document["region_name"]},
        "category": {"code": number, "edition": edition, "name": document.get("category_name")}
        if code
        else None,
        "condition": document["condition"],
        "state": document["state"],
        "listed": document["listed"],
        "modes": document["modes"],
        "quantity": document["quantity"],
        "listed_quantity": document.get("listed_quantity"),
        "unit_of_measure": document["unit_of_measure"],
        "original_value": document["original_value_text"],
        "net_value": document.get("net_value_text"),
        "acquired_on": document.get("acquired_on"),
        "location": document.get("location"),
        "photo": photo_urls(document["cover"]) if document.get("cover") else None,
        "photo_count": document.get("photo_count", 0),
        "distance_km": document.get("distance_km"),
        "version": document.get("version"),
    }


def plain(value: object) -> Any:
    """A value as JSON carries it: amounts as decimal strings, times in ISO 8601 with their zone."""
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, dt.date) else value
