"""The ways into an inbox: where a user holds a right, and rows read from there by an index.

Each query of an inbox has a driver: the places (a role over a unit, a unit) from which an index leads to
what waits there. Whoever has few places is shown what lies at each, so that nobody's inbox depends on how
much waits for others. For whoever has hundreds, going to each takes longer than going through what waits
for anybody and asking of each row whether its place is among them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    func,
    literal,
    literal_column,
    null,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import array

from marketplace.db.orders import Order
from marketplace.db.people import RoleGrant, Unit
from marketplace.db.stand_in_queries import principals
from marketplace.domain.approvals import DECIDING_ROLES
from marketplace.domain.inbox import KEEPING_ROLES, Task
from marketplace.domain.orders import Urgency
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
    """``due, calm, rank, id, subject_id, deadline, since``, for one row of the driver."""
    driver: CTE | None = None
    among: Rows | None = None
    """The same rows for all places of the driver at once."""

    def bounded(self, *limits: Any, order: bool = False, size: Any = None, wide: bool = False) -> Rows:
        """The rows that meet the conditions on them; no more than ``size``, in the order of the line.

        ``wide`` is how to read them for whoever has many places.
        """
        if wide and self.among is not None:
            return Branch(self.among).bounded(*limits, order=order, size=size)
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


def at_each(rows: Callable[[ColumnElement[bool]], Rows], driver: CTE, **places: Any) -> Branch:
    """What waits at the places of a driver; ``places`` are the columns that name one, by the driver's own.

    ``rows`` makes the query of the condition that something lies at a place.
    """
    here = and_(*(column == driver.c[name] for name, column in places.items()))
    listed = select(*(driver.c[name] for name in places))
    named = tuple_(*places.values()) if len(places) > 1 else next(iter(places.values()))
    # Asked like this, the database makes one table of all places and looks each row up in it; it would
    # otherwise take them for few, and go from one to the next.
    return Branch(rows(here), driver, rows(named.in_(listed).is_(true())))


def word_is(column: Any, *words: Any) -> ColumnElement[bool]:
    """Whether a column has one of these words, which stand in the statement itself.

    A plan that is made once for all values can use an index over some states only where it reads them.
    """
    if len(words) > 1:
        listed: Any = bindparam(None, words, type_=column.type, expanding=True, literal_execute=True)
        found: ColumnElement[bool] = column.in_(listed)
        return found
    named: ColumnElement[bool] = column == bindparam(None, words[0], type_=column.type, literal_execute=True)
    return named


def read_first(rows: Select[Any], driver: CTE) -> Any:
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
        .where(holders, word_is(RoleGrant.role, *roles))
        .distinct()
        .cte(name)
    )


OWN_SEATS = _seats("own_seats", DECIDING_ROLES, RoleGrant.user_id == USER)
LENT_SEATS = _seats("lent_seats", DECIDING_ROLES, RoleGrant.user_id.in_(principals(USER, TODAY)))
SEATS_COUNTED = select(func.count()).select_from(
    select(OWN_SEATS.c.unit_id).limit(bindparam("most", type_=Integer)).subquery()
)
"""How many places are the user's own, counted up to ``most``."""
ONLY_LENT_SEATS = (
    select(LENT_SEATS.c.role, LENT_SEATS.c.unit_id)
    .except_(select(OWN_SEATS.c.role, OWN_SEATS.c.unit_id))
    .cte("only_lent_seats")
)
KEPT_UNITS = (
    select(OWN_SEATS.c.unit_id).where(word_is(OWN_SEATS.c.role, *KEEPING_ROLES)).distinct().cte("kept_units")
)


def keeps(unit: SQLColumnExpression[int]) -> ColumnElement[bool]:
    """Whether the user signs for what comes to, and goes from, the unit."""
    return unit.in_(select(KEPT_UNITS.c.unit_id))


def sits(unit: SQLColumnExpression[int], *roles: Role) -> ColumnElement[bool]:
    """Whether the user holds one of these roles over the unit."""
    seats = select(OWN_SEATS.c.unit_id).where(word_is(OWN_SEATS.c.role, *roles))
    return unit.in_(seats)


def rows_of(
    task: Task,
    number: SQLColumnExpression[int],
    subject: SQLColumnExpression[int],
    *,
    calm: Any = None,
    deadline: Any = None,
    since: Any = None,
) -> Rows:
    """What a task is read as: due on its last day, or waiting since a moment without one."""
    due = deadline if deadline is not None else cast(since, Date)
    return select(
        due.label("due"),
        (calm if calm is not None else literal(1, Integer)).label("calm"),
        literal(TASKS.index(task), Integer).label("rank"),
        number.label("id"),
        subject.label("subject_id"),
        (deadline if deadline is not None else cast(null(), Date)).label("deadline"),
        (since if since is not None else cast(null(), DateTime(timezone=True))).label("since"),
    )


def order_rows(
    task: Task, number: SQLColumnExpression[int], *, deadline: Any = None, since: Any = None
) -> Rows:
    """The same for a task of an order, where urgent ones come first."""
    calm = case((word_is(Order.urgency, Urgency.URGENT), 0), else_=1)
    rows = rows_of(task, number, Order.id, calm=calm, deadline=deadline, since=since)
    return rows.select_from(Order)
