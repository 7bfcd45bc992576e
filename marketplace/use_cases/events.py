"""Events and temporary bodies, and the assets that belong to them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, func, insert, select, true, update
from sqlalchemy.orm import Session, joinedload

from marketplace.db.assets import Asset
from marketplace.db.audit import AuditEntry
from marketplace.db.idle import Event
from marketplace.db.people import within
from marketplace.domain.errors import Conflict, NotFound, invalid_field
from marketplace.domain.events import EventDetails
from marketplace.domain.permissions import Actor, Permission, require
from marketplace.domain.text import N_
from marketplace.use_cases import audit
from marketplace.use_cases.assets import FINAL, find_unit

PAGE = 50


def search(
    session: Session, actor: Actor, *, after: tuple[dt.date, int] | None = None, limit: int = PAGE
) -> list[tuple[Event, int]]:
    """Events of units whose cards the actor may read, the latest end first, each with its number of cards.

    ``after`` is the last day and the id of the last one of the page before.
    """
    query = select(Event).where(_in_scope(actor)).options(joinedload(Event.unit))
    if after is not None:
        last, event_id = after
        query = query.where((Event.ends_on < last) | (Event.ends_on == last) & (Event.id < event_id))
    found = session.scalars(query.order_by(Event.ends_on.desc(), Event.id.desc()).limit(limit)).all()
    held = (
        select(Asset.event_id, func.count())
        .where(Asset.event_id.in_([event.id for event in found]))
        .group_by(Asset.event_id)
    )
    counts = dict(session.execute(held).all())
    return [(event, counts.get(event.id, 0)) for event in found]


def find(session: Session, actor: Actor, event_id: int, *, for_update: bool = False) -> Event:
    """One event.

    Raises:
        NotFound: there is none, or the actor may not read its unit's cards.
    """
    query = select(Event).where(Event.id == event_id, _in_scope(actor)).options(joinedload(Event.unit))
    if for_update:
        query = query.with_for_update(of=Event).execution_options(populate_existing=True)
    event = session.scalar(query)
    if event is None:
        raise NotFound(N_("没有找到这个活动。"))
    return event


def cards(session: Session, event: Event, *, after: int = 0, limit: int = PAGE) -> Sequence[Asset]:
    """The cards that belong to an event, by id."""
    query = select(Asset).where(Asset.event_id == event.id, Asset.id > after).options(joinedload(Asset.unit))
    return session.scalars(query.order_by(Asset.id).limit(limit)).all()


def create(session: Session, actor: Actor, now: dt.datetime, unit_code: str, details: EventDetails) -> Event:
    """Enter an event of a unit.

    Raises:
        Invalid: there is no such unit.
        NotAllowed: the actor doesn't keep its cards.
    """
    unit = find_unit(session, unit_code)
    require(actor, Permission.EDIT_ASSETS, unit.path)
    event = Event(unit_id=unit.id, created_at=now, created_by=actor.user_id, **_values(details))
    session.add(event)
    session.flush()
    audit.record(
        session, actor, now, "event.create", "event", event.id, unit_id=unit.id, after=_values(details)
    )
    return event


def edit(
    session: Session, actor: Actor, now: dt.datetime, event_id: int, version: int, details: EventDetails
) -> Event:
    """Change an event; a later end doesn't take back what was flagged already.

    Raises:
        Conflict: somebody else changed it meanwhile.
        NotAllowed: the actor doesn't keep its unit's cards.
    """
    event = find(session, actor, event_id, for_update=True)
    require(actor, Permission.EDIT_ASSETS, event.unit.path)
    if event.version != version:
        raise Conflict(
            N_("这个活动刚被他人修改过。您填写的内容还在，请核对后再保存。"), code="version_conflict"
        )
    before = {name: getattr(event, name) for name in _values(details)}
    for name, value in _values(details).items():
        setattr(event, name, value)
    session.flush()
    old, new = audit.differences(before, _values(details))
    if new:
        audit.record(
            session,
            actor,
            now,
            "event.edit",
            "event",
            event.id,
            unit_id=event.unit_id,
            before=old,
            after=new,
        )
    return event


def put_in(
    session: Session, actor: Actor, now: dt.datetime, event_id: int, numbers: Collection[str]
) -> list[str]:
    """Say which cards of the event's unit, and of those below it, belong to it; the numbers of them all.

    Raises:
        Invalid: one of the numbers names no such card; then none is taken.
        NotAllowed: the actor doesn't keep the unit's cards.
    """
    event = find(session, actor, event_id, for_update=True)
    require(actor, Permission.EDIT_ASSETS, event.unit.path)
    fitting = (
        Asset.number.in_(numbers),
        within(Asset.unit_id, [event.unit_id]),
        Asset.state.not_in(FINAL),
    )
    known = set(session.scalars(select(Asset.number).where(*fitting)))
    if unknown := [number for number in numbers if number not in known]:
        raise invalid_field(
            "numbers",
            N_("没有找到编号为“%(number)s”等%(count)d项资产，请核对编号是否属于本单位。"),
            number=unknown[0],
            count=len(unknown),
        )
    _move(session, actor, now, event.id, event.name, fitting, Asset.event_id.is_distinct_from(event.id))
    return sorted(known)


def take_out(
    session: Session, actor: Actor, now: dt.datetime, event_id: int, asset_ids: Collection[int]
) -> int:
    """Say that cards don't belong to an event after all; how many did.

    Raises:
        NotAllowed: the actor doesn't keep the unit's cards.
    """
    event = find(session, actor, event_id, for_update=True)
    require(actor, Permission.EDIT_ASSETS, event.unit.path)
    return _move(session, actor, now, None, "", (Asset.id.in_(asset_ids),), Asset.event_id == event.id)


def _move(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    event_id: int | None,
    name: str,
    fitting: tuple[ColumnElement[bool], ...],
    changing: ColumnElement[bool],
) -> int:
    """Put cards into an event, or out of any, and record it for each: two statements."""
    moved = (
        update(Asset)
        .where(*fitting, changing)
        .values(event_id=event_id)
        .returning(Asset.id, Asset.unit_id)
        .execution_options(synchronize_session=False)
    )
    rows = session.execute(moved).all()
    if rows:
        entry = {
            "at": now,
            "actor_id": actor.user_id,
            "actor_name": actor.name,
            "action": "asset.event",
            "object_kind": "asset",
            "after": {"event": name},
            "request_id": actor.request_id,
        }
        session.execute(
            insert(AuditEntry), [entry | {"object_id": asset_id, "unit_id": unit} for asset_id, unit in rows]
        )
    return len(rows)


def _values(details: EventDetails) -> dict[str, object]:
    return {"name": details.name, "ends_on": details.ends_on, "basis": details.basis}


def _in_scope(actor: Actor) -> ColumnElement[bool]:
    return true() if actor.everything else within(Event.unit_id, actor.scopes(Permission.READ_ASSETS))
