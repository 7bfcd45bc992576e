"""The ledger of pieces: what moved from card to card, so that nothing is ever lost or made unseen.

For each card in it the entries add up to its quantity, or to nought once it is closed; for each order
and each disposal they add up to nought. :func:`differences` proves it with three statements, however
many cards there are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset
from marketplace.db.disposals import Project
from marketplace.db.orders import Order
from marketplace.db.quantity_moves import QuantityMove
from marketplace.domain.states import AssetState


def open_for(session: Session, now: dt.datetime, asset: Asset) -> None:
    """Note what a card has, when it takes part in a move for the first time."""
    if not _has(session, asset.id):
        session.add(QuantityMove(asset_id=asset.id, pieces=asset.quantity, at=now))


def note_move(
    session: Session, now: dt.datetime, source: Asset, target: Asset, pieces: int, cause: Order | Project
) -> None:
    """So many pieces went from one card to another, because of an order or a disposal."""
    of = {"order_id": cause.id} if isinstance(cause, Order) else {"project_id": cause.id}
    session.add_all(
        QuantityMove(asset_id=card.id, pieces=number, at=now, **of)
        for card, number in ((source, -pieces), (target, pieces))
    )


def note_correction(session: Session, now: dt.datetime, asset_id: int, pieces: int) -> None:
    """A quantity was corrected by hand: the ledger follows, if the card is in it."""
    if _has(session, asset_id):
        session.add(QuantityMove(asset_id=asset_id, pieces=pieces, at=now))


def _has(session: Session, asset_id: int) -> bool:
    query = select(QuantityMove.id).where(QuantityMove.asset_id == asset_id).limit(1)
    return session.scalar(query) is not None


def differences(session: Session, *, limit: int = 100) -> Sequence[str]:
    """Cards, orders and disposals whose pieces don't add up, in words for the operator; empty when all do."""
    standing = case((Asset.state == AssetState.CLOSED, 0), else_=Asset.quantity)
    total = func.sum(QuantityMove.pieces)
    cards = (
        select(Asset.id, Asset.number, standing, total)
        .join(QuantityMove, QuantityMove.asset_id == Asset.id)
        .group_by(Asset.id)
        .having(total != standing)
        .limit(limit)
    )
    found = [f"asset {row[0]} ({row[1]}): has {row[2]}, ledger {row[3]}" for row in session.execute(cards)]
    for what, column in (("order", QuantityMove.order_id), ("disposal", QuantityMove.project_id)):
        moves = select(column, total).where(column.is_not(None)).group_by(column).having(total != 0)
        found += [f"{what} {row[0]}: {row[1]} pieces too many" for row in session.execute(moves.limit(limit))]
    return found
