"""The demo's idle things: cards without a sign of use for long, an event that is over, and what was said.

The clock's own statements flag them, as if it had run a week ago; their holders then answer some of them.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from marketplace.db import actors
from marketplace.db.assets import Asset
from marketplace.db.idle import Event, IdleFlag
from marketplace.db.people import RoleGrant, Unit, User
from marketplace.demo.chance import dice
from marketplace.demo.desks import CHINA
from marketplace.demo.sales import MANAGER
from marketplace.domain.idle import UseSign
from marketplace.domain.permissions import Actor, Role
from marketplace.domain.states import AssetState
from marketplace.use_cases import idle, idle_flagging, timetable_walk
from marketplace.use_cases.idle import Show

ZONE = "Asia/Shanghai"
ONE_DAY = dt.timedelta(days=1)
EVENT_CARDS = 6
UNUSED_CARDS = 8
"""Of each unit that has an officer of its own."""
_REASONS = ("值班备用，节假日启用。", "正在送修，预计下月取回。", "已列入新设科室配置，待启用。")


def make_idle(session: Session, now: dt.datetime, seed: int) -> None:
    """Flag what stood idle, let holders answer, and begin the timetable of what is on offer."""
    flagged_at = now - 7 * ONE_DAY
    _stand_still(session, now, seed)
    _event(session, now)
    session.flush()
    day = flagged_at.astimezone(CHINA).date()
    round_ = idle_flagging.begin(session, flagged_at, day, ZONE)
    idle_flagging.flag_event_ended(session, round_)
    idle_flagging.flag_unused(session, round_)
    idle_flagging.tell_holders(session, flagged_at)
    session.flush()
    _answers(session, now)
    walk = timetable_walk.begin(session, now, now.astimezone(CHINA).date(), ZONE)
    timetable_walk.start_new(session, walk)
    timetable_walk.hold(session, walk)


def _stand_still(session: Session, now: dt.datetime, seed: int) -> None:
    """Some cards of units with an officer were last seen long ago."""
    chance = dice(seed, "idle")
    holders = select(RoleGrant.unit_id).where(RoleGrant.role == Role.UNIT_ASSET_OFFICER)
    query = select(Asset.id, Asset.unit_id).where(
        Asset.state == AssetState.IN_USE, Asset.unit_id.in_(holders), Asset.original_value < 200_000
    )
    by_unit: dict[int, list[int]] = defaultdict(list)
    for asset_id, unit_id in session.execute(query.order_by(Asset.id)):
        by_unit[unit_id].append(asset_id)
    for ids in by_unit.values():
        for asset_id in chance.sample(ids, min(UNUSED_CARDS, len(ids))):
            seen = (now - chance.randint(200, 520) * ONE_DAY).date()
            session.execute(
                update(Asset)
                .where(Asset.id == asset_id)
                .values(last_used_on=seen, last_used_by=UseSign.STOCKTAKE)
            )


def _event(session: Session, now: dt.datetime) -> None:
    """An anniversary that is over, and what was bought for it."""
    unit = session.scalars(select(Unit).where(Unit.code == "JZ10301")).one()
    event = Event(
        unit_id=unit.id,
        name="百年校庆筹备",
        basis="江教〔2026〕3号",
        ends_on=(now - 21 * ONE_DAY).date(),
        created_at=now - 100 * ONE_DAY,
    )
    session.add(event)
    session.flush()
    mine = select(Asset.id).where(Asset.unit_id == unit.id, Asset.state == AssetState.IN_USE)
    mine = mine.where(Asset.original_value < 50_000).order_by(Asset.id.desc()).limit(EVENT_CARDS)
    session.execute(update(Asset).where(Asset.id.in_(mine)).values(event_id=event.id))


def _answers(session: Session, now: dt.datetime) -> None:
    """Holders answer in turn: two not yet, one objects, one confirms, one offers it."""
    said_at, officers = now - 4 * ONE_DAY, _officers(session)
    flags = session.execute(select(IdleFlag.id, IdleFlag.unit_id).order_by(IdleFlag.id)).all()
    for place, (flag_id, unit_id) in enumerate(flags):
        officer = officers[unit_id]
        if place % 5 == 2:
            idle.object_to(session, officer, said_at, [flag_id], _REASONS[place % len(_REASONS)])
        elif place % 5 == 3:
            idle.confirm(session, officer, said_at, [flag_id])
        elif place % 5 == 4:
            idle.put_on_offer(session, officer, said_at, [flag_id])
    _reviews(session, now - ONE_DAY)


def _reviews(session: Session, now: dt.datetime) -> None:
    """The city's manager has decided on two objections; the others wait."""
    manager = _actor(session, session.scalars(select(User.id).where(User.username == MANAGER)).one())
    objections = idle.search(session, manager, Show.REVIEW, limit=2)
    today = now.astimezone(CHINA).date()
    for flag, accept in zip(objections, (True, False), strict=True):
        note = "" if accept else "没有使用记录，请上架或说明具体用途。"
        idle.review(session, manager, now, today, flag.id, accept=accept, note=note)


def _officers(session: Session) -> dict[int, Actor]:
    """Whoever keeps the cards of a unit with an officer of its own."""
    query = select(RoleGrant.unit_id, RoleGrant.user_id).where(RoleGrant.role == Role.UNIT_ASSET_OFFICER)
    return {
        unit: _actor(session, user) for unit, user in session.execute(query.order_by(RoleGrant.id.desc()))
    }


def _actor(session: Session, user_id: int) -> Actor:
    found = actors.by_user(session, user_id)
    assert found is not None
    return found.actor
