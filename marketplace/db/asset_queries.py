"""Queries over cards that several use cases share."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.interfaces import ORMOption

from marketplace.db.assets import Asset, Listing
from marketplace.db.people import within
from marketplace.domain.assets import CLASSIFIED
from marketplace.domain.finding import Reach
from marketplace.domain.states import AssetState

ON_OFFER = (AssetState.LISTED, AssetState.ON_LOAN)
"""States in which an open listing can be asked for."""


def visible(reach: Reach) -> ColumnElement[bool]:
    """Cards that a viewer may know of: in scope, or offered to one of the viewer's circles."""
    if reach.everything:
        return true()
    return or_(within(Asset.unit_id, reach.scopes), offered(reach.circles))


def offered(circles: frozenset[int]) -> ColumnElement[bool]:
    """Cards with an open listing for everyone or for one of these units; never a classified one.

    What is lent out just now can be asked for: for later, or by joining the waiting list.
    """
    if not circles:
        return false()
    return and_(
        Asset.state.in_(ON_OFFER),
        Asset.secrecy.not_in(CLASSIFIED),
        select(Listing.id)
        .where(
            Listing.asset_id == Asset.id,
            Listing.ended_at.is_(None),
            or_(Listing.audience_unit_id.is_(None), Listing.audience_unit_id.in_(circles)),
        )
        .exists(),
    )


WHOLE_CARD: tuple[ORMOption, ...] = (
    selectinload(Asset.unit),
    selectinload(Asset.category),
    selectinload(Asset.vehicle),
    selectinload(Asset.estate),
    selectinload(Asset.listing),
    selectinload(Asset.photos),
)
"""Everything an asset's page shows, in a fixed number of queries."""
