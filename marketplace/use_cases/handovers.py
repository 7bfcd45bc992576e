"""The thing changes hands: both sides confirm, then and only then the card moves or the loan starts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, case, or_, select
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset
from marketplace.db.orders import DamageCase, Handover, Order, OrderLine
from marketplace.db.people import within
from marketplace.domain.errors import Conflict, NotAllowed, invalid_field
from marketplace.domain.idle import UseSign
from marketplace.domain.orders import OrderAction, OrderKind, OrderState, Part
from marketplace.domain.permissions import PLATFORM, Actor, Permission, require
from marketplace.domain.states import AssetAction, AssetState
from marketplace.domain.text import N_, clean
from marketplace.use_cases import (
    audit,
    card_moves,
    order_news,
    orders,
    reservations,
    use_signs,
    waiting_lists,
)

OUT, BACK = "out", "back"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What one side says when the thing changes hands."""

    signature: dict[str, Any]
    """Strokes of a finger, or a typed name."""
    condition: str = ""
    note: str = ""
    photos: Sequence[str] = ()
    """Digests of photos of the condition."""
    damage: str = ""
    """What is broken, when the holder takes a loan back."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A thing that is about to change hands, or to come back."""

    order_id: int
    direction: str


def pending_for(session: Session, actor: Actor, asset_id: int) -> Pending | None:
    """Where whoever scans the asset's label is to go: the hand-over or return that they may sign.

    A part that was split off still carries the label of the card it came from.
    """
    scopes = actor.scopes(Permission.HAND_OVER)
    signs = or_(
        and_(within(Order.giver_unit_id, scopes), Handover.giver_at.is_(None)),
        and_(within(Order.receiver_unit_id, scopes), Handover.receiver_at.is_(None)),
    )
    query = (
        select(Order.id, Order.state)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(Asset, Asset.id == OrderLine.asset_id)
        .outerjoin(
            Handover,
            and_(
                Handover.order_id == Order.id,
                Handover.direction == case((Order.state == OrderState.APPROVED, OUT), else_=BACK),
            ),
        )
        .where(
            or_(Asset.id == asset_id, Asset.origin_id == asset_id),
            Order.state.in_((OrderState.APPROVED, OrderState.ON_LOAN)),
            signs,
        )
        .order_by(
            Asset.id != asset_id, Order.state != OrderState.ON_LOAN, Order.starts_on.nulls_first(), Order.id
        )
        .limit(1)
    )
    found = session.execute(query).first()
    if found is None:
        return None
    return Pending(found[0], OUT if found[1] is OrderState.APPROVED else BACK)


def hand_over(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    today: dt.date,
    order_id: int,
    confirmation: Confirmation,
    side: str = "",
) -> Order:
    """Confirm for one side that the thing changes hands; with the second side it has.

    ``side`` (giver or receiver) is only needed by somebody who keeps the assets of both.

    Raises:
        Conflict: the order isn't at this point, the side has confirmed already, the loan can't begin yet,
            or somebody else still has the thing.
        NotAllowed: the actor is no asset officer of that side, or has confirmed for the other one.
    """
    order = orders.load_locked(session, actor, order_id)
    orders.check_allowed(session, actor, today, order, OrderAction.HAND_OVER)
    _check_day(order, today)
    _check_all_here(session, order)
    record = _confirm(session, actor, now, today, order, OUT, confirmation, side)
    if record.giver_at is None or record.receiver_at is None:
        orders.move(
            session, actor, now, order, OrderAction.HAND_OVER, OrderState.APPROVED, side=_side_of(record)
        )
        return order
    if order.kind is OrderKind.TRANSFER:
        _transfer(session, actor, now, today, order)
    else:
        _lend(session, actor, now, today, order)
    return order


