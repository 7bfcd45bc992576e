"""Who is asked to do what: one query for each way in which something can wait for a user.

The SQL twin of the rules that the use cases ask one by one (``orders.decides_for``, the parts of the
order table, the sides of a hand-over); tests hold the two together. Everything follows from the user's
grants, so the queries are the same for everybody.

Each query has a driver: the few places (a role over a unit, a unit) from which an index leads to what
waits there. Nobody's inbox depends on how much waits for others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    Integer,
    Select,
    SQLColumnExpression,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import aliased

from marketplace.db.assets import Listing
from marketplace.db.orders import Consent, DamageCase, Handover, Order, OrderLine, OrderStep, Reservation
from marketplace.db.people import RoleGrant, Unit
from marketplace.db.stand_ins import principals
from marketplace.domain.approvals import DECIDING_ROLES
from marketplace.domain.inbox import FUTURE_LOANS, KEEPING_ROLES, Task
from marketplace.domain.orders import OrderKind, OrderState, StepState, Urgency
from marketplace.domain.permissions import Role

Rows = Select[Any]
TASKS = tuple(Task)
"""A task's place here is its rank."""
USER: Any = bindparam("user", type_=BigInteger)
TODAY: Any = bindparam("today", type_=Date)
SOON: Any = bindparam("soon", type_=Date)


@dataclass(frozen=True, slots=True)
class Branch:
    """One way in which something can wait for the user."""

    rows: Rows
    """``due, calm, rank, id, order_id, deadline, since``, for one row of the driver."""
    driver: CTE | None = None

    def bounded(self, *limits: Any, order: bool = False, size: Any = None) -> Rows:
        """The rows that meet the conditions on them; no more than ``size``, in the order of the line."""
        rows = self.rows.correlate(self.driver) if self.driver is not None else self.rows
        inner = rows.subquery() if self.driver is None else rows.lateral()
        if size is None and not limits:
            return self._spread(inner)
        within = select(inner).where(*(limit(inner.c) for limit in limits))
        if self.driver is not None:
            within = within.correlate(self.driver)
        if order:
            within = within.order_by(*place_of(inner.c))
        within = within.limit(size)
        return self._spread(within.subquery() if self.driver is None else within.lateral())

    def _spread(self, inner: Any) -> Rows:
        query = select(*inner.c)
        return query if self.driver is None else query.select_from(self.driver.join(inner, true()))


def _is(column: Any, *words: Any) -> ColumnElement[bool]:
    """Whether a column has one of these words, which stand in the statement itself.

    A plan that is made once for all values can use an index over some states only where it reads them.
    """
    if len(words) > 1:
        listed: Any = bindparam(None, words, type_=column.type, expanding=True, literal_execute=True)
        found: ColumnElement[bool] = column.in_(listed)
        return found
    named: ColumnElement[bool] = column == bindparam(None, words[0], type_=column.type, literal_execute=True)
    return named


def _first(rows: Select[Any], driver: CTE) -> Any:
    """Rows that are read before anything is joined to them: the offset keeps the planner from mixing them."""
    return rows.correlate(driver).offset(literal_column("0")).subquery()


def place_of(columns: Any) -> tuple[Any, ...]:
    """What the line is sorted by."""
    return (columns.due, columns.calm, columns.rank, columns.id)


# Where the user holds which role, and where those do for whom the user stands in.


def _seats(name: str, roles: Sequence[Role], holders: ColumnElement[bool]) -> CTE:
    """Each role over each unit that it reaches, by who holds it."""
    return (
        select(RoleGrant.user_id, RoleGrant.role, Unit.id.label("unit_id"))
        .join(Unit, Unit.path.contains(array([RoleGrant.unit_id])))
        .where(holders, _is(RoleGrant.role, *roles))
        .distinct()
        .cte(name)
    )


