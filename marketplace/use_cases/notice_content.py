"""What a public notice says: put together once, kept as it was published, and read from there ever after.

Left out on purpose are the reserve price, serial and plate numbers, persons at the holder, and bidders.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset, Photo
from marketplace.db.auctions import Auction, Lot
from marketplace.db.catalogue import Category
from marketplace.domain.auctions import LotState
from marketplace.domain.disposals import ConditionKind
from marketplace.domain.notices import masked_winner
from marketplace.use_cases.auction_drafts import appraised

Content = dict[str, Any]
Classes = Mapping[tuple[str, str], Category]
_BROAD = 2
"""Depth of the classes by which the public looks for things."""


def content_of(session: Session, auction: Auction, zone: dt.tzinfo) -> Content:
    """Everything an announcement carries (拍卖法, art. 46, and practice)."""
    project = auction.project
    cards = [one.project_item.asset for lot in auction.lots for one in lot.items]
    classes = _classes(session, cards)
    pictures = _pictures(session, cards)
    return {
        "number": auction.number,
        "terms": dict(auction.terms),
        "viewing_from": _iso(auction.viewing_from),
        "viewing_until": _iso(auction.viewing_until),
        "starts_at": _moment(auction.starts_at, zone),
        "ends_at": _moment(auction.ends_at, zone),
        "unit": project.unit.name,
        "region": {"code": project.unit.region_code, "name": project.unit.region_name},
        "appraiser": project.appraiser,
        "appraised_on": _iso(project.appraised_on),
        "approval": next(
            (row.evidence for row in project.conditions if row.kind is ConditionKind.APPROVAL), ""
        ),
        "lots": [_lot(lot, classes, pictures) for lot in auction.lots],
        "attachments": [
            {name: getattr(file, name) for name in ("name", "media_type", "size", "digest")}
            for file in auction.files
        ],
    }


def results_of(auction: Auction) -> list[Content]:
    """What each lot came to, with buyers masked."""
    return [
        {
            "lot": lot.number,
            "name": lot.name,
            "sold": lot.state is LotState.SOLD,
            "price": _amount(lot.result.price),
            "date": lot.result.concluded_on.isoformat(),
            "winner": masked_winner(lot.result.winner),
            "way": lot.result.sale_way,
        }
        for lot in auction.lots
        if lot.result is not None
    ]


def _lot(lot: Lot, classes: Classes, pictures: Mapping[int, list[Content]]) -> Content:
    cards = [one.project_item for one in lot.items]
    return {
        "number": lot.number,
        "name": lot.name,
        "items": [_item(one.asset, one.appraised, one.defects, classes) for one in cards],
        "photos": [picture for one in cards for picture in pictures.get(one.asset_id, [])],
        "categories": sorted({broad for one in cards for broad in [_broad(one.asset, classes)] if broad}),
        "defects": lot.defects,
        "appraised": _amount(appraised(lot)),
        "start_price": _amount(lot.start_price),
        "has_reserve": lot.reserve_price is not None,
        "deposit": _amount(lot.deposit),
        "increment": _amount(lot.increment),
        "relisted": lot.last_price is not None,
        "price_approval": lot.price_approval,
        "joint_bidding": lot.joint_bidding,
        "burdens": lot.burdens,
        "pre_emption": lot.pre_emption,
    }


def _item(card: Asset, value: Decimal | None, defects: str, classes: Classes) -> Content:
    category = classes.get((card.category_edition or "", card.category_code or ""))
    return {
        "name": card.name,
        "number": card.number,
        "specification": " ".join(filter(None, [card.brand, card.model])),
        "quantity": card.quantity,
        "unit_of_measure": card.unit_of_measure,
        "category": category.name if category else "",
        "condition": card.condition,
        "location": card.location or "",
        "acquired_on": _iso(card.acquired_on),
        "appraised": _amount(value),
        "defects": defects,
    }


def _classes(session: Session, cards: Sequence[Asset]) -> dict[tuple[str, str], Category]:
    """The classes of the cards and the broad ones above them."""
    own = {(card.category_edition or "", card.category_code or "") for card in cards}
    found = _load(session, own)
    above = {(row.edition, row.path[:_BROAD][-1]) for row in found.values()}
    return found | _load(session, above - found.keys())


def _load(session: Session, keys: set[tuple[str, str]]) -> dict[tuple[str, str], Category]:
    query = select(Category).where(tuple_(Category.edition, Category.code).in_(keys))
    return {(row.edition, row.code): row for row in session.scalars(query)} if keys else {}


def _broad(card: Asset, classes: Classes) -> str:
    own = classes.get((card.category_edition or "", card.category_code or ""))
    above = classes.get((own.edition, own.path[:_BROAD][-1])) if own else None
    return above.name if above else ""


def _pictures(session: Session, cards: Sequence[Asset]) -> dict[int, list[Content]]:
    query = select(Photo).where(Photo.asset_id.in_([card.id for card in cards]), Photo.removed_at.is_(None))
    found: dict[int, list[Content]] = {}
    for photo in session.scalars(query.order_by(Photo.asset_id, Photo.position, Photo.id)):
        shown = {name: getattr(photo, name) for name in ("digest", "width", "height", "caption")}
        found.setdefault(photo.asset_id, []).append(shown)
    return found


def _iso(day: dt.date | None) -> str:
    return day.isoformat() if day else ""


def _moment(moment: dt.datetime | None, zone: dt.tzinfo) -> str:
    return moment.astimezone(zone).isoformat(timespec="minutes") if moment else ""


def _amount(value: Decimal | None) -> str:
    return "" if value is None else str(value)
