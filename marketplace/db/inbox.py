"""What waits for a user, over all kinds of tasks, in one statement.

The SQL twin of the rules that the use cases ask one by one (``orders.decides_for``, the parts of the
order table, the sides of a hand-over); tests hold the two together. Everything follows from the user's
grants, so the statement is the same for everybody and is put together once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
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
    null,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.orm import Session, aliased

from marketplace.db.assets import Listing
from marketplace.db.orders import Consent, DamageCase, Handover, Order, OrderLine, OrderStep, Reservation
from marketplace.db.people import RoleGrant, Unit
from marketplace.db.stand_ins import principals
from marketplace.db.statements import Source, Statement
from marketplace.domain.approvals import DECIDING_ROLES
from marketplace.domain.inbox import FUTURE_LOANS, KEEPING_ROLES, Place, Task, Waiting
from marketplace.domain.orders import DUE_DAYS, OrderKind, OrderState, StepState, Urgency
from marketplace.domain.permissions import Role

COUNTED = 100
"""Counting stops here: the badge says no more than 99+."""

Rows = Select[Any]
_TASKS = tuple(Task)
_USER: Any = bindparam("user", type_=BigInteger)
_TODAY: Any = bindparam("today", type_=Date)
_SOON: Any = bindparam("soon", type_=Date)


def count(source: Source, user_id: int, today: dt.date) -> int:
    """How many things wait for the user, counted up to ``COUNTED``."""
    return int(_COUNT.rows(source, _values(user_id, today, Place(), COUNTED))[0][0])


def line(session: Session, user_id: int, today: dt.date, after: Place, limit: int) -> list[Waiting]:
    """What waits for the user, behind a place, in the order of the line."""
    return _read(session, _LINE, _values(user_id, today, after, limit))


def one(session: Session, user_id: int, today: dt.date, task: Task, number: int) -> Waiting | None:
    """One thing, if it waits for the user."""
    values = _values(user_id, today, Place(), 1) | {"number": number}
    return next(iter(_read(session, _ONE[task], values)), None)


def of_order(session: Session, user_id: int, today: dt.date, order_id: int) -> Waiting | None:
    """What waits for the user about an order: the first of it."""
    values = _values(user_id, today, Place(), 1) | {"number": order_id}
    return next(iter(_read(session, _OF_ORDER, values)), None)


def steps(session: Session, user_id: int, today: dt.date, step_ids: Sequence[int]) -> list[Waiting]:
    """Those of these steps that wait for the user's decision, in the order of the line."""
    values = _values(user_id, today, Place(), len(step_ids)) | {"numbers": list(step_ids)}
    return _read(session, _STEPS, values)


def entrusted(user_id: int, day: dt.date) -> ColumnElement[bool]:
    """Orders of which a step waits for the user as somebody's stand-in."""
    return Order.id.in_(_as_stand_in().with_only_columns(Order.id).params(user=user_id, today=day))


def _values(user_id: int, today: dt.date, after: Place, limit: int) -> dict[str, Any]:
    return {
        "user": user_id,
        "today": today,
        "soon": today + dt.timedelta(days=DUE_DAYS),
        "after_due": after.due,
        "after_calm": after.calm,
        "after_rank": after.rank,
        "after_id": after.id,
        "size": limit,
    }


def _read(session: Session, query: Rows, values: dict[str, Any]) -> list[Waiting]:
    rows: Sequence[Sequence[Any]] = session.execute(query, values).all()
    return [_waiting(*row) for row in rows]


def _waiting(
    due: dt.date,
    calm: int,
    rank: int,
    number: int,
    order_id: int,
    deadline: dt.date | None,
    since: dt.datetime | None,
) -> Waiting:
    return Waiting(_TASKS[rank], Place(due, calm, rank, number), order_id, deadline, since)


# Where the user holds which role, and where those do for whom the user stands in.


def _seats(name: str, roles: Sequence[Role], holders: ColumnElement[bool]) -> CTE:
    """Each role over each unit that it reaches, by who holds it."""
    return (
        select(RoleGrant.user_id, RoleGrant.role, Unit.id.label("unit_id"))
        .join(Unit, Unit.path.contains(array([RoleGrant.unit_id])))
        .where(holders, RoleGrant.role.in_(roles))
        .distinct()
        .cte(name)
    )


_OWN = _seats("own_seats", DECIDING_ROLES, RoleGrant.user_id == _USER)
_LENT = _seats("lent_seats", DECIDING_ROLES, RoleGrant.user_id.in_(principals(_USER, _TODAY)))
_KEPT = select(_OWN.c.unit_id).where(_OWN.c.role.in_(KEEPING_ROLES)).cte("kept_units")


def _keeps(unit: SQLColumnExpression[int]) -> ColumnElement[bool]:
    """Whether the user signs for what comes to, and goes from, the unit."""
    return unit.in_(select(_KEPT.c.unit_id))


