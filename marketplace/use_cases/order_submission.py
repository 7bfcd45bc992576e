"""Submitting wishes: what can be kept is kept and goes to approval, what is taken waits in line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import insert, literal, select
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset
from marketplace.db.orders import Order, OrderFile, OrderLine
from marketplace.domain.errors import Conflict, NotFound, invalid_field
from marketplace.domain.loans import check_period
from marketplace.domain.orders import OrderAction, OrderKind, OrderState
from marketplace.domain.permissions import Actor, Permission, require
from marketplace.domain.queue import AwardRule
from marketplace.domain.text import N_, clean
from marketplace.use_cases import (
    approvals,
    assets,
    order_drafts,
    order_limits,
    order_news,
    orders,
    reservations,
    waiting_lists,
)

MIN_REASON = 2


def submit(
    session: Session, actor: Actor, now: dt.datetime, today: dt.date, order_ids: Sequence[int]
) -> list[Order]:
    """Submit drafts, or orders that were sent back; together, so that either all are or none is.

    An order goes to approval with whatever can be kept for it at once. What is taken, or is awarded
    after a window, becomes an order of its own that waits. All that came of it is given back.

    Raises:
        Invalid: something is missing, or is not on offer any more.
        Conflict: the unit has an overdue loan; or the order is in a state in which it can't be submitted.
        NotFound: one of them is not the actor's.
    """
    lines = select(OrderLine.asset_id).where(OrderLine.order_id.in_(order_ids))
    locked = reservations.lock(session, session.scalars(lines))
    made: list[Order] = []
    for order_id in sorted(set(order_ids)):
        order = order_drafts.own_draft(session, actor, order_id)
        _check(session, actor, today, order)
        made += _submit(session, actor, now, today, order, locked)
    return made


def _check(session: Session, actor: Actor, today: dt.date, order: Order) -> None:
    require(actor, Permission.REQUEST_ASSETS, order.receiver.path)
    if len(clean(order.reason)) < MIN_REASON:
        raise invalid_field("reason", N_("请写明用途或理由，审批人要据此决定。"))
    if not order.lines:
        raise invalid_field("asset_id", N_("申请单里还没有资产。请先到广场选择。"))
    if order.kind is OrderKind.LOAN and not orders.is_renewal(order):
        limits = order_limits.current(session)
        check_period(order.starts_on, order.ends_on, today, limits)
        if limits.overdue_blocks:
            check_nothing_overdue(session, order.receiver_unit_id, today)


def check_nothing_overdue(session: Session, unit_id: int, today: dt.date) -> None:
    """Refuse a new loan to a unit that keeps something beyond its last day (domain rules, section 4).

    What the borrower has given back and the holder only has to confirm is not overdue.

    Raises:
        Conflict: it names the overdue loan.
    """
    late = session.scalar(
        select(Order.number)
        .where(
            Order.receiver_unit_id == unit_id,
            Order.state == OrderState.ON_LOAN,
            Order.ends_on < today,
            Order.returned_on.is_(None),
        )
        .order_by(Order.ends_on)
        .limit(1)
    )
    if late is not None:
        raise Conflict(
            N_("贵单位有逾期未还的借用（%(number)s），归还后才能再次借用。"), code="overdue", number=late
        )


def _submit(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    today: dt.date,
    order: Order,
    locked: Mapping[int, Asset],
) -> list[Order]:
    reservations.release(session, order)
    waiting = [] if orders.is_renewal(order) else _keep(session, actor, today, order, locked)
    nothing_kept = len(waiting) == len(order.lines)
    apart = [_apart(session, now, order, line) for line in waiting[nothing_kept:]]
    if orders.is_renewal(order):
        _keep_renewal(session, order, locked)
    _enter(session, actor, now, today, order, waits=nothing_kept)
    for one in apart:
        _enter(session, actor, now, today, one, waits=True)
    return [order, *apart]


def _keep(
    session: Session, actor: Actor, today: dt.date, order: Order, locked: Mapping[int, Asset]
) -> list[OrderLine]:
    """Keep what is free; gives the lines that have to wait."""
    days = reservations.days_of(order, today)
    waiting = []
    for line in order.lines:
        _check_still_offered(session, actor, line)
        asset = locked[line.asset_id]
        order_drafts.check_offered(asset, order.kind, line.quantity, order.receiver_unit_id)
        order_drafts.describe(line, asset, line.quantity)
        if _is_gathering(session, asset):
            waiting.append(line)
            continue
        try:
            if waiting_lists.has_claims(session, asset.id, days, today, besides=order.id):
                raise Conflict("")
            reservations.hold(session, asset, line, days)
        except Conflict:
            waiting.append(line)
    return waiting


def _check_still_offered(session: Session, actor: Actor, line: OrderLine) -> None:
    """What went to somebody else meanwhile is said to be gone, by the name under which it was chosen."""
    try:
        assets.load(session, actor, line.asset_id)
    except NotFound as error:
        raise invalid_field("asset_id", N_("“%(name)s”已不在仓，不能申请。"), name=line.name) from error


def _is_gathering(session: Session, asset: Asset) -> bool:
    """Whether requests for the asset are being gathered, to be ranked when the window closes."""
    listing = asset.listing
    return (
        listing is not None
        and listing.award_rule is AwardRule.WINDOW
        and not waiting_lists.is_awarded(session, listing.id)
    )


def _keep_renewal(session: Session, order: Order, locked: Mapping[int, Asset]) -> None:
    """Keep the very pieces that are on loan, for the added days.

    Raises:
        Conflict: somebody else has them then.
    """
    days = reservations.days_of(order, order.starts_on or dt.date.min)
    base = session.get_one(Order, order.renews_id)
    for line, lent in zip(order.lines, base.lines, strict=True):
        spans = reservations.spans_of(session, lent.id)
        taken = reservations.taken_spans(session, lent.asset_id, days)
        if any(first < end and start < last for first, last in taken for start, end in spans):
            raise Conflict(
                N_("“%(name)s”在续借期间已约给其他单位，不能续到这一天。请选择更早的日期。"),
                code="not_available",
                name=line.name,
            )
        reservations.keep(session, locked[lent.asset_id], line, spans, days)


def _apart(session: Session, now: dt.datetime, order: Order, line: OrderLine) -> Order:
    """An order of its own for a thing that has to wait."""
    apart = Order(
        kind=order.kind,
        state=OrderState.DRAFT,
        requester=order.requester,
        receiver=order.receiver,
        giver=order.giver,
        reason=order.reason,
        urgency=order.urgency,
        starts_on=order.starts_on,
        ends_on=order.ends_on,
        created_at=now,
    )
    session.add(apart)
    order.lines.remove(line)
    session.flush()
    copy = OrderLine(asset_id=line.asset_id, asset=line.asset)
    order_drafts.describe(copy, line.asset, line.quantity)
    apart.lines.append(copy)
    session.flush()
    _copy_files(session, order, apart)
    return apart


def _copy_files(session: Session, source: Order, target: Order) -> None:
    """What supports the wish supports each part of it; the documents don't pass through this process."""
    kept = [column for column in OrderFile.__table__.columns if column.name not in ("id", "order_id")]
    copies = select(literal(target.id), *kept).where(OrderFile.order_id == source.id).order_by(OrderFile.id)
    session.execute(insert(OrderFile).from_select(["order_id", *(column.name for column in kept)], copies))
    session.expire(target, ["files"])


def _enter(
    session: Session, actor: Actor, now: dt.datetime, today: dt.date, order: Order, *, waits: bool
) -> None:
    first = order.submitted_at is None
    if first:
        orders.give_number(session, order, now, today)
    order.answer_by = None
    target = OrderState.WAITING if waits else OrderState.SUBMITTED
    orders.move(session, actor, now, order, OrderAction.SUBMIT, target, quantity=_pieces(order))
    if waits:
        place = waiting_lists.join(session, now, today, order)
        order_news.tell(session, actor, now, order, [order.requester_id], "order.waiting", place=place)
        return
    approvals.start(session, actor, now, today, order)
    if first:
        order_news.tell_officers(session, actor, now, order, "listing.asked", giver=True)


def _pieces(order: Order) -> int:
    return sum(line.quantity for line in order.lines)
