"""A user's inbox: counting what waits, a page of it, one thing of it; each in one statement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    bindparam,
    func,
    select,
    text,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from marketplace.db import inbox_matters, inbox_tasks
from marketplace.db.inbox_tasks import STAND_IN
from marketplace.db.inbox_ways import SEATS_COUNTED, TASKS, Rows, place_of
from marketplace.db.orders import Order
from marketplace.db.statements import Source, Statement
from marketplace.domain.inbox import ORDER_TASKS, Place, Task, Waiting
from marketplace.domain.orders import DUE_DAYS

BRANCHES = inbox_tasks.BRANCHES | inbox_matters.BRANCHES
COUNTED = 100
"""Counting stops here: the badge says no more than 99+."""
FEW_PLACES = 64
"""Up to so many, going to each place is faster than going through what waits for anybody."""

_SIZE: Any = bindparam("size", type_=Integer)
_NUMBER: Any = bindparam("number", type_=BigInteger)


def count(source: Source, user_id: int, today: dt.date) -> int:
    """How many things wait for the user, counted up to ``COUNTED``."""
    values = _values(user_id, today, size=COUNTED)
    return int(_COUNT[_has_many_places(source, user_id)].rows(source, values)[0][0])


def line(session: Session, user_id: int, today: dt.date, after: Place, limit: int) -> list[Waiting]:
    """What waits for the user, behind a place, in the order of the line."""
    place = {
        "after_due": after.due,
        "after_calm": after.calm,
        "after_rank": after.rank,
        "after_id": after.id,
    }
    query = _LINE[_has_many_places(session, user_id)]
    return _read(session, query, _values(user_id, today, size=limit, **place))


def one(session: Session, user_id: int, today: dt.date, task: Task, number: int) -> Waiting | None:
    """One thing, if it waits for the user."""
    values = _values(user_id, today, size=1, number=number)
    return next(iter(_read(session, _ONE[task], values)), None)


def of_order(session: Session, user_id: int, today: dt.date, order_id: int) -> Waiting | None:
    """What waits for the user about an order: the first of it."""
    values = _values(user_id, today, size=1, number=order_id)
    return next(iter(_read(session, _OF_ORDER, values)), None)


def steps(session: Session, user_id: int, today: dt.date, step_ids: Sequence[int]) -> list[Waiting]:
    """Those of these steps that wait for the user's decision, in the order of the line."""
    values = _values(user_id, today, size=len(step_ids), numbers=list(step_ids))
    return _read(session, _STEPS, values)


def entrusted(user_id: int, day: dt.date) -> ColumnElement[bool]:
    """Orders of which a step waits for the user as somebody's stand-in."""
    return Order.id.bool_op("IN")(_ENTRUSTED.within(user=user_id, today=day))


def _has_many_places(source: Source, user_id: int) -> bool:
    [[places]] = _PLACES.rows(source, {"user": user_id, "most": FEW_PLACES + 1})
    return int(places) > FEW_PLACES


def _values(user_id: int, today: dt.date, **more: Any) -> dict[str, Any]:
    return {"user": user_id, "today": today, "soon": today + dt.timedelta(days=DUE_DAYS), **more}


def _read(session: Session, query: Statement, values: dict[str, Any]) -> list[Waiting]:
    # Left to itself the database plans it anew each time, which takes longer than answering it.
    session.execute(_PLAN_ONCE)
    rows = query.rows(session, values)
    session.execute(_PLAN_AS_USUAL)
    return [_waiting(*row) for row in rows]


def _waiting(
    due: dt.date,
    calm: int,
    rank: int,
    number: int,
    subject_id: int,
    deadline: dt.date | None,
    since: dt.datetime | None,
) -> Waiting:
    return Waiting(TASKS[rank], Place(due, calm, rank, number), subject_id, deadline, since)


def _together(*tasks: Task, limit: Any = None, order: bool = False, wide: bool = False) -> Any:
    """The rows of several tasks, each way in giving no more than is asked for altogether."""
    limits = (limit,) if limit is not None else ()
    branches = [branch for task in tasks for branch in BRANCHES[task]]
    parts = [branch.bounded(*limits, order=order, size=_SIZE, wide=wide) for branch in branches]
    # A part with an order of its own has to be a subquery to stand in a union.
    return union_all(*(select(part.subquery()) for part in parts)).subquery("waiting")


def _in_order(rows: Any) -> Rows:
    return select(rows).order_by(*place_of(rows.c)).limit(_SIZE)


def _behind(columns: Any) -> ColumnElement[bool]:
    after = tuple_(
        bindparam("after_due", type_=Date),
        bindparam("after_calm", type_=Integer),
        bindparam("after_rank", type_=Integer),
        bindparam("after_id", type_=BigInteger),
    )
    return tuple_(*place_of(columns)) > after


def _counted(*, wide: bool) -> Rows:
    some = select(_together(*Task, wide=wide).c.id).limit(_SIZE).subquery()
    return select(func.count()).select_from(some)


def _whole_line(*, wide: bool) -> Rows:
    return _in_order(_together(*Task, limit=_behind, order=True, wide=wide))


def _has_number(columns: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = columns.id == _NUMBER
    return found


def _has_order(columns: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = columns.subject_id == _NUMBER
    return found


def _is_named(columns: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = columns.id == func.any(bindparam("numbers", type_=ARRAY(BigInteger)))
    return found


_PLAN_ONCE = text("SET LOCAL plan_cache_mode = force_generic_plan")
_PLAN_AS_USUAL = text("SET LOCAL plan_cache_mode = auto")
_COUNT = {wide: Statement(_counted(wide=wide)) for wide in (False, True)}
_LINE = {wide: Statement(_whole_line(wide=wide)) for wide in (False, True)}
_PLACES = Statement(SEATS_COUNTED)
_OF_ORDER = Statement(_in_order(_together(*ORDER_TASKS, limit=_has_order)))
_STEPS = Statement(_in_order(_together(Task.DECIDE, limit=_is_named)))
_ONE = {task: Statement(_in_order(_together(task, limit=_has_number))) for task in Task}
_ENTRUSTED = Statement(select(union_all(*(branch.bounded() for branch in STAND_IN)).subquery().c.subject_id))
