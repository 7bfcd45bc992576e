"""Photos of the condition in which a thing changes hands, and who may look at the photos of an order."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from marketplace.db.assets import Photo
from marketplace.db.order_queries import first_readable
from marketplace.db.orders import Handover, Order, OrderLine
from marketplace.domain.errors import Conflict, NotFound, invalid_field
from marketplace.domain.orders import OrderAction
from marketplace.domain.permissions import Actor, Permission
from marketplace.domain.text import N_
from marketplace.media.images import prepare
from marketplace.media.store import PhotoStore
from marketplace.use_cases import audit, orders, photo_files
from marketplace.use_cases.handovers import OUT

MOST_PHOTOS = 20
"""Photos of one hand-over, of both sides together."""


def add(
    session: Session,
    store: PhotoStore,
    actor: Actor,
    now: dt.datetime,
    today: dt.date,
    order_id: int,
    direction: str,
    data: bytes,
) -> str:
    """Keep a photo of the condition; gives its content hash. Whoever still has to sign may add some.

    Raises:
        Invalid: the file is no usable picture, or there are ``MOST_PHOTOS`` already.
        Conflict: the order isn't at this point.
        NotAllowed: the actor is no asset officer of a side that still has to sign.
    """
    _open_record(session, actor, today, order_id, direction)
    picture = prepare(data)  # takes a while, so the cards are locked only afterwards
    record = _open_record(session, actor, today, order_id, direction, lock=True)
    if picture.digest in record.photos:
        return picture.digest
    if len(record.photos) >= MOST_PHOTOS:
        raise invalid_field("file", N_("交接照片最多%(limit)d张。"), limit=MOST_PHOTOS)
    record.photos = [*record.photos, picture.digest]
    _note(session, actor, now, record, "order.photo_add", picture.digest)
    photo_files.keep(session, store, picture)
    return picture.digest


def remove(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    today: dt.date,
    order_id: int,
    direction: str,
    digest: str,
) -> None:
    """Take a photo away again, as long as nobody has signed for what it shows.

    Raises:
        Conflict: somebody has signed.
        NotFound: there is no such photo.
        NotAllowed: the actor is no asset officer of a side that still has to sign.
    """
    record = _open_record(session, actor, today, order_id, direction, lock=True)
    if digest not in record.photos:
        raise NotFound(N_("没有找到这张照片。它可能已被移除，请刷新页面。"))
    if record.giver_at is not None or record.receiver_at is not None:
        raise Conflict(N_("已有一方签字，照片作为凭据不能再移除。"), code="already_confirmed")
    record.photos = [other for other in record.photos if other != digest]
    _note(session, actor, now, record, "order.photo_remove", digest)


def may_see(session: Session, actor: Actor, today: dt.date, order_id: int, digest: str) -> bool:
    """Whether a photo belongs to an order that the actor may read: of a hand-over, or of what it is about."""
    shown = or_(
        exists().where(Handover.order_id == Order.id, Handover.photos.contains([digest])),
        exists().where(
            OrderLine.order_id == Order.id, Photo.asset_id == OrderLine.asset_id, Photo.digest == digest
        ),
    )
    query = select(Order.id).where(Order.id == order_id, shown)
    return first_readable(session, query, actor, today) is not None


def _open_record(
    session: Session, actor: Actor, today: dt.date, order_id: int, direction: str, *, lock: bool = False
) -> Handover:
    """The record of the hand-over or return, begun where there is none, for somebody who is to sign."""
    order = (orders.load_locked if lock else orders.load)(session, actor, order_id)
    action = OrderAction.HAND_OVER if direction == OUT else OrderAction.RETURN
    orders.check_allowed(session, actor, today, order, action)
    record = next((row for row in order.handovers if row.direction == direction), None)
    if record is None:
        record = Handover(order_id=order.id, direction=direction, photos=[], condition="", note="")
        if lock:
            order.handovers.append(record)
            session.flush()
    return record


def open_sides(actor: Actor, order: Order, record: Handover | None) -> list[str]:
    """The sides for which the actor may still sign."""
    if record is not None and actor.user_id in (record.giver_id, record.receiver_id):
        return []
    sides = (("giver", order.giver), ("receiver", order.receiver))
    return [
        name
        for name, unit in sides
        if actor.may(Permission.HAND_OVER, unit.path)
        and (record is None or getattr(record, f"{name}_at") is None)
    ]


def _note(
    session: Session, actor: Actor, now: dt.datetime, record: Handover, action: str, digest: str
) -> None:
    session.flush()
    audit.record(
        session,
        actor,
        now,
        action,
        "order",
        record.order_id,
        unit_id=actor.home_unit_id,
        after={"direction": record.direction, "digest": digest},
    )
