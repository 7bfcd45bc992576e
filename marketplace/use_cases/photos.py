"""Photos of assets: adding, arranging, removing, and who may look at them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, cast, func, select
from sqlalchemy.dialects.postgresql import BIT, distinct_on
from sqlalchemy.orm import Session

from marketplace.db.asset_queries import offered, visible
from marketplace.db.assets import Asset, Listing, Photo
from marketplace.db.audit import AuditEntry
from marketplace.db.people import Unit
from marketplace.domain.errors import Conflict, NotFound, invalid_field
from marketplace.domain.finding import Reach, reach_of
from marketplace.domain.permissions import Actor, Permission
from marketplace.domain.text import N_, clean
from marketplace.media.fingerprints import NEAR
from marketplace.media.images import Picture, prepare
from marketplace.media.store import PhotoStore
from marketplace.use_cases import audit, photo_files
from marketplace.use_cases.assets import FINAL, load, touch

MAX_PHOTOS = 30
"""Photos that one asset may have."""
MAX_CAPTION = 200
SIMILAR_LIMIT = 5
"""Look-alikes pointed out at once."""
_CANDIDATES = 500
"""Near pictures looked at, nearest first: bounds the work where many assets share one picture."""


@dataclass(frozen=True, slots=True)
class LookAlike:
    """An asset, visible to the actor, that carries nearly the same picture."""

    asset_id: int
    number: str
    name: str
    unit_name: str
    digest: str
    """Content hash of the other picture."""
    distance: int
    """Bits in which the fingerprints differ: 0 for a copy, at most ``NEAR``."""


@dataclass(frozen=True, slots=True)
class Added:
    """What came of an upload."""

    photo: Photo
    is_new: bool
    """False: the asset has this very picture already, and ``photo`` is that one."""
    look_alikes: tuple[LookAlike, ...]
    """A warning, not a refusal: a photo of another thing may have been picked by mistake."""


class Visibility(StrEnum):
    """Whether, and how widely, a picture may be seen."""

    HIDDEN = "hidden"
    """Not by this actor: answer as if there were none."""
    RESTRICTED = "restricted"
    """By this actor now; a copy may not be kept anywhere."""
    OPEN = "open"
    """By everyone who may search: a browser may keep it for ever."""


def add_photo(
    session: Session,
    store: PhotoStore,
    actor: Actor,
    now: dt.datetime,
    asset_id: int,
    data: bytes,
    file_name: str = "",
) -> Added:
    """Keep an uploaded picture with an asset; the first one becomes its cover.

    The files are written last. Should the transaction fail after that, they lie unused under their
    content hash, no address leads to them, and :func:`photo_files.sweep` removes them.

    Raises:
        Invalid: the file is no usable picture, or the asset has ``MAX_PHOTOS`` already.
        NotAllowed: the actor may not edit the asset.
    """
    _open_card(session, actor, asset_id)
    picture = prepare(data)  # takes a while, so the card is locked only afterwards
    asset = _open_card(session, actor, asset_id, for_update=True)
    alike = look_alikes(session, actor, picture.fingerprint, asset.id)
    known = next((photo for photo in asset.photos if photo.digest == picture.digest), None)
    if known is not None:
        return Added(known, False, alike)
    _check_room(asset)
    photo = _new_photo(session, actor, now, asset, picture)
    _note(session, actor, now, asset, "photo_add", after=_facts(photo) | {"file": clean(file_name)[:200]})
    photo_files.keep(session, store, picture)
    return Added(photo, True, alike)


def reorder(
    session: Session, actor: Actor, now: dt.datetime, asset_id: int, photo_ids: Sequence[int]
) -> Asset:
    """Put an asset's photos into the given order.

    Raises:
        Conflict: these are not the asset's present photos, each once.
    """
    asset = _open_card(session, actor, asset_id, for_update=True)
    before = [photo.id for photo in asset.photos]
    if sorted(before) != sorted(photo_ids):
        raise Conflict(N_("照片刚有增减，请刷新页面后重新排序。"), state=asset.state)
    if before != list(photo_ids):
        for photo in asset.photos:
            photo.position = photo_ids.index(photo.id)
        _note(
            session,
            actor,
            now,
            asset,
            "photo_order",
            before={"photos": before},
            after={"photos": list(photo_ids)},
        )
    return asset


def set_cover(session: Session, actor: Actor, now: dt.datetime, asset_id: int, photo_id: int) -> Asset:
    """Make a photo the one that stands for the asset in lists."""
    asset = _open_card(session, actor, asset_id, for_update=True)
    photo = _own_photo(asset, photo_id)
    before, asset.cover_photo_id = asset.cover_photo_id, photo.id
    if before != photo.id:
        _note(session, actor, now, asset, "photo_cover", before={"cover": before}, after={"cover": photo.id})
    return asset


def set_caption(
    session: Session, actor: Actor, now: dt.datetime, asset_id: int, photo_id: int, caption: str
) -> Photo:
    """Say what a photo shows.

    Raises:
        Invalid: the caption is longer than ``MAX_CAPTION`` characters.
    """
    asset = _open_card(session, actor, asset_id, for_update=True)
    photo = _own_photo(asset, photo_id)
    text = clean(caption)
    if len(text) > MAX_CAPTION:
        raise invalid_field("caption", N_("照片说明最多%(limit)d字"), limit=MAX_CAPTION)
    before, photo.caption = _facts(photo), text
    if before["caption"] != text:
        _note(session, actor, now, asset, "photo_caption", before=before, after=_facts(photo))
    return photo


def remove(session: Session, actor: Actor, now: dt.datetime, asset_id: int, photo_id: int) -> Photo:
    """Take a photo away; :func:`restore` brings it back. The next one becomes the cover."""
    asset = _open_card(session, actor, asset_id, for_update=True)
    photo = _own_photo(asset, photo_id)
    before = _facts(photo) | {"cover": asset.cover_photo_id}
    photo.removed_at = now
    if asset.cover_photo_id == photo.id:
        asset.cover_photo_id = next((other.id for other in asset.photos if other is not photo), None)
    _note(session, actor, now, asset, "photo_remove", before=before, after={"cover": asset.cover_photo_id})
    return photo


def restore(session: Session, actor: Actor, now: dt.datetime, asset_id: int, photo_id: int) -> Photo:
    """Undo :func:`remove`: the photo is back in its place, and the cover again if it was.

    Raises:
        Conflict: the same picture was uploaded again meanwhile.
        Invalid: there are ``MAX_PHOTOS`` others by now.
    """
    asset = _open_card(session, actor, asset_id, for_update=True)
    photo = session.get(Photo, photo_id)
    if photo is None or photo.asset_id != asset.id or photo.removed_at is None:
        raise _no_such_photo()
    if any(other.digest == photo.digest for other in asset.photos):
        raise Conflict(N_("这张照片已重新上传过，不需要再恢复。"), state=asset.state)
    _check_room(asset)
    photo.removed_at = None
    if asset.cover_photo_id is None or _was_cover(session, asset, photo):
        asset.cover_photo_id = photo.id
    after = _facts(photo) | {"cover": asset.cover_photo_id}
    _note(session, actor, now, asset, "photo_restore", after=after)
    return photo


def readable(session: Session, actor: Actor, digest: str) -> Visibility:
    """Whether the actor may see the picture with this content hash, on whichever asset it is."""
    reach = reach_of(actor)
    for_everyone = _offered_to_everyone(reach).label("for_everyone")
    found = session.scalar(
        select(for_everyone)
        .select_from(Photo)
        .join(Asset, Asset.id == Photo.asset_id)
        .where(Photo.digest == digest, Photo.removed_at.is_(None), visible(reach))
        .order_by(for_everyone.desc())
        .limit(1)
    )
    if found is None:
        return Visibility.HIDDEN
    return Visibility.OPEN if found else Visibility.RESTRICTED


def look_alikes(session: Session, actor: Actor, fingerprint: int, other_than: int) -> tuple[LookAlike, ...]:
    """Nearly the same picture on assets that the actor may see, nearest first, each asset once."""
    bits = func.bit_count(cast(Photo.fingerprint.op("#")(fingerprint), BIT(64)))
    # The few near pictures are found first, and only their assets are looked at.
    near = (
        select(Photo.asset_id, Photo.digest, bits.label("distance"))
        .where(bits <= NEAR, Photo.removed_at.is_(None), Photo.asset_id != other_than)
        .order_by(bits, Photo.id)
        .limit(_CANDIDATES)
        .cte()
    )
    nearest = (
        select(Asset.id, Asset.number, Asset.name, Unit.name, near.c.digest, near.c.distance)
        .select_from(near)
        .join(Asset, Asset.id == near.c.asset_id)
        .join(Unit, Unit.id == Asset.unit_id)
        .where(visible(reach_of(actor)))
        .ext(distinct_on(Asset.id))
        .order_by(Asset.id, near.c.distance, near.c.digest)
        .subquery()
    )
    rows = session.execute(select(nearest).order_by(nearest.c.distance, nearest.c.id).limit(SIMILAR_LIMIT))
    return tuple(LookAlike(*row) for row in rows)


def _offered_to_everyone(reach: Reach) -> ColumnElement[bool]:
    open_to_all = select(Listing.id).where(
        Listing.asset_id == Asset.id, Listing.ended_at.is_(None), Listing.audience_unit_id.is_(None)
    )
    return and_(offered(reach.circles), open_to_all.exists())


def _open_card(session: Session, actor: Actor, asset_id: int, *, for_update: bool = False) -> Asset:
    asset = load(session, actor, asset_id, Permission.EDIT_ASSETS, for_update=for_update)
    if asset.state in FINAL:
        raise Conflict(N_("卡片已销账，照片不能再改动。"), code="wrong_state", state=asset.state)
    return asset


def _own_photo(asset: Asset, photo_id: int) -> Photo:
    photo = next((photo for photo in asset.photos if photo.id == photo_id), None)
    if photo is None:
        raise _no_such_photo()
    return photo


def _was_cover(session: Session, asset: Asset, photo: Photo) -> bool:
    """Whether its removal took the cover away, and nobody chose another one since: history knows."""
    entry = session.scalar(
        select(AuditEntry)
        .where(
            AuditEntry.object_kind == "asset",
            AuditEntry.object_id == asset.id,
            AuditEntry.action == "asset.photo_remove",
            AuditEntry.before["photo"].as_integer() == photo.id,
        )
        .order_by(AuditEntry.id.desc())
        .limit(1)
    )
    if entry is None or entry.before is None or entry.after is None:
        return False
    taken: tuple[int, int] = (entry.before["cover"], entry.after["cover"])
    return taken == (photo.id, asset.cover_photo_id)


def _no_such_photo() -> NotFound:
    return NotFound(N_("没有找到这张照片。它可能已被移除，请刷新页面。"))


def _check_room(asset: Asset) -> None:
    if len(asset.photos) >= MAX_PHOTOS:
        raise invalid_field(
            "file", N_("每项资产最多%(limit)d张照片。请先移除不需要的照片再添加。"), limit=MAX_PHOTOS
        )


def _new_photo(session: Session, actor: Actor, now: dt.datetime, asset: Asset, picture: Picture) -> Photo:
    photo = Photo(
        asset_id=asset.id,
        position=max((other.position for other in asset.photos), default=-1) + 1,
        digest=picture.digest,
        fingerprint=picture.fingerprint,
        width=picture.width,
        height=picture.height,
        caption="",
        uploaded_at=now,
        uploaded_by=actor.user_id,
    )
    session.add(photo)
    session.flush()
    if asset.cover_photo_id is None:
        asset.cover_photo_id = photo.id
    return photo


def _facts(photo: Photo) -> dict[str, object]:
    return {"photo": photo.id, "digest": photo.digest, "caption": photo.caption}


def _note(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    asset: Asset,
    what: str,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> None:
    """What every change of photos entails: a new version, a new search document, an entry in the history."""
    touch(session, asset, now)
    session.flush()
    session.expire(asset, ["photos"])
    audit.record(
        session,
        actor,
        now,
        f"asset.{what}",
        "asset",
        asset.id,
        unit_id=asset.unit_id,
        before=before,
        after=after,
    )
