"""What is kept for an order: pieces of a card on certain days.

Whoever calls these holds the lock on the cards (:func:`lock`), so what is read here is still true when
it is written; the database's exclusion constraint would refuse a mistake.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session, selectinload

from marketplace.db.assets import Asset
from marketplace.db.orders import Order, OrderLine, Reservation
from marketplace.domain.orders import OrderKind, OrderState
from marketplace.domain.slots import Span, allot

Days = Range[dt.date]
ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Taken:
    """So many pieces are taken from the first to the last day; without a last day for good."""

    first: dt.date
    last: dt.date | None
    quantity: int
    order_id: int
    state: OrderState


def lock(session: Session, asset_ids: Iterable[int]) -> dict[int, Asset]:
    """The cards, locked until the transaction ends: every step of an order begins here.

    They are always locked in the same order, so that nobody waits in a ring.
    """
    ids = sorted(set(asset_ids))
    query = (
        select(Asset)
        .where(Asset.id.in_(ids))
        .order_by(Asset.id)
        .with_for_update(of=Asset, key_share=True)
        # Asked for when the cards are locked: what is joined to them may be older than they are.
        .options(selectinload(Asset.unit), selectinload(Asset.listing))
        .execution_options(populate_existing=True)
    )
    return {asset.id: asset for asset in session.scalars(query)}


def days_of(order: Order, today: dt.date) -> Days:
    """The days for which an order needs its things."""
    return days_wanted(order.kind, order.starts_on, order.ends_on, today)


def days_wanted(kind: OrderKind, starts_on: dt.date | None, ends_on: dt.date | None, today: dt.date) -> Days:
    """A transfer needs a thing from today on, without end; a loan from its first to its last day."""
    if kind is OrderKind.TRANSFER:
        return Range(today, None)
    assert starts_on is not None
    assert ends_on is not None
    return Range(starts_on, ends_on + ONE_DAY)


def hold(session: Session, asset: Asset, line: OrderLine, days: Days) -> None:
    """Keep the line's quantity for it.

    Raises:
        Conflict: fewer pieces of what is on offer are free on all of these days.
    """
    offered = asset.listing.quantity if asset.listing else 0
    spans = allot(taken_spans(session, asset.id, days), offered, line.quantity)
    keep(session, asset, line, spans, days)


def keep(session: Session, asset: Asset, line: OrderLine, spans: Iterable[Span], days: Days) -> None:
    """Keep exactly these pieces."""
    session.add_all(
        Reservation(
            asset_id=asset.id,
            asset_quantity=asset.quantity,
            line_id=line.id,
            slots=Range(first, end),
            during=days,
        )
        for first, end in spans
    )
    session.flush()


def release(session: Session, order: Order) -> None:
    """Let go of everything that is kept for an order."""
    lines = select(OrderLine.id).where(OrderLine.order_id == order.id)
    session.execute(
        delete(Reservation).where(Reservation.line_id.in_(lines)).execution_options(synchronize_session=False)
    )


def release_line(session: Session, line_id: int) -> None:
    """Let go of what is kept for one line."""
    session.execute(
        delete(Reservation).where(Reservation.line_id == line_id).execution_options(synchronize_session=False)
    )


def days_kept(session: Session, line_id: int) -> Days:
    """The days for which a line's pieces are kept."""
    return session.scalars(select(Reservation.during).where(Reservation.line_id == line_id).limit(1)).one()


def prolong(session: Session, line_id: int, last: dt.date) -> None:
    """Keep a line's pieces until and with another last day."""
    query = update(Reservation).where(Reservation.line_id == line_id)
    days = func.daterange(func.lower(Reservation.during), last + ONE_DAY)
    session.execute(query.values(during=days).execution_options(synchronize_session=False))


def taken_spans(session: Session, asset_id: int, days: Days) -> list[Span]:
    """Pieces that are taken on any of these days; for good, also what is kept beyond its last day."""
    taken: ColumnElement[bool] = Reservation.during.op("&&")(days)
    if days.upper is None:
        lent = select(OrderLine.id).join(OrderLine.order).where(Order.state == OrderState.ON_LOAN)
        taken = or_(taken, Reservation.line_id.in_(lent.where(OrderLine.asset_id == asset_id)))
    query = select(Reservation.slots).where(Reservation.asset_id == asset_id, taken)
    return [(slots.lower or 0, slots.upper or 0) for slots in session.scalars(query)]


def spans_of(session: Session, line_id: int) -> list[Span]:
    """The pieces that are kept for a line."""
    query = select(Reservation.slots).where(Reservation.line_id == line_id)
    return sorted((slots.lower or 0, slots.upper or 0) for slots in session.scalars(query))


def pieces_lent(session: Session, asset_id: int) -> int:
    """How many pieces of a card are with borrowers now."""
    pieces = func.sum(func.upper(Reservation.slots) - func.lower(Reservation.slots))
    query = (
        select(pieces)
        .join(OrderLine, OrderLine.id == Reservation.line_id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(Reservation.asset_id == asset_id, Order.state == OrderState.ON_LOAN)
    )
    return session.scalar(query) or 0


def close_gap(session: Session, asset_id: int, spans: Iterable[Span]) -> None:
    """Move all that is kept above pieces that are gone down into their places."""
    for first, end in sorted(spans, reverse=True):
        session.execute(
            update(Reservation)
            .where(Reservation.asset_id == asset_id, func.lower(Reservation.slots) >= end)
            .values(
                slots=func.int4range(
                    func.lower(Reservation.slots) - (end - first),
                    func.upper(Reservation.slots) - (end - first),
                )
            )
            .execution_options(synchronize_session=False)
        )


def calendar_of(session: Session, asset_id: int, today: dt.date) -> Sequence[Taken]:
    """What is taken of an asset from today on, for the calendar; whose it is stays with the orders."""
    first, after = func.lower(Reservation.during), func.upper(Reservation.during)
    pieces = func.sum(func.upper(Reservation.slots) - func.lower(Reservation.slots))
    query = (
        select(first, after, pieces, Order.id, Order.state)
        .join(OrderLine, OrderLine.id == Reservation.line_id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(Reservation.asset_id == asset_id, Reservation.during.op("&&")(Range(today, None)))
        .group_by(first, after, Order.id, Order.state)
        .order_by(first, Order.id)
    )
    return [
        Taken(start, end - ONE_DAY if end else None, quantity, order_id, state)
        for start, end, quantity, order_id, state in session.execute(query)
    ]
