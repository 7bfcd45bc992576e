"""Finding orders: page by page, what needs attention first."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, literal_column, select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, joinedload, selectinload, undefer

from marketplace.db.order_lists import IN_ORDER, Box, at_units, behind, called, in_box, stands, with_unit
from marketplace.db.order_queries import readable
from marketplace.db.orders import Order, OrderLine, OrderStep
from marketplace.db.people import Unit
from marketplace.domain.errors import Invalid
from marketplace.domain.orders import StepState
from marketplace.domain.permissions import Actor, Role
from marketplace.domain.text import N_, clean

PAGE = 30
MOST_COUNTED = 100
"""A box is counted up to here: whoever has more reads «99+»."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for; what is empty doesn't matter."""

    kind: str = ""
    state: str = ""
    """A state, or ``due`` or ``overdue``."""
    unit: str = ""
    """Code, or part of the name, of a unit on either side."""
    q: str = ""
    """Number of the order, or name or number of a thing in it."""


@dataclass(frozen=True, slots=True)
class Things:
    """What an order asks for, in short."""

    name: str
    """Of the first."""
    model: str
    kinds: int
    pieces: int
    unit_of_measure: str
    """Of the first."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose decision an order waits for."""

    role: Role
    unit: str
    deadline: dt.date | None


@dataclass(frozen=True, slots=True)
class Row:
    """An order as a list shows it."""

    order: Order
    things: Things | None
    holders: tuple[Holder, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Some orders, and where the next ones begin; empty at the end."""

    rows: list[Row]
    cursor: str


def find(
    session: Session,
    actor: Actor,
    today: dt.date,
    box: Box,
    wish: Wish,
    cursor: str = "",
    *,
    limit: int = PAGE,
) -> Page:
    """A page of a box: what has to happen first stands first.

    Raises:
        Invalid: the cursor is none.
    """
    chosen = (
        select(Order.id)
        .where(in_box(actor, box), _as_wished(wish, today), behind(*_place(cursor)) if cursor else true())
        .order_by(*IN_ORDER)
        .limit(limit + 1)
        .subquery()
    )
    query = (
        select(Order)
        .join(chosen, chosen.c.id == Order.id)  # few are chosen before anything is joined to them
        .options(joinedload(Order.requester), joinedload(Order.receiver), joinedload(Order.giver))
        .options(undefer(Order.attention))
        .order_by(*IN_ORDER)
    )
    orders = session.scalars(query).all()
    last = orders[limit - 1] if len(orders) > limit else None
    return Page(_rows(session, orders[:limit]), f"{last.attention}-{last.id}" if last else "")


def counts(session: Session, actor: Actor, today: dt.date, wishes: Mapping[Box, Wish]) -> dict[Box, int]:
    """How many orders each box holds of what is asked for, up to :data:`MOST_COUNTED`; one query."""
    boxes = [
        select(func.count())
        .select_from(
            select(literal_column("1"))
            .select_from(Order)
            .where(in_box(actor, box), _as_wished(wish, today))
            .limit(MOST_COUNTED)
            .subquery()
        )
        .scalar_subquery()
        for box, wish in wishes.items()
    ]
    return dict(zip(wishes, session.execute(select(*boxes)).one(), strict=True))


def newest(
    session: Session,
    actor: Actor,
    today: dt.date,
    *,
    states: Collection[str] = (),
    kind: str = "",
    box: str = "",
    asset_id: int | None = None,
    limit: int = PAGE,
    before: int | None = None,
) -> Sequence[Order]:
    """Orders that the actor may read, drafts included, the last first; for programs.

    ``box`` is ``mine``, ``incoming`` or ``outgoing``: whoever asked, or on which side the actor's units are.
    """
    query = (
        select(Order)
        .where(readable(actor), _as_wished(Wish(kind=kind), today), _SIDES[box](actor))
        .options(joinedload(Order.requester), joinedload(Order.receiver), joinedload(Order.giver))
        .options(selectinload(Order.lines))
        .order_by(Order.id.desc())
        .limit(limit)
    )
    if states:
        query = query.where(stands(states, today))
    if asset_id is not None:
        query = query.where(Order.id.in_(select(OrderLine.order_id).where(OrderLine.asset_id == asset_id)))
    if before is not None:
        query = query.where(Order.id < before)
    return session.scalars(query).all()


_SIDES: dict[str, Callable[[Actor], ColumnElement[bool]]] = {
    "": lambda _actor: true(),
    "mine": lambda actor: Order.requester_id == actor.user_id,
    "incoming": lambda actor: at_units(actor, Order.receiver_unit_id),
    "outgoing": lambda actor: at_units(actor, Order.giver_unit_id),
}


def _as_wished(wish: Wish, today: dt.date) -> ColumnElement[bool]:
    rules: dict[str, Callable[[str], ColumnElement[bool]]] = {
        "kind": lambda text: Order.kind == text,
        "state": lambda text: stands([text], today),
        "unit": lambda text: with_unit(clean(text)),
        "q": lambda text: called(clean(text)),
    }
    return and_(true(), *(rule(text) for name, rule in rules.items() if (text := getattr(wish, name))))


def _place(cursor: str) -> tuple[int, int]:
    attention, _, order_id = cursor.partition("-")
    if not (_is_number(attention) and _is_number(order_id)):
        raise Invalid(N_("翻页位置无效，请从第一页看起。"))
    return int(attention), int(order_id)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def _rows(session: Session, orders: Sequence[Order]) -> list[Row]:
    """What the rows tell beside the orders themselves, in two queries however many they are."""
    ids = [order.id for order in orders]
    things, holders = _things(session, ids), _holders(session, ids)
    return [Row(order, things.get(order.id), tuple(holders[order.id])) for order in orders]


def _things(session: Session, order_ids: Iterable[int]) -> dict[int, Things]:
    line, one = OrderLine, OrderLine.order_id
    kinds, pieces = func.count().over(partition_by=one), func.sum(line.quantity).over(partition_by=one)
    query = (
        select(one, line.name, line.model, kinds, pieces, line.unit_of_measure)
        .where(one.in_(order_ids))
        .ext(distinct_on(one))
        .order_by(one, line.id)
    )
    return {row[0]: Things(*row[1:]) for row in session.execute(query)}


def _holders(session: Session, order_ids: Iterable[int]) -> dict[int, list[Holder]]:
    query = (
        select(OrderStep.order_id, OrderStep.role, OrderStep.escalated_to, Unit.name, OrderStep.deadline)
        .join(Unit, Unit.id == OrderStep.unit_id)
        .where(OrderStep.order_id.in_(order_ids), OrderStep.state == StepState.OPEN)
        .order_by(OrderStep.id)
    )
    found: dict[int, list[Holder]] = defaultdict(list)
    for order_id, role, above, unit, deadline in session.execute(query):
        found[order_id] += [Holder(one, unit, deadline) for one in (role, above) if one]
    return found
