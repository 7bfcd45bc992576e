"""Who is asked to do what about orders: one query for each way in which something can wait for a user.

The SQL twin of the rules that the use cases ask one by one (``orders.decides_for``, the parts of the
order table, the sides of a hand-over); tests hold the two together. Everything follows from the user's
grants, so the queries are the same for everybody.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    and_,
    exists,
    func,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import aliased

from marketplace.db.assets import Listing
from marketplace.db.inbox_ways import (
    KEPT_UNITS,
    LENT_SEATS,
    ONLY_LENT_SEATS,
    OWN_SEATS,
    SOON,
    TODAY,
    USER,
    Branch,
    Rows,
    at_each,
    keeps,
    order_rows,
    read_first,
    word_is,
)
from marketplace.db.orders import Consent, DamageCase, Handover, Order, OrderLine, OrderStep, Reservation
from marketplace.domain.inbox import FUTURE_LOANS, Task
from marketplace.domain.orders import OrderKind, OrderState, StepState

# Decisions.


def _decided_before(person: Any) -> ColumnElement[bool]:
    """Whether somebody decided another step of this round, or had a stand-in do so."""
    earlier = aliased(OrderStep)
    found = exists().where(
        earlier.order_id == Order.id,
        earlier.round == Order.round,
        earlier.decided_by.is_not(None),
        or_(earlier.decided_by == person, earlier.principal_id == person),
    )
    return found.correlate_except(earlier)


def _at_seats(seats: CTE, role: Any, decisions: Callable[[Any], Rows]) -> Branch:
    """Decisions about the steps that are open at a seat, whose role is one of the two that steps have."""

    def rows(there: ColumnElement[bool]) -> Rows:
        steps = select(OrderStep).where(word_is(OrderStep.state, StepState.OPEN), role.is_not(None), there)
        # Read first, and by their index, however few there are.
        return decisions(aliased(OrderStep, read_first(steps, seats)))

    return at_each(rows, seats, role=role, unit_id=OrderStep.unit_id)


def _own_seat(role: Any, step: Any) -> ColumnElement[bool]:
    seat = OWN_SEATS.alias()
    found = exists().where(seat.c.role == role, seat.c.unit_id == step.unit_id)
    return found.correlate_except(seat)


def _free_principal(role: Any, step: Any) -> ColumnElement[bool]:
    """Whether the user stands in for somebody in this role who could decide the step."""
    lender = LENT_SEATS.alias()
    found = exists().where(
        lender.c.role == role,
        lender.c.unit_id == step.unit_id,
        lender.c.user_id != Order.requester_id,
        ~_decided_before(lender.c.user_id),
    )
    return found.correlate_except(lender)


def _decisions(step: Any) -> Rows:
    return (
        order_rows(Task.DECIDE, step.id, deadline=step.deadline)
        .join(step, step.order_id == Order.id)
        .where(word_is(Order.state, OrderState.SUBMITTED), Order.requester_id != USER, ~_decided_before(USER))
    )


def _in_own_right() -> tuple[Branch, Branch]:
    """``domain.approvals.may_decide``, where the actor holds the role, or the one above it."""

    def by_level(step: Any) -> Rows:
        return _decisions(step).where(~_own_seat(step.role, step))

    return (
        _at_seats(OWN_SEATS, OrderStep.role, _decisions),
        _at_seats(OWN_SEATS, OrderStep.escalated_to, by_level),
    )


def _as_stand_in() -> tuple[Branch, Branch]:
    """``domain.approvals.may_decide``, where only somebody does for whom the actor stands in."""

    def by_role(step: Any) -> Rows:
        return _decisions(step).where(_free_principal(step.role, step), ~_own_seat(step.escalated_to, step))

    def by_level(step: Any) -> Rows:
        return _decisions(step).where(
            _free_principal(step.escalated_to, step),
            ~_free_principal(step.role, step),
            ~_own_seat(step.role, step),
        )

    return (
        _at_seats(ONLY_LENT_SEATS, OrderStep.role, by_role),
        _at_seats(ONLY_LENT_SEATS, OrderStep.escalated_to, by_level),
    )


# What whoever asked, or the receiving unit's officer, is asked.


def _own(task: Task, state: OrderState, *, deadline: Any = Order.answer_by) -> Branch:
    rows = order_rows(task, Order.id, deadline=deadline)
    return Branch(rows.where(Order.requester_id == USER, word_is(Order.state, state)))


def _received(rows: Rows) -> Branch:
    """Those of orders that the user's units receive."""
    return at_each(rows.where, KEPT_UNITS, unit_id=Order.receiver_unit_id)


def _given(rows: Rows) -> Branch:
    """Those of orders by which the user's units give something."""
    return at_each(rows.where, KEPT_UNITS, unit_id=Order.giver_unit_id)


def _offers_to_units() -> Branch:
    rows = order_rows(Task.ACCEPT, Order.id, deadline=Order.answer_by)
    return _received(rows.where(word_is(Order.state, OrderState.OFFERED), Order.requester_id != USER))


def _loans_due() -> Branch:
    due = _own(Task.RENEW_OR_RETURN, OrderState.ON_LOAN, deadline=Order.ends_on)
    return Branch(
        due.rows.where(Order.ends_on <= SOON, Order.returned_on.is_(None), ~keeps(Order.receiver_unit_id))
    )


def _questions() -> Branch:
    transfer = aliased(Order)
    rows = (
        order_rows(Task.CONSENT, Consent.id, since=Consent.asked_at)
        .join(Consent, Consent.loan_id == Order.id)
        .join(transfer, transfer.id == Consent.transfer_id)
        .where(
            Consent.answered_at.is_(None),
            word_is(transfer.state, OrderState.WAITING),
            word_is(Order.state, *FUTURE_LOANS),
            or_(Order.requester_id == USER, keeps(Order.receiver_unit_id)),
        )
    )
    return Branch(rows)