def _check_day(order: Order, today: dt.date) -> None:
    if order.kind is not OrderKind.LOAN:
        return
    assert order.starts_on is not None
    assert order.ends_on is not None
    if today < order.starts_on:
        raise Conflict(
            N_("借用从%(day)s开始，到那天才能交接。"), code="too_early", day=order.starts_on.isoformat()
        )
    if today > order.ends_on:
        raise Conflict(N_("借用期已过，不能再交接。请取消后重新申请。"), code="too_late")


def _check_all_here(session: Session, order: Order) -> None:
    """What another borrower keeps beyond the last day can't be handed over yet, though it was promised."""
    for line in order.lines:
        out = reservations.pieces_lent(session, line.asset_id)
        if out + line.quantity > line.asset.quantity:
            raise Conflict(
                N_("“%(name)s”还有%(count)d件借出未还，收回后才能交接。"),
                code="not_back",
                state=order.state,
                name=line.name,
                count=out,
            )


def give_back(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    today: dt.date,
    order_id: int,
    confirmation: Confirmation,
    side: str = "",
) -> Order:
    """Confirm for one side that a loan is back. The borrower's day counts, however late the holder confirms.

    Raises:
        Conflict: it isn't on loan, or the side has confirmed already.
        NotAllowed: the actor is no asset officer of that side, or has confirmed for the other one.
    """
    order = orders.load_locked(session, actor, order_id)
    orders.check_allowed(session, actor, today, order, OrderAction.RETURN)
    record = _confirm(session, actor, now, today, order, BACK, confirmation, side)
    if record.receiver_at is not None and order.returned_on is None:
        order.returned_on = today
    _note_damage(session, actor, now, order, confirmation)
    if record.giver_at is None or record.receiver_at is None:
        orders.move(session, actor, now, order, OrderAction.RETURN, OrderState.ON_LOAN, side=_side_of(record))
        return order
    reservations.release(session, order)
    orders.move(
        session, actor, now, order, OrderAction.RETURN, OrderState.RETURNED, condition=record.condition
    )
    for line in order.lines:
        asset = session.get_one(Asset, line.asset_id)
        lent = reservations.pieces_lent(session, asset.id)
        if asset.state is AssetState.ON_LOAN and lent < asset.quantity:
            card_moves.change_state(session, actor, now, asset, AssetAction.TAKE_BACK, order)
        waiting_lists.offer_next(session, actor, now, today, asset.id)
    use_signs.note(session, [line.asset_id for line in order.lines], order.returned_on or today, UseSign.LOAN)
    order_news.tell_officers(session, actor, now, order, "loan.returned", giver=True, receiver=True)
    return order


def _confirm(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    today: dt.date,
    order: Order,
    direction: str,
    confirmation: Confirmation,
    side: str,
) -> Handover:
    parts = orders.parts_of(session, actor, today, order)
    record = next((row for row in order.handovers if row.direction == direction), None)
    if record is None:
        record = Handover(order_id=order.id, direction=direction, photos=[], condition="", note="")
        order.handovers.append(record)
    chosen = _choose_side(parts, record, side)
    if getattr(record, f"{chosen}_at") is not None:
        raise Conflict(N_("贵方已确认过，正等待对方确认。"), code="already_confirmed", state=order.state)
    if actor.user_id in (record.giver_id, record.receiver_id):
        raise NotAllowed(N_("交接须由双方各派一人确认，您已代表另一方确认。请由对方的资产管理员办理。"))
    setattr(record, f"{chosen}_id", actor.user_id)
    setattr(record, f"{chosen}_at", now)
    setattr(record, f"{chosen}_signature", confirmation.signature)
    record.condition = confirmation.condition or record.condition
    record.note = "\n".join(filter(None, (record.note, clean(confirmation.note))))
    record.photos = [*record.photos, *confirmation.photos]
    session.flush()
    return record


