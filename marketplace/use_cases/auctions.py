"""Auctions on their way: approval, publication, changes, results, and offering again what found no buyer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from marketplace.db.assets import Photo
from marketplace.db.auctions import Auction, Lot, LotItem, LotResult, Notice
from marketplace.db.disposals import Project, ProjectItem
from marketplace.domain.auctions import UNSOLD_BASIS, AuctionAction, AuctionState, LotState, auction_step
from marketplace.domain.disposals import ProjectAction, check_four_eyes
from marketplace.domain.errors import Conflict, FieldError, Invalid, NotFound
from marketplace.domain.papers import digest_of
from marketplace.domain.permissions import Actor, require
from marketplace.domain.states import AssetAction
from marketplace.domain.text import N_, clean
from marketplace.use_cases import audit, disposal_news, disposals
from marketplace.use_cases.asset_steps import step_all

BASIS = "拍卖法"


def load(session: Session, actor: Actor, auction_id: int, *, for_update: bool = False) -> Auction:
    """An auction with its lots and everything in them, for those who prepare it.

    Raises:
        NotFound: there is none that the actor may know of.
    """
    query = (
        select(Auction)
        .join(Auction.project)
        .where(Auction.id == auction_id, disposals.readable(actor))
        .options(
            joinedload(Auction.project).options(joinedload(Project.unit), selectinload(Project.conditions)),
            selectinload(Auction.lots).options(
                selectinload(Lot.items).joinedload(LotItem.project_item).joinedload(ProjectItem.asset),
                joinedload(Lot.result),
                joinedload(Lot.proceeds),
            ),
            selectinload(Auction.files),
            selectinload(Auction.notices).load_only(
                Notice.id, Notice.number, Notice.version, Notice.kind, Notice.published_at, Notice.digest
            ),
        )
    )
    if for_update:
        query = query.with_for_update(of=Auction).execution_options(populate_existing=True)
    auction = session.scalar(query)
    if auction is None:
        raise NotFound(N_("没有找到这场拍卖。它可能不在您的查看范围内。"))
    return auction


def of_project(session: Session, project_id: int) -> Sequence[Auction]:
    """The auctions of a project, newest first."""
    query = select(Auction).where(Auction.project_id == project_id).order_by(Auction.id.desc())
    return session.scalars(query).all()


def submit(session: Session, actor: Actor, now: dt.datetime, auction_id: int) -> Auction:
    """Send a draft for approval."""
    auction = load(session, actor, auction_id, for_update=True)
    auction.submitted_by = actor.user_id
    return move(session, actor, now, auction, AuctionAction.SUBMIT)


def approve(session: Session, actor: Actor, now: dt.datetime, auction_id: int) -> Auction:
    """Approve what others prepared.

    Raises:
        NotAllowed: the actor edited it last, or sent it.
    """
    auction = load(session, actor, auction_id, for_update=True)
    check_four_eyes(actor.user_id, auction.prepared_by)
    check_four_eyes(actor.user_id, auction.submitted_by)
    auction.approved_by = actor.user_id
    auction.approved_cards = _digests(session, auction)
    return move(session, actor, now, auction, AuctionAction.APPROVE)


def refuse_changed_cards(session: Session, auction: Auction) -> None:
    """What is published is what was approved.

    Raises:
        Conflict: a card says or shows something else than it did when the auction was approved.
    """
    if not auction.approved_cards:  # approved by a release that kept no digests
        return
    current = _digests(session, auction)
    for item in items_of(auction.lots):
        if auction.approved_cards.get(str(item.asset_id)) != current[str(item.asset_id)]:
            raise Conflict(
                N_("“%(name)s”（%(number)s）的卡片在审核之后改过，请退回修改，核对后重新送审。"),
                state=auction.state,
                code="card_changed",
                name=item.asset.name,
                number=item.asset.number,
            )


def _digests(session: Session, auction: Auction) -> dict[str, str]:
    """What each card says and which pictures it shows, by its id."""
    cards = [item.asset for item in items_of(auction.lots)]
    pictures: dict[int, list[str]] = {card.id: [] for card in cards}
    query = select(Photo.asset_id, Photo.digest).where(
        Photo.asset_id.in_(pictures), Photo.removed_at.is_(None)
    )
    for asset_id, digest in session.execute(query):
        pictures[asset_id].append(digest)
    return {
        str(card.id): digest_of(
            {name: str(getattr(card, name)) for name in SHOWN_OF_CARDS}
            | {"photos": sorted(pictures[card.id])}
        )
        for card in cards
    }


SHOWN_OF_CARDS = (
    *("unit_id", "number", "name", "brand", "model", "quantity", "unit_of_measure", "category_edition"),
    *("category_code", "condition", "location", "acquired_on", "secrecy"),
)
"""What a notice says of a card, and what decides whether it may be shown at all."""


def send_back(session: Session, actor: Actor, now: dt.datetime, auction_id: int, reason: str) -> Auction:
    """Give it back to those who prepare it, with the reason."""
    auction = load(session, actor, auction_id, for_update=True)
    return move(session, actor, now, auction, AuctionAction.SEND_BACK, reason=disposals.read_reason(reason))


def revise(session: Session, actor: Actor, now: dt.datetime, auction_id: int) -> Auction:
    """Begin a change of what is published: it stays as it is until the change is approved and published.

    Raises:
        Conflict: bidding has begun; suspend it first.
    """
    auction = load(session, actor, auction_id, for_update=True)
    if has_begun(auction, now):
        raise Conflict(N_("竞价已经开始，请先中止，再变更。"), state=auction.state, code="bidding")
    return move(session, actor, now, auction, AuctionAction.REVISE)


def has_begun(auction: Auction, now: dt.datetime) -> bool:
    """Whether bids may be coming in: what is published and not suspended has begun."""
    published = auction.state is AuctionState.PUBLISHED
    return published and auction.starts_at is not None and now >= auction.starts_at


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an auction of a lot came to; without a price it found no buyer."""

    concluded_on: dt.date
    price: Decimal | None = None
    winner: str = ""
    sale_way: str = ""
    """成交方式, as the platform names it; empty for a public auction."""


