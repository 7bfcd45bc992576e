"""The inbox (待办): what waits for somebody, what there is to know before deciding, deciding many at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, joinedload, selectinload

from marketplace.db import inbox as queries
from marketplace.db.assets import Asset, Listing, Photo
from marketplace.db.order_queries import WHOLE_ORDER, readable
from marketplace.db.orders import Award, Order, OrderLine, OrderStep
from marketplace.domain.errors import NotFound, RuleError
from marketplace.domain.inbox import Place, Subject, Task, Waiting
from marketplace.domain.orders import OrderAction, OrderKind, OrderState, StepState
from marketplace.domain.permissions import Actor
from marketplace.domain.text import N_
from marketplace.use_cases import approvals, decisions, inbox_matters, orders, reservations
from marketplace.use_cases.inbox_matters import Matter

PAGE = 20
MOST_AT_ONCE = 50
"""Orders decided in one go: what somebody can still have read."""
MOST_RIVALS = 10
"""Requests shown beside the one in hand, for each thing."""


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing that waits, with the order, or whatever else, it is about."""

    waiting: Waiting
    about: Order | Matter

    @property
    def order(self) -> Order:
        """The order, of a task that is about one."""
        assert isinstance(self.about, Order)
        return self.about

    @property
    def matter(self) -> Matter:
        """What it is about instead."""
        assert not isinstance(self.about, Order)
        return self.about


@dataclass(frozen=True, slots=True)
class Line:
    """A page of what waits, and the place behind which it goes on."""

    todos: list[Todo]
    more: Place | None


class Effect(StrEnum):
    """What comes of agreeing."""

    OTHERS_STILL = "others_still"
    """Others decide at the same time."""
    NEXT = "next"
    PROLONG = "prolong"
    SET_ASIDE = "set_aside"
    LEND = "lend"


@dataclass(frozen=True, slots=True)
class Consequence:
    """What agreeing to a step will do."""

    effect: Effect
    steps: Sequence[OrderStep] = ()
    """Who decides then."""


@dataclass(frozen=True, slots=True)
class Rivals:
    """Other requests for the same thing, in the order in which they would be served."""

    orders: list[Order] = field(default_factory=list)
    total: int = 0