def _choose_side(parts: frozenset[Part], record: Handover, side: str) -> str:
    held = [
        name
        for name, part in (("giver", Part.GIVER_OFFICER), ("receiver", Part.RECEIVER_OFFICER))
        if part in parts
    ]
    if side and side not in held:
        raise NotAllowed(N_("您不是这一方的资产管理员，不能代为确认。"))
    if side:
        return side
    open_sides = [name for name in held if getattr(record, f"{name}_at") is None]
    return (open_sides or held)[0]


def _side_of(record: Handover) -> str:
    return "giver" if record.giver_at is not None else "receiver"


def _transfer(session: Session, actor: Actor, now: dt.datetime, today: dt.date, order: Order) -> None:
    orders.move(session, actor, now, order, OrderAction.HAND_OVER, OrderState.HANDED_OVER)
    reservations.release(session, order)
    for line in order.lines:
        asset = session.get_one(Asset, line.asset_id)
        received = card_moves.hand_to(session, actor, now, today, asset, order.receiver, order)
        line.new_asset_id = received.id
        waiting_lists.close_line(session, now, asset.id)
    orders.move(session, PLATFORM, now, order, OrderAction.COMPLETE, OrderState.COMPLETED)
    order_news.tell_officers(session, actor, now, order, "order.completed", giver=True, receiver=True)


def _lend(session: Session, actor: Actor, now: dt.datetime, today: dt.date, order: Order) -> None:
    order.answer_by = None
    orders.move(session, actor, now, order, OrderAction.HAND_OVER, OrderState.ON_LOAN)
    for line in order.lines:
        asset = session.get_one(Asset, line.asset_id)
        card_moves.lend_where_all_is_lent(session, actor, now, asset, order)
    use_signs.note(session, [line.asset_id for line in order.lines], today, UseSign.LOAN)
    order_news.tell_officers(session, actor, now, order, "loan.started", giver=True, receiver=True)


def _note_damage(
    session: Session, actor: Actor, now: dt.datetime, order: Order, confirmation: Confirmation
) -> None:
    """Whoever keeps the thing says what is broken; the borrower pays the repair (domain rules, section 4)."""
    text = clean(confirmation.damage)
    if not text:
        return
    require(actor, Permission.HAND_OVER, order.giver.path)
    assert actor.user_id is not None
    case = DamageCase(order_id=order.id, description=text[:1000], opened_at=now, opened_by=actor.user_id)
    session.add(case)
    session.flush()
    audit.record(
        session,
        actor,
        now,
        "loan.damage",
        "order",
        order.id,
        unit_id=order.giver_unit_id,
        after={"case": case.id, "description": case.description},
    )
    order_news.tell_officers(
        session, actor, now, order, "loan.damage", receiver=True, reason=case.description
    )


def settle_damage(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    order_id: int,
    case_id: int,
    compensation: Decimal,
    settlement: str,
) -> DamageCase:
    """Record what was agreed on, in CNY; 0 when nothing is to be paid.

    Raises:
        NotAllowed: only the holder's asset officer records it.
        Conflict: it is settled already.
        Invalid: a negative amount, or no word on how it was settled.
    """
    order = orders.load_locked(session, actor, order_id)
    require(actor, Permission.HAND_OVER, order.giver.path)
    case = session.get(DamageCase, case_id)
    if case is None or case.order_id != order.id or case.settled_at is not None:
        raise Conflict(N_("这项损坏已处理完毕。请刷新页面查看。"), code="already_settled", state=order.state)
    if compensation < 0:
        raise invalid_field("compensation", N_("赔偿金额不能为负数。"))
    if len(clean(settlement)) < 2:
        raise invalid_field("settlement", N_("请写明处理结果，如“已修复，费用由借用单位支付”。"))
    case.compensation, case.settlement = compensation, clean(settlement)
    case.settled_at, case.settled_by = now, actor.user_id
    session.flush()
    audit.record(
        session,
        actor,
        now,
        "loan.damage_settled",
        "order",
        order.id,
        unit_id=order.giver_unit_id,
        after={"case": case.id, "compensation": compensation},
        reason=case.settlement,
    )
    return case