# One branch for each task.


def _branch(
    task: Task,
    number: SQLColumnExpression[int],
    *,
    order: Any = Order,
    deadline: Any = None,
    since: Any = None,
) -> Rows:
    due = deadline if deadline is not None else cast(since, Date)
    return select(
        due.label("due"),
        case((order.urgency == Urgency.URGENT, 0), else_=1).label("calm"),
        literal(_TASKS.index(task), Integer).label("rank"),
        number.label("id"),
        order.id.label("order_id"),
        (deadline if deadline is not None else cast(null(), Date)).label("deadline"),
        (since if since is not None else cast(null(), DateTime(timezone=True))).label("since"),
    ).select_from(order)


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


def _open_steps() -> Rows:
    return (
        _branch(Task.DECIDE, OrderStep.id, deadline=OrderStep.deadline)
        .join(OrderStep, OrderStep.order_id == Order.id)
        .where(
            OrderStep.state == StepState.OPEN,
            Order.state == OrderState.SUBMITTED,
            Order.requester_id != _USER,
            ~_decided_before(_USER),
        )
    )


def _in_own_right() -> Rows:
    """``domain.approvals.may_decide``, where the actor holds the role."""
    seat = tuple_(OrderStep.role, OrderStep.unit_id)
    return _open_steps().where(seat.in_(select(_OWN.c.role, _OWN.c.unit_id)))


def _as_stand_in() -> Rows:
    """``domain.approvals.may_decide``, where only somebody does for whom the actor stands in."""
    seat = tuple_(OrderStep.role, OrderStep.unit_id)
    lent = exists().where(
        _LENT.c.role == OrderStep.role,
        _LENT.c.unit_id == OrderStep.unit_id,
        _LENT.c.user_id != Order.requester_id,
        ~_decided_before(_LENT.c.user_id),
    )
    return _open_steps().where(
        seat.in_(select(_LENT.c.role, _LENT.c.unit_id)),
        seat.not_in(select(_OWN.c.role, _OWN.c.unit_id)),
        lent,
    )


def _asked() -> ColumnElement[bool]:
    """The part of the requester, which the receiving unit's officers have as well."""
    return or_(Order.requester_id == _USER, _keeps(Order.receiver_unit_id))


def _offers() -> Rows:
    query = _branch(Task.ACCEPT, Order.id, deadline=Order.answer_by)
    return query.where(Order.state == OrderState.OFFERED, _asked())


def _corrections() -> Rows:
    query = _branch(Task.CORRECT, Order.id, deadline=Order.answer_by)
    return query.where(Order.state == OrderState.CORRECTION, Order.requester_id == _USER)


def _signing(query: Rows, direction: str) -> Rows:
    """The record of the order's hand-over is looked at, whether there is one yet or not."""
    return query.outerjoin(Handover, and_(Handover.order_id == Order.id, Handover.direction == direction))


def _giver_signs() -> ColumnElement[bool]:
    return and_(
        _keeps(Order.giver_unit_id), Handover.giver_at.is_(None), Handover.receiver_id.is_distinct_from(_USER)
    )


def _receiver_signs() -> ColumnElement[bool]:
    return and_(
        _keeps(Order.receiver_unit_id),
        Handover.receiver_at.is_(None),
        Handover.giver_id.is_distinct_from(_USER),
    )


def _hand_overs() -> Rows:
    query = _branch(Task.HAND_OVER, Order.id, deadline=Order.answer_by)
    return _signing(query, "out").where(
        Order.state == OrderState.APPROVED,
        or_(Order.kind == OrderKind.TRANSFER, and_(Order.starts_on <= _TODAY, Order.ends_on >= _TODAY)),
        or_(_giver_signs(), _receiver_signs()),
    )


def _returns() -> Rows:
    query = _branch(Task.GIVE_BACK, Order.id, deadline=Order.ends_on)
    return _signing(query, "back").where(
        Order.state == OrderState.ON_LOAN,
        _receiver_signs(),
        or_(Order.ends_on <= _SOON, Handover.giver_at.is_not(None)),
    )


def _loans_due() -> Rows:
    query = _branch(Task.RENEW_OR_RETURN, Order.id, deadline=Order.ends_on)
    return query.where(
        Order.state == OrderState.ON_LOAN,
        Order.requester_id == _USER,
        ~_keeps(Order.receiver_unit_id),
        Order.ends_on <= _SOON,
        Order.returned_on.is_(None),
    )


def _taking_back() -> Rows:
    query = _branch(Task.TAKE_BACK, Order.id, since=Handover.receiver_at)
    return _signing(query, "back").where(
        Order.state == OrderState.ON_LOAN, Handover.receiver_at.is_not(None), _giver_signs()
    )


