"""The waiting list of an asset, and the window in which requests for it are gathered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset, Listing
from marketplace.db.calendar import load_calendar
from marketplace.db.order_queries import WHOLE_ORDER
from marketplace.db.orders import Award, Order, OrderLine
from marketplace.db.people import same_department
from marketplace.domain.errors import Conflict
from marketplace.domain.orders import OrderAction, OrderKind, OrderState
from marketplace.domain.permissions import PLATFORM, Actor
from marketplace.domain.queue import RULES, Contender, deciding_rule, rank
from marketplace.domain.text import N_
from marketplace.use_cases import approvals, order_limits, order_news, orders, reservations
from marketplace.use_cases.reservations import Days


@dataclass(frozen=True, slots=True)
class Claim:
    """What the line itself needs to know of an order in it."""

    order_id: int
    kind: OrderKind
    starts_on: dt.date | None
    ends_on: dt.date | None

    def days(self, today: dt.date) -> Days:
        """The days for which the thing is wanted."""
        return reservations.days_wanted(self.kind, self.starts_on, self.ends_on, today)


def line_of(session: Session, asset_id: int) -> list[Claim]:
    """Who waits for an asset, in the order in which they came, or in which they were ranked.

    It is read with every request for a contested thing, so only what the line needs is read.
    """
    found = session.execute(
        select(Order.id, Order.kind, Order.starts_on, Order.ends_on)
        .join(Order.lines)
        .where(OrderLine.asset_id == asset_id, Order.state == OrderState.WAITING)
        .order_by(Order.submitted_at, Order.id)
    )
    places = _places(session, asset_id)
    return sorted((Claim(*row) for row in found), key=lambda one: places.get(one.order_id, len(places)))


def place_of(session: Session, order: Order) -> int | None:
    """The place in line of an order that waits, counted from 1; None for any other."""
    if order.state is not OrderState.WAITING:
        return None
    ids = [claim.order_id for claim in line_of(session, order.lines[0].asset_id)]
    return ids.index(order.id) + 1 if order.id in ids else None


def waiting_for(session: Session, asset_id: int) -> Sequence[Order]:
    """The orders of the line, with all that belongs to them."""
    ids = [claim.order_id for claim in line_of(session, asset_id)]
    found = session.scalars(select(Order).where(Order.id.in_(ids)).options(*WHOLE_ORDER))
    return sorted(found, key=lambda order: ids.index(order.id))


def _places(session: Session, asset_id: int) -> dict[int, int]:
    query = (
        select(Award.ranking)
        .join(Listing, Listing.id == Award.listing_id)
        .where(Listing.asset_id == asset_id)
        .order_by(Award.id.desc())
        .limit(1)
    )
    return {entry["order_id"]: place for place, entry in enumerate(session.scalar(query) or ())}


def has_claims(session: Session, asset_id: int, days: Days, today: dt.date, besides: int) -> bool:
    """Whether somebody waits for the asset on any of these days: they come first, even if it is free."""
    return any(
        claim.order_id != besides and claim.days(today).overlaps(days) for claim in line_of(session, asset_id)
    )


def is_awarded(session: Session, listing_id: int) -> bool:
    """Whether the window of a listing was closed; from then on it is first come, first served."""
    return session.scalar(select(Award.id).where(Award.listing_id == listing_id).limit(1)) is not None


def join(session: Session, now: dt.datetime, today: dt.date, order: Order) -> int:
    """The order's place in line; the first request for a listing with a window opens the window."""
    [line] = order.lines
    listing = session.scalar(
        select(Listing).where(Listing.asset_id == line.asset_id, Listing.ended_at.is_(None))
    )
    if listing is not None and listing.award_rule == "window" and listing.window_ends_on is None:
        listing.window_ends_on = load_calendar(session).add_working_days(today, listing.window_days)
    session.flush()
    return place_of(session, order) or 1


def offer_next(session: Session, actor: Actor, now: dt.datetime, today: dt.date, asset_id: int) -> None:
    """Offer what became free to whoever is next in line; the card is locked by the caller."""
    asset = session.get_one(Asset, asset_id)
    if asset.listing is None or _window_is_open(session, asset.listing):
        return
    for order in waiting_for(session, asset_id):
        if order.kind is OrderKind.LOAN and order.starts_on and order.starts_on < today:
            orders.move(
                session, PLATFORM, now, order, OrderAction.EXPIRE, OrderState.EXPIRED, reason=_TOO_LATE
            )
            order_news.tell_requester(session, PLATFORM, now, order, "order.expired")
            continue
        [line] = order.lines
        try:
            reservations.hold(session, asset, line, reservations.days_of(order, today))
        except Conflict:
            continue
        days = order_limits.current(session).answer_working_days
        order.answer_by = load_calendar(session).add_working_days(today, days)
        orders.move(session, actor, now, order, OrderAction.OFFER, OrderState.OFFERED)
        order_news.tell_requester(session, PLATFORM, now, order, "order.offered")


_TOO_LATE = N_("借用开始日期已过，仍未轮到")
_GONE = N_("资产已出仓，不能再轮候")


def _window_is_open(session: Session, listing: Listing) -> bool:
    return listing.award_rule == "window" and not is_awarded(session, listing.id)