# What is to be signed for.


def _signing(rows: Rows, direction: str) -> Rows:
    """The record of the hand-over is looked at, whether there is one yet or not."""
    return rows.outerjoin(Handover, and_(Handover.order_id == Order.id, Handover.direction == direction))


_GIVER_SIGNS = and_(Handover.giver_at.is_(None), Handover.receiver_id.is_distinct_from(USER))
_RECEIVER_SIGNS = and_(Handover.receiver_at.is_(None), Handover.giver_id.is_distinct_from(USER))


def _hand_overs() -> Rows:
    rows = order_rows(Task.HAND_OVER, Order.id, deadline=Order.answer_by)
    return _signing(rows, "out").where(
        word_is(Order.state, OrderState.APPROVED),
        or_(word_is(Order.kind, OrderKind.TRANSFER), and_(Order.starts_on <= TODAY, Order.ends_on >= TODAY)),
    )


def _handing_out() -> Branch:
    return _given(_hand_overs().where(_GIVER_SIGNS))


def _taking_in() -> Branch:
    """What waits for the other side only; whoever keeps both has it from :func:`_handing_out`."""
    also_giver = and_(keeps(Order.giver_unit_id), _GIVER_SIGNS)
    return _received(_hand_overs().where(_RECEIVER_SIGNS, ~also_giver))


def _returns() -> Branch:
    rows = _signing(order_rows(Task.GIVE_BACK, Order.id, deadline=Order.ends_on), "back").where(
        word_is(Order.state, OrderState.ON_LOAN),
        _RECEIVER_SIGNS,
        or_(Order.ends_on <= SOON, Handover.giver_at.is_not(None)),
    )
    return _received(rows)


def _taking_back() -> Branch:
    rows = _signing(order_rows(Task.TAKE_BACK, Order.id, since=Handover.receiver_at), "back").where(
        word_is(Order.state, OrderState.ON_LOAN),
        # Who signed for the return also set its day; the order knows it without the record.
        Order.returned_on.is_not(None),
        Handover.receiver_at.is_not(None),
        _GIVER_SIGNS,
    )
    return _given(rows)


# What the holder has to clear up.


def _damages() -> Branch:
    rows = (
        order_rows(Task.DAMAGE, DamageCase.id, since=DamageCase.opened_at)
        .join(DamageCase, DamageCase.order_id == Order.id)
        .where(DamageCase.settled_at.is_(None), keeps(Order.giver_unit_id))
    )
    return Branch(rows)


def _blocked_transfers() -> Branch:
    """Transfers that wait for nothing but later loans, of which none was asked about yet."""
    rows = (
        order_rows(Task.MAKE_WAY, Order.id, since=Order.submitted_at)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(
            word_is(Order.state, OrderState.WAITING),
            word_is(Order.kind, OrderKind.TRANSFER),
            _has_later_loans(),
            ~_is_promised(),
            ~_is_behind_another(),
            ~_is_gathering(),
            ~exists().where(Consent.transfer_id == Order.id).correlate_except(Consent),
        )
    )
    return _given(rows)


def _has_later_loans() -> ColumnElement[bool]:
    loan, line, kept = aliased(Order), aliased(OrderLine), aliased(Reservation)
    found = (
        select(kept.id)
        .join(line, line.id == kept.line_id)
        .join(loan, loan.id == line.order_id)
        .where(
            kept.asset_id == OrderLine.asset_id,
            func.upper(kept.during) > TODAY,
            word_is(loan.kind, OrderKind.LOAN),
            word_is(loan.state, *FUTURE_LOANS),
        )
    )
    return found.correlate_except(loan, line, kept).exists()


def _is_promised() -> ColumnElement[bool]:
    """Whether somebody else gets the thing for good."""
    kept = aliased(Reservation)
    found = exists().where(kept.asset_id == OrderLine.asset_id, func.upper_inf(kept.during))
    return found.correlate_except(kept)


def _is_behind_another() -> ColumnElement[bool]:
    other, line = aliased(Order), aliased(OrderLine)
    found = (
        select(other.id)
        .join(line, line.order_id == other.id)
        .where(
            line.asset_id == OrderLine.asset_id,
            word_is(other.state, OrderState.WAITING),
            word_is(other.kind, OrderKind.TRANSFER),
            tuple_(other.submitted_at, other.id) < tuple_(Order.submitted_at, Order.id),
        )
    )
    return found.correlate_except(other, line).exists()


def _is_gathering() -> ColumnElement[bool]:
    found = exists().where(
        Listing.asset_id == OrderLine.asset_id, Listing.ended_at.is_(None), Listing.window_ends_on >= TODAY
    )
    return found.correlate_except(Listing)


STAND_IN = _as_stand_in()
"""Where the user decides in somebody's place."""
BRANCHES: dict[Task, tuple[Branch, ...]] = {
    Task.DECIDE: (*_in_own_right(), *STAND_IN),
    Task.ACCEPT: (_own(Task.ACCEPT, OrderState.OFFERED), _offers_to_units()),
    Task.CORRECT: (_own(Task.CORRECT, OrderState.CORRECTION),),
    Task.HAND_OVER: (_handing_out(), _taking_in()),
    Task.GIVE_BACK: (_returns(),),
    Task.RENEW_OR_RETURN: (_loans_due(),),
    Task.TAKE_BACK: (_taking_back(),),
    Task.CONSENT: (_questions(),),
    Task.MAKE_WAY: (_blocked_transfers(),),
    Task.DAMAGE: (_damages(),),
}
