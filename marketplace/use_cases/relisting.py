"""Offering again what found no buyer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy.orm import Session

from marketplace.db.auctions import Auction, Lot, LotItem
from marketplace.domain.auction_rules import Rules
from marketplace.domain.auctions import (
    AuctionState,
    LotState,
    propose_deposit,
    propose_increment,
    propose_relist_price,
)
from marketplace.domain.errors import Conflict
from marketplace.domain.permissions import Actor, Permission, require
from marketplace.domain.text import N_
from marketplace.use_cases import auction_drafts, auctions, disposals
from marketplace.use_cases.auction_rules import rules_of


def relist(
    session: Session, actor: Actor, now: dt.datetime, today: dt.date, zone: dt.tzinfo, auction_id: int
) -> Auction:
    """A new draft of the unsold lots, at the lowest price that needs no new approval.

    Raises:
        Conflict: the auction isn't over, nothing of it is left, or its project has ended or auctions it
            already.
    """
    old = auctions.load(session, actor, auction_id, for_update=True)
    require(actor, Permission.DISPOSE, old.project.unit.path)
    # Nobody ends the project, or begins another auction of it, until this one is there.
    auction_drafts.for_sale(session, disposals.load(session, actor, old.project_id, for_update=True))
    unsold = lots_again(old)
    if not unsold:
        raise Conflict(N_("没有可以再次上拍的流拍标的。"), state=old.state, code="wrong_state")
    rules = rules_of(session)
    new = auction_drafts.new_auction(session, actor, now, today, zone, old.project, rules)
    new.relists_id = old.id
    new.terms = old.terms | {"decision": new.terms["decision"] or old.terms.get("decision", "")}
    for number, lot in enumerate(unsold, 1):
        new.lots.append(_again(number, lot, rules))
        lot.state = LotState.RELISTED
    session.flush()
    auctions.note(
        session, actor, now, new, "auction.draft", after={"number": new.number, "relists": old.number}
    )
    return new


def lots_again(auction: Auction) -> Sequence[Lot]:
    """What found no buyer and may be offered again: nothing, once its project has ended."""
    if auction.state is not AuctionState.CLOSED or not auction_drafts.is_for_sale(auction.project):
        return []
    return [
        lot
        for lot in auction.lots
        if lot.state is LotState.UNSOLD and all(one.project_item.open for one in lot.items)
    ]


def _again(number: int, lot: Lot, rules: Rules) -> Lot:
    start = propose_relist_price(lot.start_price, rules)
    return Lot(
        number=number,
        name=lot.name,
        defects=lot.defects,
        start_price=start,
        reserve_price=start if lot.reserve_price is not None else None,
        deposit=propose_deposit(start, rules),
        increment=propose_increment(start, rules),
        last_price=lot.start_price,
        joint_bidding=lot.joint_bidding,
        burdens=lot.burdens,
        pre_emption=lot.pre_emption,
        items=[LotItem(project_item=one.project_item) for one in lot.items],
    )
