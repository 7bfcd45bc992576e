"""What becomes of a project of disposal: approval, the end of it, and what leaves the books."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset
from marketplace.db.auctions import Auction
from marketplace.db.disposals import Project
from marketplace.db.people import Unit
from marketplace.domain.auctions import OVER
from marketplace.domain.disposals import ProjectAction, Way, check_four_eyes
from marketplace.domain.errors import Conflict, NotAllowed, invalid_field
from marketplace.domain.permissions import Actor, Role
from marketplace.domain.states import AssetAction
from marketplace.domain.text import N_
from marketplace.use_cases import card_moves, disposal_news, disposals
from marketplace.use_cases.auction_rules import rules_of
from marketplace.use_cases.disposal_preparation import takes_things

LEAVING = {
    Way.DONATION: AssetAction.DONATE,
    Way.SCRAPPING: AssetAction.SCRAP,
    Way.GRATUITOUS_TRANSFER: AssetAction.CLOSE,
    Way.EXCHANGE: AssetAction.CLOSE,
    Way.WRITE_OFF: AssetAction.CLOSE,
}
"""How a card leaves the books when its project is completed; a sale goes by its auction."""


def submit(session: Session, actor: Actor, now: dt.datetime, today: dt.date, project_id: int) -> Project:
    """Send a project for approval; every condition has to be met.

    Raises:
        Invalid: a condition is missing; each is named with its article.
    """
    project = disposals.load(session, actor, project_id, for_update=True)
    disposals.check_conditions(session, project, today)
    return disposals.move(session, actor, now, project, ProjectAction.SUBMIT)


def approve(session: Session, actor: Actor, now: dt.datetime, today: dt.date, project_id: int) -> Project:
    """Approve what somebody else prepared; from the threshold on, the finance department does.

    Raises:
        NotAllowed: the actor prepared it, or it takes a finance approver.
        Invalid: a condition no longer holds.
    """
    project = disposals.load(session, actor, project_id, for_update=True)
    check_four_eyes(actor.user_id, project.prepared_by)
    disposals.check_conditions(session, project, today)
    value = sum((item.asset.original_value for item in project.items), Decimal(0))
    threshold = rules_of(session).approval_threshold
    if value >= threshold and not actor.holds(Role.FINANCE_APPROVER, project.unit.path):
        raise NotAllowed(
            N_("账面原值达到%(threshold)s元的处置，由财政审批人批准。"),
            code="finance",
            threshold=f"{threshold:,.2f}",
        )
    project.approved_by, project.approved_at = actor.user_id, now
    return disposals.move(session, actor, now, project, ProjectAction.APPROVE)


def send_back(session: Session, actor: Actor, now: dt.datetime, project_id: int, reason: str) -> Project:
    """Give a project back to whoever prepared it, with the reason."""
    project = disposals.load(session, actor, project_id, for_update=True)
    return disposals.move(
        session, actor, now, project, ProjectAction.SEND_BACK, reason=disposals.read_reason(reason)
    )


def cancel(session: Session, actor: Actor, now: dt.datetime, project_id: int, reason: str) -> Project:
    """End a project; its cards are in use again."""
    project = disposals.load(session, actor, project_id, for_update=True)
    said = disposals.read_reason(reason)
    live = select(Auction.id).where(Auction.project_id == project.id, Auction.state.not_in(OVER)).limit(1)
    if session.scalar(live) is not None:
        raise Conflict(N_("项目还有没结束的拍卖，请先终止拍卖。"), code="live_auction")
    disposals.move(session, actor, now, project, ProjectAction.CANCEL, reason=said)
    kept = [item for item in project.items if item.open]
    disposals.leave(session, actor, now, project, kept, AssetAction.KEEP)
    return project


def complete(session: Session, actor: Actor, now: dt.datetime, today: dt.date, project_id: int) -> Project:
    """Carry out an approved disposal that is no sale: the cards leave the books.

    What goes to a unit of this system by 无偿划转 gets a card there, as with a transfer.

    Raises:
        Conflict: it is a sale, or isn't approved; a card was classified since.
        Invalid: a condition no longer holds, or a recipient is missing.
    """
    project = disposals.load(session, actor, project_id, for_update=True)
    if project.way is Way.AUCTION:
        raise Conflict(N_("拍卖项目在成交或终止后自动办结。"), code="wrong_state")
    disposals.check_conditions(session, project, today)
    disposals.move(session, actor, now, project, ProjectAction.COMPLETE)
    if project.receiver_id is not None:
        _hand_over(session, actor, now, today, project)
    else:
        disposals.leave(session, actor, now, project, project.items, LEAVING[project.way])
    return project


def _hand_over(session: Session, actor: Actor, now: dt.datetime, today: dt.date, project: Project) -> None:
    """The receiver's cards are opened one by one: at most ``MOST_ITEMS``, each with its pictures."""
    receiver = session.get_one(Unit, project.receiver_id)
    if not takes_things(receiver):
        raise invalid_field("receiver", N_("请选择一个可以接收资产的单位。"))
    ids = [item.asset_id for item in project.items]
    lock = select(Asset).where(Asset.id.in_(ids)).order_by(Asset.id).with_for_update(of=Asset)
    for card in session.scalars(lock.execution_options(populate_existing=True)):
        card_moves.hand_to(session, actor, now, today, card, receiver, project)
    for item in project.items:
        item.open = False
    session.flush()
    disposal_news.received(session, actor, now, project, receiver)
