"""Loans while they run: renewals, and asking borrowers to make way for a transfer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from marketplace.db.order_queries import WHOLE_ORDER
from marketplace.db.orders import Consent, Order, OrderLine, Reservation
from marketplace.domain.errors import Conflict, NotAllowed, NotFound, invalid_field
from marketplace.domain.inbox import FUTURE_LOANS
from marketplace.domain.loans import check_period, check_renewal
from marketplace.domain.orders import MAX_REASON, OrderAction, OrderKind, OrderState
from marketplace.domain.permissions import Actor, Permission, require
from marketplace.domain.text import N_, clean
from marketplace.use_cases import (
    audit,
    order_endings,
    order_limits,
    order_news,
    order_submission,
    orders,
    reservations,
    waiting_lists,
)

_UNFINISHED = (
    OrderState.DRAFT,
    OrderState.SUBMITTED,
    OrderState.CORRECTION,
)


def renew(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    today: dt.date,
    order_id: int,
    new_end: dt.date | None,
    reason: str,
) -> Order:
    """Ask to keep a loan longer; it takes the same way through approval as the loan did.

    Gives the renewal, an order of its own.

    Raises:
        Conflict: overdue, renewed too often, already being renewed, or the thing is promised to others.
        Invalid: the new last day or the reason can't be accepted.
    """
    loan = orders.load_locked(session, actor, order_id)
    orders.check_allowed(session, actor, today, loan, OrderAction.RENEW)
    assert loan.ends_on is not None
    check_renewal(loan.ends_on, new_end, loan.renewals, today, order_limits.current(session))
    if loan.returned_on is not None:
        raise Conflict(
            N_("借用物已归还，正等待出借单位确认，不能续借。"), code="wrong_state", state=loan.state
        )
    open_one = select(Order.number).where(Order.renews_id == loan.id, Order.state.in_(_UNFINISHED)).limit(1)
    if (number := session.scalar(open_one)) is not None:
        raise Conflict(N_("续借申请%(number)s正在办理。"), code="already_renewing", number=number)
    renewal = Order(
        kind=OrderKind.LOAN,
        state=OrderState.DRAFT,
        requester_id=actor.user_id or loan.requester_id,
        receiver=loan.receiver,
        giver=loan.giver,
        reason=reason.strip()[:MAX_REASON],
        urgency=loan.urgency,
        starts_on=loan.ends_on + reservations.ONE_DAY,
        ends_on=new_end,
        renews_id=loan.id,
        created_at=now,
    )
    session.add(renewal)
    session.flush()
    for line in loan.lines:
        renewal.lines.append(OrderLine(**{name: getattr(line, name) for name in _LINE}))
    session.flush()
    [made] = order_submission.submit(session, actor, now, today, [renewal.id])
    return made


_LINE = (
    *("asset_id", "quantity", "number", "name", "model", "unit_of_measure", "category"),
    *("original_value", "accumulated_depreciation"),
)


def in_the_way(session: Session, order: Order, today: dt.date) -> Sequence[Order]:
    """Loans that begin later and stand in the way of a transfer that waits."""
    lines = [line.asset_id for line in order.lines]
    return session.scalars(
        select(Order)
        .where(
            Order.id.in_(
                select(OrderLine.order_id)
                .join(Reservation, Reservation.line_id == OrderLine.id)
                .where(Reservation.asset_id.in_(lines), Reservation.during.op("&&")(Range(today, None)))
            ),
            Order.id != order.id,
            Order.kind == OrderKind.LOAN,
            Order.state.in_(FUTURE_LOANS),
        )
        .options(*WHOLE_ORDER)
        .order_by(Order.starts_on, Order.id)
    ).all()


def ask_consent(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    today: dt.date,
    transfer_id: int,
    loan_id: int,
    reason: str,
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
) -> Consent:
    """The holder asks a borrower to cancel a future loan, or to move it to other days.

    Raises:
        NotAllowed: only the holder's asset officer asks.
        Conflict: the transfer doesn't wait, the loan isn't in its way, or it was asked already.
        Invalid: no reason, or days that can't be lent.
    """
    transfer = orders.load_locked(session, actor, transfer_id)
    require(actor, Permission.HAND_OVER, transfer.giver.path)
    if transfer.state is not OrderState.WAITING or transfer.kind is not OrderKind.TRANSFER:
        raise Conflict(N_("这张调剂申请不在等待中。"), code="wrong_state", state=transfer.state)
    loan = next((one for one in in_the_way(session, transfer, today) if one.id == loan_id), None)
    if loan is None:
        raise Conflict(
            N_("这笔借用已不妨碍调剂。请刷新页面查看。"), code="not_in_the_way", state=transfer.state
        )
    if len(clean(reason)) < 2:
        raise invalid_field("reason", N_("请说明理由，借用单位要据此决定。"))
    if starts_on or ends_on:
        check_period(starts_on, ends_on, today, order_limits.current(session))
    asked = select(Consent.id).where(
        Consent.transfer_id == transfer.id, Consent.loan_id == loan.id, Consent.answered_at.is_(None)
    )
    if session.scalar(asked) is not None:
        raise Conflict(N_("已向借用单位提出，正等待答复。"), code="already_asked", state=transfer.state)
    consent = Consent(
        transfer_id=transfer.id,
        loan_id=loan.id,
        starts_on=starts_on,
        ends_on=ends_on,
        reason=clean(reason)[:MAX_REASON],
        asked_at=now,
        asked_by=actor.user_id,
    )
    session.add(consent)
    session.flush()
    _record(session, actor, now, loan, "loan.consent_asked", consent)
    order_news.tell_officers(
        session,
        actor,
        now,
        loan,
        "loan.consent_asked",
        receiver=True,
        reason=consent.reason,
        transfer=transfer.number or "",
    )
    return consent


def answer_consent(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    today: dt.date,
    consent_id: int,
    *,
    agreed: bool,
    reason: str = "",
) -> Consent:
    """The borrower's answer. Agreed to, the loan is cancelled or moved, and the transfer gets its turn.

    Raises:
        NotFound: there is no such question.
        NotAllowed: only who asked for the loan, or an asset officer of the borrower, answers.
        Conflict: it was answered before, or the loan has begun, or the other days are taken by now.
    """
    found = session.get(Consent, consent_id)
    if found is None:
        raise NotFound(N_("没有找到这项征询。"))
    loan = orders.load_locked(session, actor, found.loan_id)
    consent = session.get_one(Consent, consent_id, with_for_update=True, populate_existing=True)
    if loan.requester_id != actor.user_id and not actor.may(Permission.HAND_OVER, loan.receiver.path):
        raise NotAllowed(N_("请由借用单位的申请人或资产管理员答复。"))
    if consent.answered_at is not None:
        raise Conflict(N_("这项征询已答复。"), code="already_answered", state=loan.state)
    transfer = session.get_one(Order, consent.transfer_id)
    if transfer.state is not OrderState.WAITING or loan.state not in FUTURE_LOANS:
        raise Conflict(N_("这笔借用已不妨碍调剂，不需要再答复。"), code="not_in_the_way", state=loan.state)
    consent.agreed, consent.answered_at, consent.answered_by = agreed, now, actor.user_id
    session.flush()
    _record(session, actor, now, loan, "loan.consent_answered", consent, reason=clean(reason))
    if agreed:
        _make_way(session, actor, now, today, loan, consent)
    kind = "loan.consent_given" if agreed else "loan.consent_refused"
    order_news.tell_officers(
        session,
        actor,
        now,
        loan,
        kind,
        giver=True,
        reason=clean(reason),
        unit=loan.receiver.name,
    )
    return consent


def _make_way(
    session: Session, actor: Actor, now: dt.datetime, today: dt.date, loan: Order, consent: Consent
) -> None:
    if consent.starts_on is not None and consent.ends_on is not None:
        _move_loan(session, today, loan, consent)
    else:
        action = OrderAction.CALL_OFF if loan.state is OrderState.APPROVED else OrderAction.WITHDRAW
        if loan.state is OrderState.OFFERED:
            action = OrderAction.DECLINE
        order_endings.end(session, actor, now, today, loan, action, OrderState.WITHDRAWN, consent.reason)
        return
    for line in loan.lines:
        waiting_lists.offer_next(session, actor, now, today, line.asset_id)


def _move_loan(session: Session, today: dt.date, loan: Order, consent: Consent) -> None:
    """The same loan on other days."""
    reservations.release(session, loan)
    loan.starts_on, loan.ends_on = consent.starts_on, consent.ends_on
    locked = reservations.lock(session, [line.asset_id for line in loan.lines])
    for line in loan.lines:
        reservations.hold(session, locked[line.asset_id], line, reservations.days_of(loan, today))
    session.flush()


def _record(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    loan: Order,
    action: str,
    consent: Consent,
    reason: str = "",
) -> None:
    audit.record(
        session,
        actor,
        now,
        action,
        "order",
        loan.id,
        unit_id=loan.receiver_unit_id,
        after={
            "transfer": consent.transfer_id,
            "starts_on": consent.starts_on,
            "ends_on": consent.ends_on,
            "agreed": consent.agreed,
        },
        reason=reason or consent.reason,
    )
