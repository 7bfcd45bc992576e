"""What the page of an order tells beside the order itself: its place in line, awards, renewals, damage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from marketplace.db.assets import Asset, Listing
from marketplace.db.orders import Award, DamageCase, Handover, Order
from marketplace.domain.orders import OrderKind, OrderState
from marketplace.use_cases import waiting_lists


@dataclass(frozen=True, slots=True)
class Place:
    """Where an order stands in a line."""

    place: int
    length: int


@dataclass(frozen=True, slots=True)
class Story:
    """What belongs to an order."""

    place: Place | None
    """While it waits."""
    ranking: Sequence[Mapping[str, Any]]
    """How a window was awarded in which this order took part; the first is the best."""
    loans: Sequence[Order]
    """The loan and all its renewals, where there are any; the loan first."""
    damage: Sequence[DamageCase]
    handovers: Sequence[Handover]


def story_of(session: Session, order: Order) -> Story:
    """Everything that the page of an order tells; the reader may open the order."""
    return Story(
        _place(session, order),
        _ranking(session, order),
        _loans(session, order),
        session.scalars(
            select(DamageCase).where(DamageCase.order_id == order.id).order_by(DamageCase.id)
        ).all(),
        _handovers(session, order),
    )


def places_of(session: Session, orders: Sequence[Order]) -> dict[int, Place]:
    """The places in line of those orders that wait."""
    found = {order.id: _place(session, order) for order in orders}
    return {order_id: place for order_id, place in found.items() if place}


def _place(session: Session, order: Order) -> Place | None:
    if order.state is not OrderState.WAITING or not order.lines:
        return None
    ids = [claim.order_id for claim in waiting_lists.line_of(session, order.lines[0].asset_id)]
    return Place(ids.index(order.id) + 1, len(ids)) if order.id in ids else None


def _ranking(session: Session, order: Order) -> Sequence[Mapping[str, Any]]:
    """A card that was split since keeps its origin, at which the window was."""
    cards = [line.asset_id for line in order.lines]
    origins = select(Asset.origin_id).where(Asset.id.in_(cards))
    query = (
        select(Award.ranking)
        .join(Listing, Listing.id == Award.listing_id)
        .where(
            or_(Listing.asset_id.in_(cards), Listing.asset_id.in_(origins)),
            Award.ranking.contains([{"order_id": order.id}]),
        )
        .order_by(Award.id.desc())
        .limit(1)
    )
    return session.scalar(query) or ()


def _loans(session: Session, order: Order) -> Sequence[Order]:
    if order.kind is not OrderKind.LOAN:
        return ()
    first = order.renews_id or order.id
    query = (
        select(Order)
        .where(or_(Order.id == first, Order.renews_id == first), Order.number.is_not(None))
        .order_by(Order.id)
    )
    found = session.scalars(query).all()
    return found if len(found) > 1 else ()


def _handovers(session: Session, order: Order) -> Sequence[Handover]:
    query = (
        select(Handover)
        .where(Handover.order_id == order.id)
        .options(joinedload(Handover.giver), joinedload(Handover.receiver))
        .order_by(Handover.id)
    )
    return session.scalars(query).all()
