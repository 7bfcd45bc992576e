"""What an asset has been through, as far as the reader may know."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset
from marketplace.db.audit import AuditEntry
from marketplace.domain.assets import CLASSIFIED
from marketplace.domain.life import Change, Step, line_of_life
from marketplace.domain.permissions import Actor
from marketplace.domain.states import AssetState
from marketplace.use_cases.assets import may_read_card


def life_of(session: Session, actor: Actor, asset: Asset) -> list[Step]:
    """The steps of an asset's life; whoever only finds its listing sees since when it is on offer."""
    if may_read_card(actor, asset):
        changes = _recorded(session, asset.id)
    else:
        changes = [Change(asset.listing.listed_at, asset.state)] if asset.listing else []
    return line_of_life(
        asset.state, asset.acquired_on, changes, may_be_listed=asset.secrecy not in CLASSIFIED
    )


def _recorded(session: Session, asset_id: int) -> list[Change]:
    """Every change of state that the record tells of."""
    state = AuditEntry.after["state"].as_string()
    query = (
        select(AuditEntry.at, state)
        .where(AuditEntry.object_kind == "asset", AuditEntry.object_id == asset_id, state.is_not(None))
        .order_by(AuditEntry.id)
    )
    return [Change(at, AssetState(word)) for at, word in session.execute(query)]