def close_line(session: Session, now: dt.datetime, asset_id: int) -> None:
    """The asset is gone for good, or was withdrawn: nobody need wait any longer."""
    for order in waiting_for(session, asset_id):
        orders.move(session, PLATFORM, now, order, OrderAction.EXPIRE, OrderState.EXPIRED, reason=_GONE)
        order_news.tell_requester(session, PLATFORM, now, order, "order.expired")


def follow(session: Session, asset_id: int, part_id: int) -> None:
    """Whoever waits for a card of which everything on offer became a part waits for the part."""
    for order in waiting_for(session, asset_id):
        order.lines[0].asset_id = part_id
    session.flush()


def accept(session: Session, actor: Actor, now: dt.datetime, today: dt.date, order_id: int) -> Order:
    """The requester still wants what is offered: approval begins."""
    order = orders.load_locked(session, actor, order_id)
    orders.check_allowed(session, actor, today, order, OrderAction.ACCEPT)
    order.answer_by = None
    orders.move(session, actor, now, order, OrderAction.ACCEPT, OrderState.SUBMITTED)
    approvals.start(session, actor, now, today, order)
    return order


def close_window(session: Session, now: dt.datetime, today: dt.date, asset_id: int) -> Award | None:
    """Rank the requests that were gathered for an asset, and award as far as it goes.

    The ranking and, for each place, the rule that decided it are kept for everyone who asked.
    """
    asset = reservations.lock(session, [asset_id])[asset_id]
    listing = asset.listing
    if listing is None or not _window_is_open(session, listing):
        return None
    if listing.window_ends_on is None or listing.window_ends_on >= today:
        return None
    by_id = {order.id: order for order in waiting_for(session, asset_id)}
    ranked = rank(_contender(session, order, today) for order in by_id.values())
    award = Award(listing_id=listing.id, decided_at=now, ranking=[])
    session.add(award)
    session.flush()
    given = {one.order_id for one in ranked if _award(session, now, today, asset, by_id[one.order_id])}
    award.ranking = [
        _entry(place, one, ranked, by_id[one.order_id], awarded=one.order_id in given)
        for place, one in enumerate(ranked)
    ]
    session.flush()
    _tell_of_award(session, now, ranked, by_id, given)
    return award


def _award(session: Session, now: dt.datetime, today: dt.date, asset: Asset, order: Order) -> bool:
    [line] = order.lines
    try:
        reservations.hold(session, asset, line, reservations.days_of(order, today))
    except Conflict:
        return False
    orders.move(session, PLATFORM, now, order, OrderAction.AWARD, OrderState.SUBMITTED)
    approvals.start(session, PLATFORM, now, today, order)
    return True


def _entry(
    place: int, one: Contender, ranked: Sequence[Contender], order: Order, *, awarded: bool
) -> dict[str, object]:
    behind = deciding_rule(one, ranked[place + 1]) if place + 1 < len(ranked) else RULES[-1]
    rule = deciding_rule(ranked[place - 1], one) if place else behind
    return {
        "order_id": order.id,
        "number": order.number,
        "unit": order.receiver.name,
        "awarded": awarded,
        "urgency": one.urgency,
        "same_department": one.same_department,
        "recent_awards": one.recent_awards,
        "asked_at": one.asked_at.isoformat(),
        "rule": rule,
    }


def _tell_of_award(
    session: Session,
    now: dt.datetime,
    ranked: Sequence[Contender],
    by_id: dict[int, Order],
    given: set[int],
) -> None:
    winners = [one for one in ranked if one.order_id in given]
    place = 0
    for number, one in enumerate(ranked):
        order = by_id[one.order_id]
        if one.order_id in given:
            rule = deciding_rule(one, ranked[number + 1]) if number + 1 < len(ranked) else RULES[-1]
            order_news.tell_requester(session, PLATFORM, now, order, "order.awarded", rule=rule)
        elif winners:
            place += 1
            order_news.tell_requester(
                session,
                PLATFORM,
                now,
                order,
                "order.not_awarded",
                rule=deciding_rule(winners[-1], one),
                place=place,
                unit=by_id[winners[0].order_id].receiver.name,
            )


def _contender(session: Session, order: Order, today: dt.date) -> Contender:
    assert order.submitted_at is not None
    since = today - dt.timedelta(days=order_limits.current(session).recent_days)
    recent = session.scalar(
        select(func.count())
        .select_from(Order)
        .where(
            Order.receiver_unit_id == order.receiver_unit_id,
            Order.state.in_((OrderState.COMPLETED, OrderState.ON_LOAN, OrderState.RETURNED)),
            Order.submitted_at >= since,
        )
    )
    return Contender(
        order_id=order.id,
        urgency=order.urgency,
        same_department=same_department(session, order.giver, order.receiver),
        recent_awards=recent or 0,
        asked_at=order.submitted_at,
    )


def due_windows(session: Session, today: dt.date) -> Sequence[int]:
    """Assets whose window has closed and is not awarded yet."""
    return session.scalars(
        select(Listing.asset_id)
        .where(
            Listing.ended_at.is_(None),
            Listing.window_ends_on < today,
            ~select(Award.id).where(Award.listing_id == Listing.id).exists(),
        )
        .order_by(Listing.asset_id)
    ).all()
