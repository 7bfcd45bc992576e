"""The demo as a whole: two cities, their units, people, registers and a well-filled warehouse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, func, insert, literal, null, select, text
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset, Listing, PropertyCard, VehicleCard
from marketplace.db.audit import AuditEntry
from marketplace.db.messages import Message
from marketplace.db.outbox import Setting, reindex_soon_where
from marketplace.db.people import User
from marketplace.demo.calm import calm
from marketplace.demo.cards import Card, make_cards
from marketplace.demo.idle import make_idle
from marketplace.demo.offers import make_offers
from marketplace.demo.orders import make_orders
from marketplace.demo.people import load_users
from marketplace.demo.pictures import PICTURES_PER_KIND, hang_pictures
from marketplace.demo.places import load_units
from marketplace.demo.rows import reserve_ids, write
from marketplace.demo.sales import make_sales
from marketplace.domain.permissions import PLATFORM
from marketplace.domain.states import AssetState
from marketplace.media.store import PhotoStore
from marketplace.reference.catalogue import load_reference

SEED = 20
CARDS = 5_000
OFFERS = 1_640
OPENED_BEFORE = dt.timedelta(days=120)
"""How long the warehouse has been open when the demo starts."""
DEMO_LOCK = 7_351_002
"""Advisory lock: of processes that start together, one loads."""
_MARK = "demo"
"""Name of the setting that says that the demo is there."""


def is_loaded(session: Session) -> bool:
    """Whether this database holds the demo, with or without its photos."""
    return session.get(Setting, _MARK) is not None


def load_demo(session: Session, now: dt.datetime, *, seed: int = SEED) -> bool:
    """Fill an empty database; False when the demo is there already, and then nothing changes.

    The same seed and ``now`` give the same units, accounts, cards and listings. Orders come afterwards
    by :func:`add_orders`, photos by :func:`hang_photos`: both take longer than all the rest.
    """
    session.execute(select(func.pg_advisory_xact_lock(DEMO_LOCK)))
    if is_loaded(session):
        return False
    load_reference(session)
    load_registers(session, now, seed)
    reindex_soon_where(session, select(Asset.id))
    session.add(Setting(name=_MARK, value={"seed": seed, "photos": False, "orders": False}, changed_at=now))
    session.flush()
    return True


def add_orders(session: Session, now: dt.datetime) -> bool:
    """Let the demo's people ask, decide and hand over; False when there is no demo, or they have."""
    session.execute(select(func.pg_advisory_xact_lock(DEMO_LOCK)))
    mark = session.get(Setting, _MARK)
    if mark is None or mark.value.get("orders"):
        return False
    make_orders(session, now, mark.value["seed"])
    mark.value, mark.changed_at = mark.value | {"orders": True}, now
    session.flush()
    return True


def hang_photos(
    session: Session, store: PhotoStore, now: dt.datetime, *, per_kind: tuple[int, int] = PICTURES_PER_KIND
) -> bool:
    """Draw the demo's photos and hang them; False when there is no demo, or its photos hang already.

    ``per_kind`` bounds the pictures drawn of each kind of thing. The files are written at once, the
    rows in the session's transaction, so a broken-off run is simply done again.
    """
    session.execute(select(func.pg_advisory_xact_lock(DEMO_LOCK)))
    mark = session.get(Setting, _MARK)
    if mark is None or mark.value["photos"]:
        return False
    hang_pictures(session, store, mark.value["seed"], per_kind=per_kind)
    reindex_soon_where(session, select(Asset.id).where(Asset.cover_photo_id.is_not(None)))
    mark.value, mark.changed_at = mark.value | {"photos": True}, now
    session.flush()
    return True


def add_sales(session: Session, now: dt.datetime) -> bool:
    """Let idle things be found, and unwanted ones be sold; False when there is no demo, or that was done.

    What is sold needs photos, so they have to hang first.
    """
    session.execute(select(func.pg_advisory_xact_lock(DEMO_LOCK)))
    mark = session.get(Setting, _MARK)
    if mark is None or mark.value.get("sales") or not mark.value["photos"]:
        return False
    last = session.scalar(select(func.max(Message.id))) or 0
    make_idle(session, now, mark.value["seed"])
    make_sales(session, now, mark.value["seed"])
    calm(session, Message.id > last, now)
    reindex_soon_where(session, select(Asset.id).where(Asset.state != AssetState.IN_USE))
    mark.value, mark.changed_at = mark.value | {"sales": True}, now
    session.flush()
    return True


def load_registers(session: Session, now: dt.datetime, seed: int) -> None:
    """Everything but the photos: units, accounts, cards, listings, and the record of how they came."""
    places = load_units(session, seed)
    listers = load_users(session, now, places)
    cards = make_cards(seed, now, now - OPENED_BEFORE, list(places.values()), CARDS)
    for card, asset_id in zip(cards, reserve_ids(session, Asset, len(cards)), strict=True):
        card.row["id"] = asset_id
    offers = make_offers(seed, now, cards, listers, OFFERS)
    write(session, Asset, [card.row for card in cards])
    write(session, VehicleCard, _extensions(cards, "vehicle"))
    write(session, PropertyCard, _extensions(cards, "estate"))
    write(session, Listing, offers)
    _record_cards(session)
    _record_listings(session)
    # What autovacuum finds out a minute later: orders are made at once.
    session.execute(text("ANALYZE units, users, role_grants, assets, listings"))


def _extensions(cards: Sequence[Card], part: str) -> list[dict[str, Any]]:
    return [{"asset_id": card.row["id"], **values} for card in cards if (values := getattr(card, part))]


def _record_cards(session: Session) -> None:
    """The history of every card begins with its making, as if it had been typed in."""
    told = func.jsonb_build_object("number", Asset.number, "name", Asset.name)
    entries = select(
        Asset.created_at,
        null(),
        literal(PLATFORM.name),
        Asset.unit_id,
        literal("asset.create"),
        literal("asset"),
        Asset.id,
        null(),
        told,
    ).order_by(Asset.id)
    session.execute(insert(AuditEntry).from_select(_ENTRY, entries))


def _record_listings(session: Session) -> None:
    before = func.jsonb_build_object("state", AssetState.IN_USE.value)
    modes = array([case((Listing.for_loan, "loan")), case((Listing.for_transfer, "transfer"))])
    after = func.jsonb_build_object(
        *("state", AssetState.LISTED.value, "modes", func.array_remove(modes, None)),
        *("quantity", Listing.quantity, "condition", Asset.condition),
    )
    entries = (
        select(
            Listing.listed_at,
            Listing.listed_by,
            func.coalesce(User.name, PLATFORM.name),
            Asset.unit_id,
            literal("asset.list"),
            literal("asset"),
            Asset.id,
            before,
            after,
        )
        .join(Asset, Asset.id == Listing.asset_id)
        .outerjoin(User, User.id == Listing.listed_by)
        .order_by(Listing.listed_at, Listing.id)
    )
    session.execute(insert(AuditEntry).from_select(_ENTRY, entries))


_ENTRY = (
    "at",
    "actor_id",
    "actor_name",
    "unit_id",
    "action",
    "object_kind",
    "object_id",
    "before",
    "after",
)
