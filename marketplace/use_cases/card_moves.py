"""Cards that are split or change hands: no piece and no cent is lost or made on the way."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset, Listing, Photo, PropertyCard, VehicleCard
from marketplace.db.disposals import Project
from marketplace.db.orders import Order
from marketplace.db.people import Unit
from marketplace.domain.assets import CARD_FIELDS, PROPERTY_FIELDS, VEHICLE_FIELDS, AcquisitionMethod
from marketplace.domain.disposals import WAYS_BASIS
from marketplace.domain.permissions import Actor
from marketplace.domain.slots import share
from marketplace.domain.states import AssetAction, AssetState, step
from marketplace.use_cases import audit, piece_ledger, reservations
from marketplace.use_cases.assets import touch

BASIS = "行政事业性国有资产管理条例第十一条"


def change_state(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    asset: Asset,
    action: AssetAction,
    cause: Order | Project,
) -> None:
    """Take an asset one step along its life because of an order or a disposal.

    Raises:
        Conflict: it is in a state that doesn't allow the step.
    """
    before, asset.state = asset.state, step(asset.state, action).target
    touch(session, asset, now)
    audit.record(
        session,
        actor,
        now,
        f"asset.{action}",
        "asset",
        asset.id,
        unit_id=asset.unit_id,
        before={"state": before},
        after={"state": asset.state, **_named(cause)},
        basis=_basis(cause),
    )


def lend_where_all_is_lent(
    session: Session, actor: Actor, now: dt.datetime, asset: Asset, order: Order
) -> None:
    """A card of which every piece is with borrowers is on loan."""
    if asset.state is AssetState.LISTED and reservations.pieces_lent(session, asset.id) >= asset.quantity:
        change_state(session, actor, now, asset, AssetAction.LEND, order)


def split(session: Session, actor: Actor, now: dt.datetime, asset: Asset, pieces: int, order: Order) -> Asset:
    """Take ``pieces`` off a card onto one of their own in the same unit; both keep a common origin.

    Values are shared by number of pieces, rounded to the cent; what rounding leaves stays on the old card.
    """
    piece_ledger.open_for(session, now, asset)
    value, depreciation = line_value(asset, pieces)
    part = _copy(session, asset, asset.unit, now, number=_free_number(session, asset.unit_id, asset.number))
    part.state, part.quantity = asset.state, pieces
    part.original_value, asset.original_value = value, asset.original_value - value
    if asset.accumulated_depreciation is not None:
        part.accumulated_depreciation = depreciation
        asset.accumulated_depreciation -= depreciation
    asset.quantity -= pieces
    session.add(part)
    session.flush()
    _copy_photos(session, asset, part)
    piece_ledger.note_move(session, now, asset, part, pieces, order)
    for card in (asset, part):
        touch(session, card, now)
    session.flush()
    audit.record(
        session,
        actor,
        now,
        "asset.split",
        "asset",
        asset.id,
        unit_id=asset.unit_id,
        before={"quantity": asset.quantity + pieces, "original_value": asset.original_value + value},
        after={
            "quantity": asset.quantity,
            "original_value": asset.original_value,
            "part": part.number,
            "order": order.number,
        },
    )
    return part


def hand_to(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    today: dt.date,
    asset: Asset,
    unit: Unit,
    cause: Order | Project,
) -> Asset:
    """Close the giver's card and open the receiver's, at book value with the depreciation so far.

    The same for a transfer (调剂) and for a gratuitous one (无偿划转), whose cause is a project of disposal.
    """
    piece_ledger.open_for(session, now, asset)
    number = _free_number(session, unit.id, asset.number, cause.number or "")
    received = _copy(session, asset, unit, now, number=number)
    received.state = AssetState.IN_USE
    received.acquisition_method = AcquisitionMethod.TRANSFER
    received.booked_on = today
    received.using_department = received.using_person = received.location = received.voucher = None
    session.add(received)
    session.flush()
    _copy_photos(session, asset, received)
    piece_ledger.note_move(session, now, asset, received, asset.quantity, cause)
    if asset.listing is not None:
        asset.listing.ended_at, asset.listing.ended_by = now, actor.user_id
        asset.listing.end_reason = cause.number or ""
    leaving = AssetAction.HAND_OVER if isinstance(cause, Order) else AssetAction.CLOSE
    change_state(session, actor, now, asset, leaving, cause)
    touch(session, received, now)
    session.flush()
    session.expire(asset, ["listing"])
    audit.record(
        session,
        actor,
        now,
        "asset.receive",
        "asset",
        received.id,
        unit_id=unit.id,
        after={"number": received.number, "quantity": received.quantity, **_named(cause)},
        basis=_basis(cause),
    )
    return received


def _named(cause: Order | Project) -> dict[str, object]:
    return {"order" if isinstance(cause, Order) else "cause": cause.number}


def _basis(cause: Order | Project) -> str:
    return BASIS if isinstance(cause, Order) else WAYS_BASIS


def share_offer(
    session: Session, actor: Actor, now: dt.datetime, asset: Asset, part: Asset, order: Order
) -> bool:
    """Divide the offer as the card was divided, on the same terms; whether the old card is still on offer.

    Where all that was offered has gone to the part, the old card is in use again.
    """
    listing = asset.listing
    if listing is None:
        return False
    session.add(
        Listing(
            asset_id=part.id,
            quantity=part.quantity,
            listed_at=now,
            **{name: getattr(listing, name) for name in _TERMS},
        )
    )
    remains = listing.quantity > part.quantity
    if remains:
        listing.quantity -= part.quantity
    else:
        listing.ended_at, listing.ended_by, listing.end_reason = now, actor.user_id, order.number or ""
        change_state(session, actor, now, asset, AssetAction.WITHDRAW, order)
    session.flush()
    for card in (asset, part):
        session.expire(card, ["listing"])
    return remains


_TERMS = (
    *("for_transfer", "for_loan", "place", "contact_name", "contact_phone", "note", "audience_unit_id"),
    *("award_rule", "window_days", "listed_by"),
)


def _copy(session: Session, asset: Asset, unit: Unit, now: dt.datetime, number: str) -> Asset:
    values = {field.name: getattr(asset, field.name) for field in CARD_FIELDS}
    copy = Asset(
        **values | {"number": number},
        unit=unit,
        state=asset.state,
        origin_id=asset.origin_id or asset.id,
        extra=dict(asset.extra),
        created_at=now,
        updated_at=now,
    )
    copy.category = asset.category
    for part, kind, fields in (
        ("vehicle", VehicleCard, VEHICLE_FIELDS),
        ("estate", PropertyCard, PROPERTY_FIELDS),
    ):
        if (old := getattr(asset, part)) is not None:
            setattr(copy, part, kind(**{field.name: getattr(old, field.name) for field in fields}))
    return copy


def _copy_photos(session: Session, source: Asset, target: Asset) -> None:
    """The same pictures hang on both cards; the files are named by what they contain."""
    copies = [
        Photo(
            asset_id=target.id,
            **{name: getattr(photo, name) for name in _PHOTO},
        )
        for photo in source.photos
    ]
    session.add_all(copies)
    session.flush()
    for photo, copy in zip(source.photos, copies, strict=True):
        if photo.id == source.cover_photo_id:
            target.cover_photo_id = copy.id
    session.expire(target, ["photos"])


_PHOTO = (
    *("position", "digest", "fingerprint", "width", "height", "caption"),
    *("uploaded_at", "uploaded_by"),
)


def _free_number(session: Session, unit_id: int, number: str, suffix: str = "") -> str:
    """A number that no card of the unit has yet: the same where possible, else with a suffix."""
    if suffix and not _is_taken(session, unit_id, number):
        return number
    stem = f"{number[: 60 - len(suffix)]}-{suffix}" if suffix else number[:58]
    if suffix and not _is_taken(session, unit_id, stem):
        return stem
    serial = 1
    while _is_taken(session, unit_id, f"{stem[:58]}-{serial}"):
        serial += 1
    return f"{stem[:58]}-{serial}"


def _is_taken(session: Session, unit_id: int, number: str) -> bool:
    query = select(Asset.id).where(Asset.unit_id == unit_id, Asset.number == number)
    return session.scalar(query) is not None


def line_value(asset: Asset, pieces: int) -> tuple[Decimal, Decimal]:
    """Book value and accumulated depreciation of so many pieces of a card."""
    depreciation = asset.accumulated_depreciation or Decimal(0)
    return share(asset.original_value, pieces, asset.quantity), share(depreciation, pieces, asset.quantity)
