"""Wishes before they are submitted: the basket is the user's drafts, one for each holder and kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, bindparam, delete, func, select
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset
from marketplace.db.order_queries import WHOLE_ORDER
from marketplace.db.orders import Order, OrderLine
from marketplace.db.people import Unit, UnitKind, below
from marketplace.db.statements import Source, Statement
from marketplace.domain.errors import NotFound, invalid_field
from marketplace.domain.orders import MAX_REASON, OrderKind, OrderState, Urgency
from marketplace.domain.permissions import Actor, Permission, require
from marketplace.domain.text import N_
from marketplace.use_cases import assets
from marketplace.use_cases.card_moves import line_value

MOST_LINES = 50
"""Things in one order: what a paper and a decision can still take in."""


@dataclass(frozen=True, slots=True)
class Details:
    """What the requester says beside the things themselves; None leaves a value as it is."""

    reason: str | None = None
    urgency: Urgency | None = None
    starts_on: dt.date | None = None
    ends_on: dt.date | None = None
    empties_days: bool = False
    """Whether a day that is None was taken out on purpose."""


def receiving_units(session: Session, actor: Actor) -> Sequence[Unit]:
    """Units for which the actor may ask, in the order of the tree."""
    scopes = actor.scopes(Permission.REQUEST_ASSETS)
    return session.scalars(
        select(Unit)
        .where(below(scopes), Unit.active, Unit.kind != UnitKind.REGION)
        .order_by(Unit.path)
        .limit(1000)
    ).all()


def put_in(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    asset_id: int,
    kind: OrderKind,
    quantity: int,
    receiver: Unit,
) -> Order:
    """Put an asset into the basket: into the draft to its holder, which is begun where there is none.

    Raises:
        NotFound: there is no such asset, or none that the actor may know of.
        Invalid: it isn't offered so, there are not so many, or it is the unit's own.
        NotAllowed: the actor may not ask for this unit.
    """
    require(actor, Permission.REQUEST_ASSETS, receiver.path)
    asset = assets.load(session, actor, asset_id)
    check_offered(asset, kind, quantity, receiver.id)
    order = _draft_to(session, actor, kind, receiver, asset.unit)
    order = order or begin(session, actor, now, kind, receiver, asset.unit)
    line = next((line for line in order.lines if line.asset_id == asset.id), None)
    if line is None and len(order.lines) >= MOST_LINES:
        raise invalid_field("asset_id", N_("一张申请单最多%(limit)d项，请分开申请。"), limit=MOST_LINES)
    _describe_in(session, order, line, asset, quantity)
    return order


def _describe_in(session: Session, order: Order, line: OrderLine | None, asset: Asset, quantity: int) -> None:
    line, is_new = line or OrderLine(asset_id=asset.id, asset=asset), line is None
    describe(line, asset, quantity)
    if is_new:
        order.lines.append(line)
    session.flush()


def check_offered(asset: Asset, kind: OrderKind, quantity: int, receiver_unit_id: int) -> None:
    """Refuse what nobody offers.

    Raises:
        Invalid: not on offer, not in this way, not so many, or the unit's own.
    """
    listing = asset.listing
    if listing is None:
        raise invalid_field("asset_id", N_("“%(name)s”已不在仓，不能申请。"), name=asset.name)
    if asset.unit_id == receiver_unit_id:
        raise invalid_field("asset_id", N_("“%(name)s”本来就在本单位，不需要申请。"), name=asset.name)
    if not (listing.for_transfer if kind is OrderKind.TRANSFER else listing.for_loan):
        message = N_("“%(name)s”不提供调剂。") if kind is OrderKind.TRANSFER else N_("“%(name)s”不提供借用。")
        raise invalid_field("kind", message, name=asset.name)
    if not 1 <= quantity <= listing.quantity:
        raise invalid_field("quantity", N_("数量应在1到%(offered)d之间。"), offered=listing.quantity)


def describe(line: OrderLine, asset: Asset, quantity: int) -> None:
    """Write down what the card says now."""
    line.quantity = quantity
    line.number, line.name = asset.number, asset.name
    line.model = " ".join(filter(None, (asset.brand, asset.model)))[:400]
    line.unit_of_measure = asset.unit_of_measure
    line.category = f"{asset.category_edition}:{asset.category_code}" if asset.category_code else ""
    line.original_value, line.accumulated_depreciation = line_value(asset, quantity)


def ask_for(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    asset_id: int,
    kind: OrderKind,
    quantity: int,
    receiver: Unit,
) -> Order:
    """The same as a draft of its own, whatever lies in the basket; raises as :func:`put_in` does."""
    require(actor, Permission.REQUEST_ASSETS, receiver.path)
    asset = assets.load(session, actor, asset_id)
    check_offered(asset, kind, quantity, receiver.id)
    order = begin(session, actor, now, kind, receiver, asset.unit)
    _describe_in(session, order, None, asset, quantity)
    return order


def begin(
    session: Session, actor: Actor, now: dt.datetime, kind: OrderKind, receiver: Unit, giver: Unit
) -> Order:
    """An empty draft."""
    assert actor.user_id is not None
    order = Order(
        kind=kind,
        state=OrderState.DRAFT,
        requester_id=actor.user_id,
        receiver=receiver,
        giver=giver,
        urgency=Urgency.NORMAL,
        reason="",
        created_at=now,
    )
    session.add(order)
    session.flush()
    return order


def _draft_to(session: Session, actor: Actor, kind: OrderKind, receiver: Unit, giver: Unit) -> Order | None:
    query = _drafts(actor).where(
        Order.kind == kind, Order.receiver_unit_id == receiver.id, Order.giver_unit_id == giver.id
    )
    return session.scalars(query.limit(1)).first()


def drafts(session: Session, actor: Actor) -> Sequence[Order]:
    """The basket, newest first."""
    return session.scalars(_drafts(actor).options(*WHOLE_ORDER).order_by(Order.id.desc()).limit(100)).all()


_IN_BASKET = Statement(
    select(func.count(OrderLine.id))
    .join(OrderLine.order)
    .where(
        Order.requester_id == bindparam("user_id"),
        Order.state == OrderState.DRAFT,
        Order.renews_id.is_(None),
    )
)


def count_drafts(source: Source, user_id: int) -> int:
    """How many things lie in a user's basket; every page asks."""
    return int(_IN_BASKET.rows(source, {"user_id": user_id})[0][0])


