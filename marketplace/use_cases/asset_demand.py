"""How sought after an asset is: what is taken of it, who waits, and whether a wish would have to wait."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from marketplace.db.assets import Listing
from marketplace.db.orders import Award, Order, OrderLine, Reservation
from marketplace.domain.errors import Conflict
from marketplace.domain.orders import OrderState
from marketplace.domain.queue import AwardRule
from marketplace.domain.slots import Span, allot
from marketplace.use_cases.reservations import Days


@dataclass(slots=True)
class Demand:
    """What stands between a wish and the thing."""

    waiting: int = 0
    """Orders that wait in line, or are gathered in the window."""
    offered: int = 0
    """Pieces on offer."""
    gathers: bool = False
    """Requests are gathered, and ranked when the window closes."""
    window_days: int = 0
    window_ends_on: dt.date | None = None
    """The last day of the window; None while nobody asked."""
    taken: list[tuple[Span, Days]] = field(default_factory=list)
    """Pieces that are kept for others, with their days."""

    def would_wait(self, quantity: int, days: Days) -> bool:
        """Whether a wish for so many pieces on these days would have to wait, as things stand."""
        if self.gathers or self.waiting:
            return True
        spans = [span for span, kept in self.taken if kept.overlaps(days)]
        try:
            allot(spans, self.offered, quantity)
        except Conflict:
            return True
        return False


def demand_for(session: Session, today: dt.date, asset_ids: Iterable[int]) -> dict[int, Demand]:
    """The demand for each of the assets, from today on; three queries, however many they are."""
    ids = list(asset_ids)
    found: dict[int, Demand] = defaultdict(Demand)
    _listings(session, ids, found)
    waiting = (
        select(OrderLine.asset_id, func.count())
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderLine.asset_id.in_(ids), Order.state == OrderState.WAITING)
        .group_by(OrderLine.asset_id)
    )
    for asset_id, count in session.execute(waiting):
        found[asset_id].waiting = count
    kept = select(Reservation.asset_id, Reservation.slots, Reservation.during).where(
        Reservation.asset_id.in_(ids), Reservation.during.op("&&")(Range(today, None))
    )
    for asset_id, slots, days in session.execute(kept):
        found[asset_id].taken.append(((slots.lower or 0, slots.upper or 0), days))
    return found


def _listings(session: Session, asset_ids: list[int], found: dict[int, Demand]) -> None:
    awarded = select(Award.id).where(Award.listing_id == Listing.id).exists()
    query = select(Listing, awarded).where(Listing.asset_id.in_(asset_ids), Listing.ended_at.is_(None))
    for listing, closed in session.execute(query):
        demand = found[listing.asset_id]
        demand.offered = listing.quantity
        demand.gathers = listing.award_rule is AwardRule.WINDOW and not closed
        demand.window_days, demand.window_ends_on = listing.window_days, listing.window_ends_on
