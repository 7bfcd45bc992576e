"""Drafts of auctions: proposed from an approved project, edited, and checked against the rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from marketplace.db.assets import Photo
from marketplace.db.auctions import Auction, Lot, LotItem
from marketplace.db.calendar import load_calendar
from marketplace.db.disposals import Project, ProjectItem
from marketplace.domain.auction_rules import Rules
from marketplace.domain.auction_terms import DEFAULTS, EXTENSION
from marketplace.domain.auctions import (
    OVER,
    AuctionState,
    Breach,
    LotState,
    LotTerms,
    Plan,
    check,
    propose_days,
    propose_deposit,
    propose_increment,
)
from marketplace.domain.disposals import ConditionKind, ProjectAction, ProjectState, Way
from marketplace.domain.errors import Conflict, invalid_field
from marketplace.domain.permissions import Actor, Permission, require
from marketplace.domain.text import N_, clean
from marketplace.use_cases import auctions, disposals
from marketplace.use_cases.auction_rules import rules_of

OPENING = dt.time(10)
"""Bidding is proposed to begin at this hour."""


@dataclass(frozen=True, slots=True)
class Dates:
    """When things can be seen and bid for."""

    viewing_from: dt.date | None
    viewing_until: dt.date | None
    starts_at: dt.datetime | None
    ends_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class LotEdit:
    """What can be edited of a lot."""

    name: str
    defects: str
    start_price: Decimal
    reserve_price: Decimal | None
    deposit: Decimal
    increment: Decimal
    price_approval: str = ""
    joint_bidding: bool = False
    burdens: str = ""
    pre_emption: str = ""


def draft(
    session: Session, actor: Actor, now: dt.datetime, today: dt.date, zone: dt.tzinfo, project_id: int
) -> Auction:
    """Propose an auction of an approved project: a lot for each card, prices from the appraisal, lawful days.

    Raises:
        Conflict: the project isn't approved, is no sale, or has an auction already.
    """
    project = disposals.load(session, actor, project_id, for_update=True)
    require(actor, Permission.DISPOSE, project.unit.path)
    items = for_sale(session, project)
    if project.state is ProjectState.APPROVED:
        disposals.move(session, actor, now, project, ProjectAction.START)
    rules = rules_of(session)
    auction = new_auction(session, actor, now, today, zone, project, rules)
    _offer_again(session, project)
    for number, item in enumerate(items, 1):
        auction.lots.append(_lot_of(number, item, rules))
    session.flush()
    auctions.note(session, actor, now, auction, "auction.draft", after={"number": auction.number})
    return auction


def without_auction(session: Session) -> Sequence[int]:
    """Approved projects for sale that have no auction yet, oldest first."""
    has = select(Auction.id).where(Auction.project_id == Project.id)
    query = select(Project.id).where(
        Project.state == ProjectState.APPROVED, Project.way == Way.AUCTION, ~has.exists()
    )
    return session.scalars(query.order_by(Project.id)).all()


def for_sale(session: Session, project: Project) -> Sequence[ProjectItem]:
    """The cards of a project, locked by the caller, that an auction may offer now.

    Raises:
        Conflict: the project is no sale, isn't approved or has ended; or its cards are being auctioned.
    """
    check_for_sale(project)
    live = select(Auction.id).where(Auction.project_id == project.id, Auction.state.not_in(OVER)).limit(1)
    items = [item for item in project.items if item.open]
    if session.scalar(live) is not None or not items:
        raise Conflict(N_("这个项目已有拍卖在办，或者没有待拍的资产。"), code="live_auction")
    return items


def check_for_sale(project: Project) -> None:
    """Let an auction go on only for a project that is to sell, and has not ended meanwhile.

    Raises:
        Conflict: it is no sale, isn't approved, is done, or was cancelled: its cards are in use again.
    """
    if not is_for_sale(project):
        raise Conflict(N_("只有已批准的拍卖项目才能编制拍卖。"), code="wrong_state")


def is_for_sale(project: Project) -> bool:
    """Whether cards of the project may be auctioned."""
    return project.way is Way.AUCTION and project.state in (ProjectState.APPROVED, ProjectState.RUNNING)


def _offer_again(session: Session, project: Project) -> None:
    """What found no buyer before is on offer again, so nobody else offers it a second time."""
    earlier = select(Auction.id).where(Auction.project_id == project.id)
    unsold = update(Lot).where(Lot.auction_id.in_(earlier), Lot.state == LotState.UNSOLD)
    session.execute(unsold.values(state=LotState.RELISTED))


def new_auction(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    today: dt.date,
    zone: dt.tzinfo,
    project: Project,
    rules: Rules,
) -> Auction:
    """An auction without lots, on the first lawful days."""
    days = propose_days(today, load_calendar(session), rules)
    starts = dt.datetime.combine(days.starts, OPENING, zone)
    approval = next((row.evidence for row in project.conditions if row.kind is ConditionKind.APPROVAL), "")
    auction = Auction(
        number=disposals.give_number(session, "PM", today),
        project=project,
        terms=DEFAULTS
        | {"title": project.title, "consignor": project.unit.name, "decision": approval}
        | {"extension": EXTENSION % {"minutes": rules.extension_minutes}},
        viewing_from=days.viewing_from,
        viewing_until=days.viewing_until,
        starts_at=starts,
        ends_at=starts + dt.timedelta(hours=rules.bidding_hours),
        prepared_by=actor.user_id,
        created_at=now,
    )
    session.add(auction)
    session.flush()
    return auction


def _lot_of(number: int, item: ProjectItem, rules: Rules) -> Lot:
    start = item.appraised or Decimal(0)
    return Lot(
        number=number,
        name=_lot_name(item),
        defects=item.defects,
        start_price=start,
        reserve_price=start or None,
        deposit=propose_deposit(start, rules),
        increment=propose_increment(start, rules),
        items=[LotItem(project_item=item)],
    )


def _lot_name(item: ProjectItem) -> str:
    card = item.asset
    count = f" {card.quantity}{card.unit_of_measure}" if card.quantity > 1 else ""
    return " ".join(filter(None, [card.brand, card.model, card.name]))[:180] + count


def edit(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    auction_id: int,
    version: int,
    terms: Mapping[str, str],
    dates: Dates,
    lots: Mapping[int, LotEdit],
) -> Auction:
    """Replace texts, dates and the terms of lots (by id) of a draft.

    Raises:
        Conflict: it is no draft, or somebody changed it since ``version``.
    """
    auction = in_preparation(session, actor, auction_id)
    if auction.version != version:
        raise Conflict(N_("他人刚修改过这场拍卖，请核对最新内容后再保存。"), code="version_conflict")
    auction.terms = {name: clean(terms.get(name, auction.terms.get(name, ""))) for name in DEFAULTS}
    auction.viewing_from, auction.viewing_until = dates.viewing_from, dates.viewing_until
    auction.starts_at, auction.ends_at = dates.starts_at, dates.ends_at
    for lot in auction.lots:
        if (wanted := lots.get(lot.id)) is not None:
            _fill(lot, wanted)
    _touched(auction, actor)
    auctions.note(session, actor, now, auction, "auction.edit", after={"lots": len(lots)})
    session.flush()
    return auction


def _fill(lot: Lot, wanted: LotEdit) -> None:
    lot.name, lot.defects = clean(wanted.name)[:200], clean(wanted.defects)
    lot.start_price, lot.reserve_price = wanted.start_price, wanted.reserve_price
    lot.deposit, lot.increment = wanted.deposit, wanted.increment
    lot.price_approval = clean(wanted.price_approval)[:200]
    lot.joint_bidding = wanted.joint_bidding
    lot.burdens, lot.pre_emption = clean(wanted.burdens)[:300], clean(wanted.pre_emption)[:300]


def bundle(
    session: Session, actor: Actor, now: dt.datetime, auction_id: int, lot_ids: Sequence[int], name: str
) -> Lot:
    """Sell several lots together as one; prices are proposed anew from the sum.

    Raises:
        Invalid: fewer than two lots of this auction, or no name.
    """
    auction = in_preparation(session, actor, auction_id)
    chosen = [lot for lot in auction.lots if lot.id in set(lot_ids)]
    if len(chosen) < 2:
        raise invalid_field("lots", N_("请选择至少两个标的。"))
    if not clean(name):
        raise invalid_field("name", N_("请填写合并后的标的名称。"))
    first, rest = chosen[0], chosen[1:]
    total = sum((lot.start_price for lot in chosen), Decimal(0))
    reserve = sum((lot.reserve_price or lot.start_price for lot in chosen), Decimal(0))
    last = [lot.last_price for lot in chosen if lot.last_price is not None]
    first.name = clean(name)[:200]
    first.defects = "\n".join(filter(None, (lot.defects for lot in chosen)))
    _price(first, total, reserve, rules_of(session))
    first.last_price = sum(last, Decimal(0)) if len(last) == len(chosen) else None
    for lot in rest:
        first.items += [LotItem(project_item=one.project_item) for one in lot.items]
        session.delete(lot)
    _renumber(session, auction, [lot for lot in auction.lots if lot not in rest])
    _touched(auction, actor)
    auctions.note(session, actor, now, auction, "auction.bundle", after={"name": first.name})
    return first


def split(session: Session, actor: Actor, now: dt.datetime, auction_id: int, lot_id: int) -> Auction:
    """Sell each card of a lot by itself again, at its appraisal.

    Raises:
        Invalid: there is no such lot of several cards.
    """
    auction = in_preparation(session, actor, auction_id)
    lot = next((lot for lot in auction.lots if lot.id == lot_id and len(lot.items) > 1), None)
    if lot is None:
        raise invalid_field("lots", N_("这个标的只有一项资产，无需拆分。"))
    items = [one.project_item for one in lot.items]
    others = [other for other in auction.lots if other is not lot]
    session.delete(lot)
    session.flush()
    rules = rules_of(session)
    made = [_lot_of(0, item, rules) for item in items]
    _renumber(session, auction, [*others, *made])
    _touched(auction, actor)
    auctions.note(session, actor, now, auction, "auction.split", after={"name": lot.name})
    return auction


def _price(lot: Lot, start: Decimal, reserve: Decimal, rules: Rules) -> None:
    lot.start_price, lot.reserve_price = start, reserve
    lot.deposit, lot.increment = propose_deposit(start, rules), propose_increment(start, rules)


def _renumber(session: Session, auction: Auction, lots: Sequence[Lot]) -> None:
    for number, lot in enumerate(lots, 1):
        lot.number, lot.auction_id = number, auction.id
        session.add(lot)
    session.flush()
    session.expire(auction, ["lots"])


def _touched(auction: Auction, actor: Actor) -> None:
    auction.prepared_by, auction.approved_by = actor.user_id, None


def in_preparation(session: Session, actor: Actor, auction_id: int) -> Auction:
    """A draft that the actor may edit, locked.

    Raises:
        Conflict: it was sent for approval, or is published.
    """
    auction = auctions.load(session, actor, auction_id, for_update=True)
    require(actor, Permission.DISPOSE, auction.project.unit.path)
    if auction.state is not AuctionState.DRAFT:
        raise Conflict(N_("拍卖已送审或已发布，不能直接修改。"), state=auction.state, code="wrong_state")
    return auction


def plan_of(session: Session, auction: Auction, noticed_on: dt.date, zone: dt.tzinfo) -> Plan:
    """An auction as the rules see it, if it were announced on a day."""
    photos = photo_counts(session, auction)
    return Plan(
        noticed_on=noticed_on,
        viewing_from=auction.viewing_from,
        viewing_until=auction.viewing_until,
        starts=auction.starts_at.astimezone(zone) if auction.starts_at else None,
        ends=auction.ends_at.astimezone(zone) if auction.ends_at else None,
        lots=tuple(_terms_of(lot, photos.get(lot.id, 0)) for lot in auction.lots),
        terms=auction.terms,
    )


def breaches(session: Session, auction: Auction, noticed_on: dt.date, zone: dt.tzinfo) -> list[Breach]:
    """What keeps an auction from being announced on that day."""
    return check(plan_of(session, auction, noticed_on, zone), load_calendar(session), rules_of(session))


def photo_counts(session: Session, auction: Auction) -> dict[int, int]:
    """How many photos the cards of each lot have."""
    query = (
        select(LotItem.lot_id, func.count())
        .join(ProjectItem, ProjectItem.id == LotItem.project_item_id)
        .join(Photo, Photo.asset_id == ProjectItem.asset_id)
        .where(LotItem.lot_id.in_([lot.id for lot in auction.lots]), Photo.removed_at.is_(None))
        .group_by(LotItem.lot_id)
    )
    return dict(session.execute(query).all())


def _terms_of(lot: Lot, photos: int) -> LotTerms:
    return LotTerms(
        number=lot.number,
        appraised=appraised(lot),
        start=lot.start_price,
        reserve=lot.reserve_price,
        deposit=lot.deposit,
        increment=lot.increment,
        last_price=lot.last_price,
        price_approval=lot.price_approval,
        items=len(lot.items),
        photos=photos,
    )


def appraised(lot: Lot) -> Decimal | None:
    """The appraised value of all cards of a lot; None while one has none."""
    values = [one.project_item.appraised for one in lot.items]
    return None if None in values else sum(filter(None, values), Decimal(0))
