"""Cards as rows of a table: what a list shows of each, in a fixed number of statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, any_, cast, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, joinedload

from marketplace.db.assets import Asset, Photo
from marketplace.db.people import Unit, UnitKind, below, within
from marketplace.domain.errors import NotFound
from marketplace.domain.permissions import Actor, Permission
from marketplace.domain.text import N_


@dataclass(frozen=True, slots=True)
class CardRow:
    """A card with the picture that stands for it."""

    asset: Asset
    cover: str | None
    """Hash of the cover photo."""


def rows_of(session: Session, actor: Actor, asset_ids: Sequence[int]) -> list[CardRow]:
    """Those of the cards that the actor may read, as they are now, in the order of ``asset_ids``."""
    query = (
        select(Asset, Photo.digest)
        .outerjoin(Photo, (Photo.id == Asset.cover_photo_id) & Photo.removed_at.is_(None))
        .options(joinedload(Asset.unit), joinedload(Asset.category))
        .where(Asset.id == any_(cast(list(asset_ids), ARRAY(BigInteger))), _readable(actor))
    )
    found = {asset.id: CardRow(asset, cover) for asset, cover in session.execute(query)}
    return [found[asset_id] for asset_id in asset_ids if asset_id in found]


def has_several_units(session: Session, actor: Actor) -> bool:
    """Whether the actor reads the cards of more than one unit: then rows say whose they are."""
    scope = true() if actor.everything else below(actor.scopes(Permission.READ_ASSETS))
    return len(session.scalars(select(Unit.id).where(scope, Unit.kind != UnitKind.REGION).limit(2)).all()) > 1


def row_of(session: Session, actor: Actor, asset_id: int) -> CardRow:
    """The same for one card.

    Raises:
        NotFound: there is none, or the actor may not read it.
    """
    rows = rows_of(session, actor, [asset_id])
    if not rows:
        raise NotFound(N_("没有找到这项资产。它可能已出仓，或不在您的查看范围内。"))
    return rows[0]


def _readable(actor: Actor) -> ColumnElement[bool]:
    return true() if actor.everything else within(Asset.unit_id, actor.scopes(Permission.READ_ASSETS))