def _drafts(actor: Actor) -> Select[Order]:
    return select(Order).where(
        Order.requester_id == actor.user_id, Order.state == OrderState.DRAFT, Order.renews_id.is_(None)
    )


def own_draft(session: Session, actor: Actor, order_id: int) -> Order:
    """A draft, or an order sent back for correction, that the actor may change.

    Raises:
        NotFound: there is none.
    """
    query = (
        select(Order)
        .where(
            Order.id == order_id,
            Order.requester_id == actor.user_id,
            Order.state.in_((OrderState.DRAFT, OrderState.CORRECTION)),
        )
        .options(*WHOLE_ORDER)
        .with_for_update(of=Order)
        .execution_options(populate_existing=True)
    )
    order = session.scalar(query)
    if order is None:
        raise NotFound(N_("没有找到这张草稿。它可能已提交或删除，请到“办件”查看。"))
    return order


def save(session: Session, actor: Actor, order_id: int, details: Details) -> Order:
    """Keep what was typed so far; what is still missing is asked for when the order is submitted.

    Raises:
        Invalid: a value can't be kept.
    """
    order = own_draft(session, actor, order_id)
    if details.reason is not None:
        text = details.reason.strip()
        if len(text) > MAX_REASON:
            raise invalid_field("reason", N_("理由请控制在%(limit)d字以内。"), limit=MAX_REASON)
        order.reason = text
    order.urgency = details.urgency or order.urgency
    if order.kind is OrderKind.LOAN:
        starts, ends = details.starts_on, details.ends_on
        if not details.empties_days:
            starts, ends = starts or order.starts_on, ends or order.ends_on
        if starts and ends and ends < starts:
            raise invalid_field("end", N_("归还日期不能早于开始日期。"))
        order.starts_on, order.ends_on = starts, ends
    session.flush()
    return order


def set_quantities(session: Session, actor: Actor, order_id: int, wanted: Mapping[int, int]) -> Order | None:
    """Change how many of each asset are asked for; 0 takes it out. An emptied draft is gone (None)."""
    order = own_draft(session, actor, order_id)
    for line in list(order.lines):
        quantity = wanted.get(line.asset_id, line.quantity)
        if quantity == 0:
            order.lines.remove(line)
        elif quantity != line.quantity:
            asset = assets.load(session, actor, line.asset_id)
            check_offered(asset, order.kind, quantity, order.receiver_unit_id)
            describe(line, asset, quantity)
    if not order.lines and order.state is OrderState.DRAFT:
        session.delete(order)
        session.flush()
        return None
    if not order.lines:
        raise invalid_field("quantity", N_("申请单至少要有一项。不再需要时，请撤销申请单。"))
    session.flush()
    return order


def discard(session: Session, actor: Actor, order_id: int) -> None:
    """Throw a draft away; nobody but its author ever saw it."""
    order = own_draft(session, actor, order_id)
    if order.state is not OrderState.DRAFT:
        raise NotFound(N_("没有找到这张草稿。它可能已提交或删除，请到“办件”查看。"))
    session.execute(delete(OrderLine).where(OrderLine.order_id == order.id))
    session.expire(order)
    session.delete(order)
    session.flush()
