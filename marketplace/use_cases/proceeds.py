"""Proceeds of sales: what came in, and that it went on to the treasury (Decree 738, art. 25)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from marketplace.db.auctions import Auction, Lot, LotResult, Proceeds
from marketplace.db.calendar import load_calendar
from marketplace.db.disposals import Project
from marketplace.domain.auctions import LotState
from marketplace.domain.disposals import check_four_eyes
from marketplace.domain.errors import Conflict, NotFound, invalid_field
from marketplace.domain.permissions import Actor, Permission, require
from marketplace.domain.text import N_, clean
from marketplace.use_cases import audit, disposals, messages
from marketplace.use_cases.auction_rules import rules_of

BASIS = "行政事业性国有资产管理条例第二十五条"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came in for a lot; amounts in CNY."""

    amount: Decimal
    fee: Decimal
    received_on: dt.date
    voucher: str


def record(session: Session, actor: Actor, now: dt.datetime, lot_id: int, receipt: Receipt) -> Proceeds:
    """Note what came in for a sold lot; until it is confirmed it can be noted anew.

    Raises:
        Conflict: the lot isn't sold, or its proceeds are confirmed already.
        Invalid: the amount isn't the price, or there is no voucher.
    """
    lot = _sold(session, actor, lot_id)
    require(actor, Permission.DISPOSE, lot.auction.project.unit.path)
    if lot.proceeds is not None and lot.proceeds.remitted_on is not None:
        raise Conflict(N_("这笔收入已确认上缴，不能再改。"), code="confirmed")
    _check(lot, receipt)
    row = lot.proceeds or Proceeds(lot_id=lot.id)
    row.amount, row.fee, row.received_on = receipt.amount, receipt.fee, receipt.received_on
    row.voucher, row.recorded_by = clean(receipt.voucher)[:64], actor.user_id
    lot.proceeds = row
    session.flush()
    _note(session, actor, now, lot, "proceeds.record", {"amount": row.amount, "voucher": row.voucher})
    return row


def confirm(
    session: Session, actor: Actor, now: dt.datetime, lot_id: int, remitted_on: dt.date, remittance: str
) -> Proceeds:
    """Confirm that the proceeds of a lot reached the treasury.

    Raises:
        Conflict: nothing was noted, or it is confirmed already.
        Invalid: no number of the payment, or a day before the money came in.
        NotAllowed: the actor noted it, or doesn't confirm proceeds.
    """
    lot = _sold(session, actor, lot_id)
    require(actor, Permission.CONFIRM_PROCEEDS, lot.auction.project.unit.path)
    row = lot.proceeds
    if row is None or row.remitted_on is not None:
        raise Conflict(N_("没有待确认的收入。"), code="wrong_state")
    check_four_eyes(actor.user_id, row.recorded_by)
    if not clean(remittance):
        raise invalid_field("remittance", N_("请填写缴库凭证号。"))
    if remitted_on < row.received_on:
        raise invalid_field("remitted_on", N_("上缴日期不能早于收款日期。"))
    row.remitted_on, row.remittance, row.confirmed_by = remitted_on, clean(remittance)[:64], actor.user_id
    session.flush()
    _note(session, actor, now, lot, "proceeds.confirm", {"remitted_on": remitted_on})
    return row


def owed(session: Session, actor: Actor, *, limit: int = 200) -> Sequence[Lot]:
    """Sold lots whose proceeds haven't reached the treasury, the oldest first."""
    query = (
        select(Lot)
        .join(Lot.auction)
        .join(Auction.project)
        .outerjoin(Proceeds, Proceeds.lot_id == Lot.id)
        .where(Lot.state == LotState.SOLD, Proceeds.remitted_on.is_(None), disposals.readable(actor))
        .options(contains_eager(Lot.auction), joinedload(Lot.proceeds), joinedload(Lot.result))
        .order_by(Lot.id)
        .limit(limit)
    )
    return session.scalars(query).all()


def due_on(session: Session, auction: Auction) -> dict[int, dt.date]:
    """By when the proceeds of lots are to be at the treasury, by lot: those that came in and aren't there."""
    received = {
        lot.id: lot.proceeds.received_on
        for lot in auction.lots
        if lot.proceeds is not None and lot.proceeds.remitted_on is None
    }
    if not received:
        return {}
    calendar, days = load_calendar(session), rules_of(session).remittance_days
    return {lot_id: calendar.add_working_days(day, days) for lot_id, day in received.items()}


@dataclass(frozen=True, slots=True)
class Sums:
    """What sales came to, in CNY: ``sold`` is what came in and what is still to come in."""

    sold: Decimal
    received: Decimal
    fees: Decimal
    remitted: Decimal
    """Of what came in, what is confirmed to have reached the treasury."""

    @property
    def owed(self) -> Decimal:
        """What was sold for and hasn't reached the treasury."""
        return self.sold - self.remitted


def sums(session: Session, actor: Actor) -> Sums:
    """The sums of all sales that the actor may know of, in one statement."""
    remitted = func.sum(Proceeds.amount).filter(Proceeds.remitted_on.is_not(None))
    added = [func.sum(LotResult.price), func.sum(Proceeds.amount), func.sum(Proceeds.fee), remitted]
    query = (
        select(*(func.coalesce(one, 0) for one in added))
        .select_from(Lot)
        .join(Lot.auction)
        .join(Auction.project)
        .join(LotResult, LotResult.lot_id == Lot.id)
        .outerjoin(Proceeds, Proceeds.lot_id == Lot.id)
        .where(Lot.state == LotState.SOLD, disposals.readable(actor))
    )
    return Sums(*(Decimal(value) for value in session.execute(query).one()))


def _sold(session: Session, actor: Actor, lot_id: int) -> Lot:
    """A sold lot, locked: what hangs on it is read after the lock, or it might be from before."""
    known = select(Lot.id).join(Lot.auction).join(Auction.project)
    known = known.where(Lot.id == lot_id, disposals.readable(actor)).with_for_update(of=Lot)
    locked = session.scalar(known)
    query = (
        select(Lot)
        .where(Lot.id == locked)
        .options(
            joinedload(Lot.auction).joinedload(Auction.project).joinedload(Project.unit),
            joinedload(Lot.proceeds),
            joinedload(Lot.result),
        )
        .execution_options(populate_existing=True)
    )
    lot = session.scalar(query) if locked is not None else None
    if lot is None:
        raise NotFound(N_("没有找到这个标的。它可能不在您的查看范围内。"))
    if lot.state is not LotState.SOLD:
        raise Conflict(N_("标的没有成交，没有收入可登记。"), code="wrong_state")
    return lot


def _check(lot: Lot, receipt: Receipt) -> None:
    price = lot.result.price if lot.result else None
    if receipt.amount != price:
        raise invalid_field("amount", N_("收款金额应等于成交价%(price)s元。"), price=f"{price or 0:,.2f}")
    if receipt.fee < 0 or receipt.fee > receipt.amount:
        raise invalid_field("fee", N_("费用不能超过收款金额。"))
    if not clean(receipt.voucher):
        raise invalid_field("voucher", N_("请填写收款凭证号。"))


def _note(
    session: Session, actor: Actor, now: dt.datetime, lot: Lot, action: str, after: dict[str, object]
) -> None:
    messages.settle(session, f"/disposals/auctions/{lot.auction_id}#money")
    audit.record(
        session,
        actor,
        now,
        action,
        "proceeds",
        lot.id,
        unit_id=lot.auction.project.unit_id,
        after=after | {"auction": lot.auction.number},
        basis=BASIS,
    )
