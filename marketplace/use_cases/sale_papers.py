"""What the 成交确认书 of a sold lot says."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset
from marketplace.db.auctions import Auction, Lot
from marketplace.db.people import Unit
from marketplace.documents.contents import Content, Party
from marketplace.documents.sales import Sale, Thing, sale_confirmation
from marketplace.domain.auctions import LotState
from marketplace.domain.errors import Conflict, NotFound
from marketplace.domain.permissions import Actor
from marketplace.domain.text import N_
from marketplace.use_cases import auctions

PUBLIC_AUCTION = "公开拍卖"
"""成交方式 where the platform names none."""


def sold_lot(session: Session, actor: Actor, lot_id: int) -> Lot:
    """A sold lot with all its cards, for those who may know of its auction and so of its buyer.

    Raises:
        NotFound: there is none that the actor may know of.
        Conflict: it isn't sold.
    """
    auction_id = session.scalar(select(Lot.auction_id).where(Lot.id == lot_id))
    if auction_id is None:
        raise NotFound(N_("没有找到这个标的。它可能不在您的查看范围内。"))
    auction = auctions.load(session, actor, auction_id)
    lot = next(one for one in auction.lots if one.id == lot_id)
    if lot.state is not LotState.SOLD:
        raise Conflict(N_("标的成交后才有成交确认书。"), state=lot.state, code="not_sold")
    return lot


def content_of(lot: Lot) -> Content:
    """The paper's content; the same sale gives the same content."""
    auction, result = lot.auction, lot.result
    assert result is not None
    assert result.price is not None
    terms = {name: str(text) for name, text in auction.terms.items()}
    return sale_confirmation(
        Sale(
            number=f"{auction.number}-{lot.number}",
            auction=auction.number,
            title=terms.get("title", ""),
            lot=lot.number,
            name=lot.name,
            concluded_on=result.concluded_on,
            price=result.price,
            way=result.sale_way or PUBLIC_AUCTION,
            seller=_seller(auction, terms.get("consignor", "")),
            buyer=result.winner,
            platform=terms.get("platform", ""),
            decision=terms.get("decision", ""),
            payment=terms.get("payment", ""),
            collection=terms.get("collection", ""),
            taxes=terms.get("taxes", ""),
            commission=terms.get("commission", ""),
            defects=lot.defects,
            things=[_thing(item.project_item.asset) for item in lot.items],
        )
    )


def _seller(auction: Auction, named: str) -> Party:
    """The consignor as the notice names it; its code where it is the unit of the project."""
    unit: Unit = auction.project.unit
    return Party(named or unit.name, (unit.credit_code or "") if named in ("", unit.name) else "")


def _thing(card: Asset) -> Thing:
    specification = " ".join(filter(None, [card.brand, card.model]))
    return Thing(card.number, card.name, specification, card.quantity, card.unit_of_measure)