_OWN = _seats("own_seats", DECIDING_ROLES, RoleGrant.user_id == USER)
_LENT = _seats("lent_seats", DECIDING_ROLES, RoleGrant.user_id.in_(principals(USER, TODAY)))
_ONLY_LENT = (
    select(_LENT.c.role, _LENT.c.unit_id).except_(select(_OWN.c.role, _OWN.c.unit_id)).cte("only_lent_seats")
)
_KEPT = select(_OWN.c.unit_id).where(_is(_OWN.c.role, *KEEPING_ROLES)).distinct().cte("kept_units")


def _keeps(unit: SQLColumnExpression[int]) -> ColumnElement[bool]:
    """Whether the user signs for what comes to, and goes from, the unit."""
    return unit.in_(select(_KEPT.c.unit_id))


def _rows(
    task: Task,
    number: SQLColumnExpression[int],
    *,
    deadline: Any = None,
    since: Any = None,
) -> Rows:
    due = deadline if deadline is not None else cast(since, Date)
    return select(
        due.label("due"),
        case((_is(Order.urgency, Urgency.URGENT), 0), else_=1).label("calm"),
        literal(TASKS.index(task), Integer).label("rank"),
        number.label("id"),
        Order.id.label("order_id"),
        (deadline if deadline is not None else cast(null(), Date)).label("deadline"),
        (since if since is not None else cast(null(), DateTime(timezone=True))).label("since"),
    ).select_from(Order)


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


def _open_steps(seats: CTE) -> Any:
    """The steps that are open at a seat; read first, and by their index, however few there are."""
    rows = select(OrderStep).where(
        _is(OrderStep.state, StepState.OPEN),
        OrderStep.role == seats.c.role,
        OrderStep.unit_id == seats.c.unit_id,
    )
    return aliased(OrderStep, _first(rows, seats))


def _decisions(step: Any) -> Rows:
    return (
        _rows(Task.DECIDE, step.id, deadline=step.deadline)
        .join(step, step.order_id == Order.id)
        .where(_is(Order.state, OrderState.SUBMITTED), Order.requester_id != USER, ~_decided_before(USER))
    )


def _in_own_right() -> Branch:
    """``domain.approvals.may_decide``, where the actor holds the role."""
    return Branch(_decisions(_open_steps(_OWN)), _OWN)


def _as_stand_in() -> Branch:
    """``domain.approvals.may_decide``, where only somebody does for whom the actor stands in."""
    step, lender = _open_steps(_ONLY_LENT), _LENT.alias("lender")
    free = exists().where(
        lender.c.role == step.role,
        lender.c.unit_id == step.unit_id,
        lender.c.user_id != Order.requester_id,
        ~_decided_before(lender.c.user_id),
    )
    return Branch(_decisions(step).where(free.correlate_except(lender)), _ONLY_LENT)


# What whoever asked, or the receiving unit's officer, is asked.


def _own(task: Task, state: OrderState, *, deadline: Any = Order.answer_by) -> Branch:
    rows = _rows(task, Order.id, deadline=deadline)
    return Branch(rows.where(Order.requester_id == USER, _is(Order.state, state)))


def _offers_to_units() -> Branch:
    rows = _rows(Task.ACCEPT, Order.id, deadline=Order.answer_by).where(
        Order.receiver_unit_id == _KEPT.c.unit_id,
        _is(Order.state, OrderState.OFFERED),
        Order.requester_id != USER,
    )
    return Branch(rows, _KEPT)


def _loans_due() -> Branch:
    due = _own(Task.RENEW_OR_RETURN, OrderState.ON_LOAN, deadline=Order.ends_on)
    return Branch(
        due.rows.where(Order.ends_on <= SOON, Order.returned_on.is_(None), ~_keeps(Order.receiver_unit_id))
    )