def conclude(
    session: Session, actor: Actor, now: dt.datetime, auction_id: int, outcomes: Mapping[int, Outcome]
) -> Auction:
    """Enter the results, by number of the lot: what is sold leaves the books, the rest waits.

    Raises:
        Conflict: bidding is not over.
        Invalid: a lot has no result, or went below its reserve (拍卖法, art. 50).
    """
    auction = load(session, actor, auction_id, for_update=True)
    if auction.ends_at is None or now < auction.ends_at:
        raise Conflict(N_("竞价还没有结束，不能登记结果。"), state=auction.state, code="bidding")
    _check_outcomes(auction, outcomes)
    move(session, actor, now, auction, AuctionAction.CLOSE)
    for lot in auction.lots:
        enter(actor, now, lot, outcomes[lot.number])
        lot.state = LotState.UNSOLD if outcomes[lot.number].price is None else LotState.SOLD
    sold = [lot for lot in auction.lots if lot.state is LotState.SOLD]
    unsold = [lot for lot in auction.lots if lot.state is LotState.UNSOLD]
    disposals.leave(session, actor, now, auction.project, items_of(sold), AssetAction.SELL)
    back_from_auction(session, actor, now, auction, unsold)
    complete_project(session, actor, now, auction.project_id)
    return auction


def _check_outcomes(auction: Auction, outcomes: Mapping[int, Outcome]) -> None:
    wrong = [error for lot in auction.lots for error in mistakes(lot, outcomes.get(lot.number))]
    if wrong:
        raise Invalid(
            N_("有 %(count)d 处需要修改"), fields=tuple(wrong), basis=UNSOLD_BASIS, count=len(wrong)
        )


def mistakes(lot: Lot, outcome: Outcome | None) -> list[FieldError]:
    """Why this can't be the result of the lot; empty when it can."""
    where = f"lot-{lot.number}"
    if outcome is None:
        return [FieldError(where, N_("标的%(lot)d还没有结果。"), {"lot": lot.number})]
    if outcome.price is None:
        return []
    if not clean(outcome.winner):
        return [FieldError(where, N_("标的%(lot)d没有填写买受人。"), {"lot": lot.number})]
    if outcome.price < max(lot.start_price, lot.reserve_price or Decimal(0)):
        return [
            FieldError(where, N_("标的%(lot)d的成交价低于起拍价或保留价，应为流拍。"), {"lot": lot.number})
        ]
    return []


def enter(actor: Actor, now: dt.datetime, lot: Lot, outcome: Outcome) -> None:
    """Write down what a lot came to; as long as it is open, that can be corrected."""
    sold = outcome.price is not None
    row = lot.result = lot.result or LotResult()
    row.price, row.winner = outcome.price, clean(outcome.winner)[:200] if sold else ""
    row.sale_way = clean(outcome.sale_way)[:60] if sold else ""
    row.concluded_on, row.by, row.at = outcome.concluded_on, actor.user_id, now


def items_of(lots: Sequence[Lot]) -> list[ProjectItem]:
    """The items of several lots."""
    return [one.project_item for lot in lots for one in lot.items]


def back_from_auction(
    session: Session, actor: Actor, now: dt.datetime, auction: Auction, lots: Sequence[Lot]
) -> None:
    """What found no buyer, or is no longer auctioned, waits for disposal again."""
    ids = [item.asset_id for item in items_of(lots)]
    step_all(session, actor, now, ids, AssetAction.LEAVE_AUCTION, cause=auction.number, basis=UNSOLD_BASIS)


def complete_project(session: Session, actor: Actor, now: dt.datetime, project_id: int) -> None:
    """A project is done once none of its cards is left to dispose of."""
    project = session.get_one(Project, project_id)
    left = select(ProjectItem.id).where(ProjectItem.project_id == project_id, ProjectItem.open).limit(1)
    if session.scalar(left) is None:
        disposals.move(session, actor, now, project, ProjectAction.COMPLETE)


def move(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    auction: Auction,
    action: AuctionAction,
    *,
    reason: str = "",
) -> Auction:
    """The one door through which an auction changes its state."""
    row = auction_step(auction.state, action)
    if row.permission is not None:
        require(actor, row.permission, auction.project.unit.path)
    before, auction.state, auction.reason = auction.state, row.target, reason
    note(
        session,
        actor,
        now,
        auction,
        f"auction.{action}",
        before={"state": before},
        after={"state": row.target},
        reason=reason,
    )
    session.flush()
    disposal_news.auction_moved(session, actor, now, auction, action)
    return auction


def note(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    auction: Auction,
    action: str,
    *,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    reason: str = "",
) -> None:
    """An entry in the record of an auction."""
    audit.record(
        session,
        actor,
        now,
        action,
        "auction",
        auction.id,
        unit_id=auction.project.unit_id,
        before=before,
        after=after,
        reason=reason,
        basis=BASIS,
    )