@dataclass(frozen=True, slots=True)
class Thing:
    """What an order asks for: the line as it was written, the card as it is, and its photo."""

    line: OrderLine
    asset: Asset
    cover: str | None
    """Content hash of the photo that stands for it."""
    rivals: Rivals


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of one decision among several."""

    order: Order
    error: RuleError | None = None


def page(session: Session, actor: Actor, today: dt.date, after: Place, limit: int = PAGE) -> Line:
    """What waits for the actor, behind a place, soonest first."""
    if actor.user_id is None:
        return Line([], None)
    found = queries.line(session, actor.user_id, today, after, limit + 1)
    shown = found[:limit]
    by_id = _orders(session, {one.subject_id for one in shown if one.subject is Subject.ORDER})
    matters = inbox_matters.load(session, shown)
    todos = [
        Todo(one, by_id[one.subject_id] if one.subject is Subject.ORDER else matters[_key(one)])
        for one in shown
    ]
    return Line(todos, shown[-1].place if len(found) > limit else None)


def _key(waiting: Waiting) -> tuple[Subject, int]:
    return waiting.subject, waiting.subject_id


def following(session: Session, actor: Actor, today: dt.date, place: Place) -> Waiting | None:
    """What comes next behind a place; the beginning of the line when that was the last."""
    if actor.user_id is None:
        return None
    for after in (place, Place()):
        if found := queries.line(session, actor.user_id, today, after, 1):
            return found[0]
    return None


def load(session: Session, actor: Actor, today: dt.date, task: Task, number: int) -> Todo:
    """One thing that waits for the actor; see :func:`whole`.

    Raises:
        NotFound: it doesn't wait for the actor, or not any more.
    """
    found = queries.one(session, actor.user_id, today, task, number) if actor.user_id else None
    if found is None:
        raise NotFound(N_("这件事已办理完毕，或不再由您办理。"))
    return whole(session, found)


def whole(session: Session, found: Waiting) -> Todo:
    """What waits, with everything there is to know of what it is about."""
    if found.subject is not Subject.ORDER:
        return Todo(found, inbox_matters.load(session, [found])[_key(found)])
    query = select(Order).where(Order.id == found.subject_id).options(*WHOLE_ORDER)
    return Todo(found, session.scalars(query).one())


def about(session: Session, actor: Actor, today: dt.date, order_id: int) -> Waiting | None:
    """What waits for the actor about an order, if anything does."""
    return queries.of_order(session, actor.user_id, today, order_id) if actor.user_id else None


def consequence(order: Order, step: OrderStep) -> Consequence:
    """What agreeing to the step will do; see ``decisions.decide``, which does it."""
    beside = [
        other
        for other in order.steps
        if other.state is StepState.OPEN and other.position == step.position and other.id != step.id
    ]
    if beside:
        return Consequence(Effect.OTHERS_STILL, beside)
    position = approvals.next_position(order)
    if position is not None:
        ahead = [step for step in order.steps if step.round == order.round and step.position == position]
        return Consequence(Effect.NEXT, ahead)
    if orders.is_renewal(order):
        return Consequence(Effect.PROLONG)
    return Consequence(Effect.SET_ASIDE if order.kind is OrderKind.TRANSFER else Effect.LEND)


def things(session: Session, order: Order) -> list[Thing]:
    """What the order asks for, each with those who want it too; in a fixed number of queries."""
    ids = [line.asset_id for line in order.lines]
    cards = {
        asset.id: (asset, cover)
        for asset, cover in session.execute(
            select(Asset, Photo.digest)
            .outerjoin(Photo, (Photo.id == Asset.cover_photo_id) & Photo.removed_at.is_(None))
            .where(Asset.id.in_(ids))
            .options(joinedload(Asset.unit))
        )
    }
    rivals = rivals_for(session, ids, besides=order.id)
    return [Thing(line, *cards[line.asset_id], rivals.get(line.asset_id, Rivals())) for line in order.lines]


def rivals_for(session: Session, asset_ids: Sequence[int], besides: int = 0) -> dict[int, Rivals]:
    """Who else waits for these assets, as ``waiting_lists.waiting_for`` tells it of one."""
    ranks = _ranks(session, asset_ids)
    waiting: dict[int, list[int]] = {}
    query = (
        select(OrderLine.asset_id, Order.id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderLine.asset_id.in_(asset_ids), Order.state == OrderState.WAITING, Order.id != besides)
        .order_by(Order.submitted_at, Order.id)
        .limit(1000)
    )
    for asset_id, order_id in session.execute(query):
        waiting.setdefault(asset_id, []).append(order_id)
    for asset_id, ids in waiting.items():
        rank = ranks.get(asset_id, {})
        ids.sort(key=lambda order_id, rank=rank: rank.get(order_id, len(rank)))  # type: ignore[misc]
    shown = _orders(session, {one for ids in waiting.values() for one in ids[:MOST_RIVALS]})
    return {
        asset_id: Rivals([shown[one] for one in ids[:MOST_RIVALS]], len(ids))
        for asset_id, ids in waiting.items()
    }


def _ranks(session: Session, asset_ids: Sequence[int]) -> dict[int, Mapping[int, int]]:
    """For assets whose window was closed: the place that each request was given."""
    query = (
        select(Listing.asset_id, Award.ranking)
        .join(Award, Award.listing_id == Listing.id)
        .where(Listing.asset_id.in_(asset_ids))
        .ext(distinct_on(Listing.asset_id))
        .order_by(Listing.asset_id, Award.id.desc())
    )
    return {
        asset_id: {entry["order_id"]: place for place, entry in enumerate(ranking)}
        for asset_id, ranking in session.execute(query)
    }


def _orders(session: Session, ids: Iterable[int]) -> dict[int, Order]:
    """Orders as a list names them."""
    query = (
        select(Order)
        .where(Order.id.in_(ids))
        .options(
            joinedload(Order.requester),
            joinedload(Order.receiver),
            joinedload(Order.giver),
            selectinload(Order.lines),
        )
    )
    return {order.id: order for order in session.scalars(query)}


def chosen(session: Session, actor: Actor, today: dt.date, step_ids: Sequence[int]) -> list[Todo]:
    """Those of these steps that wait for the actor's decision, soonest first, with their whole orders."""
    if actor.user_id is None or not step_ids:
        return []
    found = queries.steps(session, actor.user_id, today, step_ids[:MOST_AT_ONCE])
    query = select(Order).where(Order.id.in_({one.subject_id for one in found})).options(*WHOLE_ORDER)
    by_id = {order.id: order for order in session.scalars(query)}
    return [Todo(one, by_id[one.subject_id]) for one in found]


def approve_many(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    today: dt.date,
    step_ids: Sequence[int],
    comment: str = "",
) -> list[Decided]:
    """Agree to several steps: each is done or refused by itself, all in one transaction.

    The cards of all are locked first and in order, as everywhere: two who decide many at once don't
    wait for each other in a ring.
    """
    found = [(one.waiting.id, one.order) for one in chosen(session, actor, today, step_ids)]
    found += _missing(session, actor, set(step_ids[:MOST_AT_ONCE]) - {number for number, _ in found})
    reservations.lock(session, [line.asset_id for _, order in found for line in order.lines])
    done = []
    for number, order in found:
        try:
            with session.begin_nested():
                decisions.decide(
                    session, actor, now, today, order.id, OrderAction.APPROVE, comment, step_id=number
                )
            done.append(Decided(order))
        except RuleError as error:
            done.append(Decided(order, error))
    return done


def _missing(session: Session, actor: Actor, step_ids: Iterable[int]) -> list[tuple[int, Order]]:
    """Steps that don't wait for the actor any more, as far as the actor may know of them."""
    query = (
        select(OrderStep.id, Order)
        .join(Order, Order.id == OrderStep.order_id)
        .where(OrderStep.id.in_(step_ids), readable(actor))
        .options(*WHOLE_ORDER)
        .order_by(OrderStep.id)
    )
    return [(number, order) for number, order in session.execute(query)]
