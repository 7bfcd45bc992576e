"""Drawn photos: a bounded set of pictures per kind of thing, each kept once and shown by many assets."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset, Listing, Photo
from marketplace.demo.chance import Dice, dice, weighted
from marketplace.demo.drawings import kind_for
from marketplace.demo.painting import Subject, paint
from marketplace.demo.rows import write
from marketplace.media.images import Picture
from marketplace.media.store import PhotoStore, keep

PICTURES_PER_KIND = (2, 6)
"""At least and at most; kinds that many assets are of get more."""
_ASSETS_PER_PICTURE = 36
_PHOTOS = {1: 62.0, 2: 24.0, 3: 10.0, 4: 4.0}
"""How many photos assets have."""


def hang_pictures(
    session: Session, store: PhotoStore, seed: int, *, per_kind: tuple[int, int] = PICTURES_PER_KIND
) -> None:
    """Give every asset on offer one to four photos, the first of them its cover."""
    offered = _offered(session)
    kinds = [kind_for(asset["edition"], asset["code"], asset["name"]) for asset in offered]
    pictures = _kept(store, _wanted(Counter(kinds), seed, per_kind))
    chance = dice(seed, "photos")
    rows = [
        row
        for asset, kind in zip(offered, kinds, strict=True)
        for row in _photo_rows(chance, asset, pictures[kind])
    ]
    write(session, Photo, rows)
    session.execute(
        update(Asset)
        .where(Photo.asset_id == Asset.id, Photo.position == 0)
        .values(cover_photo_id=Photo.id)
        .execution_options(synchronize_session=False)
    )


def _offered(session: Session) -> list[dict[str, Any]]:
    query = (
        select(
            Asset.id.label("asset_id"),
            Asset.category_edition.label("edition"),
            Asset.category_code.label("code"),
            Asset.name,
            Listing.listed_at,
            Listing.listed_by,
        )
        .join(Listing, Listing.asset_id == Asset.id)
        .where(Listing.ended_at.is_(None))
        .order_by(Asset.id)
    )
    return [dict(row) for row in session.execute(query).mappings()]


def _wanted(kinds: Mapping[str, int], seed: int, per_kind: tuple[int, int]) -> list[Subject]:
    """Kind and seed of each picture to draw: more for what is on offer more often."""
    fewest, most = per_kind
    return [
        (kind, 100 * seed + at)
        for kind, count in sorted(kinds.items())
        for at in range(min(most, max(fewest, math.ceil(count / _ASSETS_PER_PICTURE))))
    ]


def _kept(store: PhotoStore, wanted: Sequence[Subject]) -> dict[str, list[Picture]]:
    """Have the pictures drawn, and keep them; by kind."""
    drawn: dict[str, list[Picture]] = defaultdict(list)
    for (kind, _), picture in zip(wanted, paint(wanted), strict=True):
        keep(store, picture)
        drawn[kind].append(picture)
    return drawn


def _photo_rows(chance: Dice, asset: Mapping[str, Any], pictures: Sequence[Picture]) -> list[dict[str, Any]]:
    chosen = chance.sample(pictures, min(weighted(chance, _PHOTOS), len(pictures)))
    return [
        {
            "asset_id": asset["asset_id"],
            "position": position,
            "digest": picture.digest,
            "fingerprint": picture.fingerprint,
            "width": picture.width,
            "height": picture.height,
            "uploaded_at": asset["listed_at"],
            "uploaded_by": asset["listed_by"],
        }
        for position, picture in enumerate(chosen)
    ]