def _questions() -> Rows:
    transfer = aliased(Order)
    return (
        _branch(Task.CONSENT, Consent.id, since=Consent.asked_at)
        .join(Consent, Consent.loan_id == Order.id)
        .join(transfer, transfer.id == Consent.transfer_id)
        .where(
            Consent.answered_at.is_(None),
            transfer.state == OrderState.WAITING,
            Order.state.in_(FUTURE_LOANS),
            _asked(),
        )
    )


def _blocked_transfers() -> Rows:
    """Transfers that wait for nothing but later loans, of which none was asked about yet."""
    loan, other, other_line = aliased(Order), aliased(Order), aliased(OrderLine)
    kept = exists().where(Reservation.asset_id == OrderLine.asset_id, func.upper_inf(Reservation.during))
    later = exists().where(
        Reservation.asset_id == OrderLine.asset_id,
        func.upper(Reservation.during) > _TODAY,
        other_line.id == Reservation.line_id,
        loan.id == other_line.order_id,
        loan.kind == OrderKind.LOAN,
        loan.state.in_(FUTURE_LOANS),
    )
    before = exists().where(
        other_line.asset_id == OrderLine.asset_id,
        other.id == other_line.order_id,
        other.state == OrderState.WAITING,
        other.kind == OrderKind.TRANSFER,
        tuple_(other.submitted_at, other.id) < tuple_(Order.submitted_at, Order.id),
    )
    gathering = exists().where(
        Listing.asset_id == OrderLine.asset_id, Listing.ended_at.is_(None), Listing.window_ends_on >= _TODAY
    )
    return (
        _branch(Task.MAKE_WAY, Order.id, since=Order.submitted_at)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(
            Order.state == OrderState.WAITING,
            Order.kind == OrderKind.TRANSFER,
            _keeps(Order.giver_unit_id),
            later,
            ~kept,
            ~before,
            ~gathering,
            ~exists().where(Consent.transfer_id == Order.id),
        )
    )


def _damages() -> Rows:
    return (
        _branch(Task.DAMAGE, DamageCase.id, since=DamageCase.opened_at)
        .join(DamageCase, DamageCase.order_id == Order.id)
        .where(DamageCase.settled_at.is_(None), _keeps(Order.giver_unit_id))
    )


_BRANCHES: dict[Task, tuple[Rows, ...]] = {
    Task.DECIDE: (_in_own_right(), _as_stand_in()),
    Task.ACCEPT: (_offers(),),
    Task.CORRECT: (_corrections(),),
    Task.HAND_OVER: (_hand_overs(),),
    Task.GIVE_BACK: (_returns(),),
    Task.RENEW_OR_RETURN: (_loans_due(),),
    Task.TAKE_BACK: (_taking_back(),),
    Task.CONSENT: (_questions(),),
    Task.MAKE_WAY: (_blocked_transfers(),),
    Task.DAMAGE: (_damages(),),
}


def _all(*tasks: Task) -> Any:
    return union_all(*(row for task in tasks for row in _BRANCHES[task])).subquery("waiting")


def _in_line() -> Rows:
    """A page of the line: each branch gives no more than the page needs."""
    size: Any = bindparam("size", type_=Integer)
    after = tuple_(
        bindparam("after_due", type_=Date),
        bindparam("after_calm", type_=Integer),
        bindparam("after_rank", type_=Integer),
        bindparam("after_id", type_=BigInteger),
    )
    parts = []
    for rows in (row for task in Task for row in _BRANCHES[task]):
        part = rows.subquery()
        place = (part.c.due, part.c.calm, part.c.rank, part.c.id)
        parts.append(select(part).where(tuple_(*place) > after).order_by(*place).limit(size))
    whole = union_all(*(select(part.subquery()) for part in parts)).subquery("waiting")
    return select(whole).order_by(whole.c.due, whole.c.calm, whole.c.rank, whole.c.id).limit(size)


def _counted() -> Rows:
    some = select(_all(*Task).c.id).limit(bindparam("size", type_=Integer)).subquery()
    return select(func.count()).select_from(some)


def _named(task: Task) -> Rows:
    rows = _all(task)
    return select(rows).where(rows.c.id == bindparam("number", type_=BigInteger)).limit(1)


def _about() -> Rows:
    rows = _all(*Task)
    about = select(rows).where(rows.c.order_id == bindparam("number", type_=BigInteger))
    return about.order_by(rows.c.due, rows.c.calm, rows.c.rank, rows.c.id).limit(1)


def _named_steps() -> Rows:
    rows = _all(Task.DECIDE)
    wanted = func.any(bindparam("numbers", type_=ARRAY(BigInteger)))
    return select(rows).where(rows.c.id == wanted).order_by(rows.c.due, rows.c.calm, rows.c.rank, rows.c.id)


_COUNT = Statement(_counted())
_LINE, _STEPS, _OF_ORDER = _in_line(), _named_steps(), _about()
_ONE = {task: _named(task) for task in Task}