def _questions() -> Branch:
    transfer = aliased(Order)
    rows = (
        _rows(Task.CONSENT, Consent.id, since=Consent.asked_at)
        .join(Consent, Consent.loan_id == Order.id)
        .join(transfer, transfer.id == Consent.transfer_id)
        .where(
            Consent.answered_at.is_(None),
            _is(transfer.state, OrderState.WAITING),
            _is(Order.state, *FUTURE_LOANS),
            or_(Order.requester_id == USER, _keeps(Order.receiver_unit_id)),
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
    rows = _rows(Task.HAND_OVER, Order.id, deadline=Order.answer_by)
    return _signing(rows, "out").where(
        _is(Order.state, OrderState.APPROVED),
        or_(_is(Order.kind, OrderKind.TRANSFER), and_(Order.starts_on <= TODAY, Order.ends_on >= TODAY)),
    )


def _handing_out() -> Branch:
    return Branch(_hand_overs().where(Order.giver_unit_id == _KEPT.c.unit_id, _GIVER_SIGNS), _KEPT)


def _taking_in() -> Branch:
    """What waits for the other side only; whoever keeps both has it from :func:`_handing_out`."""
    also_giver = and_(_keeps(Order.giver_unit_id), _GIVER_SIGNS)
    return Branch(
        _hand_overs().where(Order.receiver_unit_id == _KEPT.c.unit_id, _RECEIVER_SIGNS, ~also_giver), _KEPT
    )


def _returns() -> Branch:
    rows = _signing(_rows(Task.GIVE_BACK, Order.id, deadline=Order.ends_on), "back").where(
        Order.receiver_unit_id == _KEPT.c.unit_id,
        _is(Order.state, OrderState.ON_LOAN),
        _RECEIVER_SIGNS,
        or_(Order.ends_on <= SOON, Handover.giver_at.is_not(None)),
    )
    return Branch(rows, _KEPT)


def _taking_back() -> Branch:
    rows = _signing(_rows(Task.TAKE_BACK, Order.id, since=Handover.receiver_at), "back").where(
        Order.giver_unit_id == _KEPT.c.unit_id,
        _is(Order.state, OrderState.ON_LOAN),
        # Who signed for the return also set its day; the order knows it without the record.
        Order.returned_on.is_not(None),
        Handover.receiver_at.is_not(None),
        _GIVER_SIGNS,
    )
    return Branch(rows, _KEPT)


# What the holder has to clear up.


def _damages() -> Branch:
    rows = (
        _rows(Task.DAMAGE, DamageCase.id, since=DamageCase.opened_at)
        .join(DamageCase, DamageCase.order_id == Order.id)
        .where(DamageCase.settled_at.is_(None), _keeps(Order.giver_unit_id))
    )
    return Branch(rows)


def _blocked_transfers() -> Branch:
    """Transfers that wait for nothing but later loans, of which none was asked about yet."""
    rows = (
        _rows(Task.MAKE_WAY, Order.id, since=Order.submitted_at)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(
            Order.giver_unit_id == _KEPT.c.unit_id,
            _is(Order.state, OrderState.WAITING),
            _is(Order.kind, OrderKind.TRANSFER),
            _has_later_loans(),
            ~_is_promised(),
            ~_is_behind_another(),
            ~_is_gathering(),
            ~exists().where(Consent.transfer_id == Order.id).correlate_except(Consent),
        )
    )
    return Branch(rows, _KEPT)


def _has_later_loans() -> ColumnElement[bool]:
    loan, line, kept = aliased(Order), aliased(OrderLine), aliased(Reservation)
    found = (
        select(kept.id)
        .join(line, line.id == kept.line_id)
        .join(loan, loan.id == line.order_id)
        .where(
            kept.asset_id == OrderLine.asset_id,
            func.upper(kept.during) > TODAY,
            _is(loan.kind, OrderKind.LOAN),
            _is(loan.state, *FUTURE_LOANS),
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
            _is(other.state, OrderState.WAITING),
            _is(other.kind, OrderKind.TRANSFER),
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
BRANCHES: dict[Task, tuple[Branch, ...]] = {
    Task.DECIDE: (_in_own_right(), STAND_IN),
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
