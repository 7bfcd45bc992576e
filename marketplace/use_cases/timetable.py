"""Where an asset on offer stands in its timetable, what comes next, and how the warehouse steers it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset
from marketplace.db.calendar import load_calendar
from marketplace.db.idle import Screening
from marketplace.domain.calendar import ONE_DAY
from marketplace.domain.errors import Conflict
from marketplace.domain.idle import read_reason
from marketplace.domain.permissions import Actor, Permission
from marketplace.domain.states import AssetAction, AssetState, step
from marketplace.domain.text import N_
from marketplace.domain.timetable import BASIS, Lengths, Stage, Stand, ahead, enter, go_on, stop
from marketplace.use_cases import audit, idle_policies, waiting_lists
from marketplace.use_cases.assets import load, touch
from marketplace.use_cases.timetable_walk import END_REASON, TAKEN


@dataclass(frozen=True, slots=True)
class Standing:
    """An asset's place in its timetable."""

    line: Sequence[Stand]
    """Where it stands, and what follows if nobody takes it."""
    held: bool = False
    """The clock stands still because somebody asks for it, or has it."""
    reason: str = ""
    """Why somebody stopped the clock or ended a stage early."""


def of_asset(session: Session, asset: Asset, today: dt.date, zone: str) -> Standing | None:
    """Where an asset stands; None where nothing of it is on offer for good, nor waits for disposal."""
    row = _screening(session, asset)
    calendar = load_calendar(session)
    if row is not None:
        lengths = _lengths(session, asset)
        return Standing(ahead(_stand(row), lengths, calendar, today), row.held, row.reason)
    if asset.listing is None or not asset.listing.for_transfer:
        return None
    lengths = _lengths(session, asset)
    first = lengths.first(own_department_first=asset.listing.audience_unit_id is not None)
    listed_on = asset.listing.listed_at.astimezone(ZoneInfo(zone)).date()
    since = min(max(listed_on, today - ONE_DAY), today)
    return Standing(ahead(enter(first, since, lengths, calendar), lengths, calendar, today))


def stop_clock(
    session: Session, actor: Actor, now: dt.datetime, today: dt.date, asset_id: int, reason: str
) -> Screening:
    """Stop the clock of an offer until it is let go on.

    Raises:
        Conflict: it has no timetable that runs.
        Invalid: there is no reason.
        NotAllowed: the actor steers no timetables there.
    """
    asset, row = _steered(session, actor, asset_id)
    why = read_reason(reason)
    if row.days_left is not None and not row.held:
        raise Conflict(N_("时间表已经暂停。请刷新页面查看。"), code="stopped")
    stopped = stop(_stand(row), today, load_calendar(session))
    row.stage_until, row.days_left, row.stopped_on = None, stopped.days_left, row.stopped_on or today
    row.held = False
    _keep(session, actor, now, asset, row, "asset.stage_stop", why, {"days_left": row.days_left})
    return row


def let_go_on(session: Session, actor: Actor, now: dt.datetime, today: dt.date, asset_id: int) -> Screening:
    """Let a stopped clock run again, with the working days that were left.

    Raises:
        Conflict: it isn't stopped, or stands still by itself.
        NotAllowed: the actor steers no timetables there.
    """
    asset, row = _steered(session, actor, asset_id)
    if row.days_left is None or row.held:
        raise Conflict(N_("时间表没有暂停。请刷新页面查看。"), code="not_stopped")
    moving = go_on(_stand(row), today, load_calendar(session))
    row.stage_until, row.days_left, row.stopped_on = moving.until, None, None
    _keep(session, actor, now, asset, row, "asset.stage_go_on", "", {"until": moving.until})
    return row


def skip(
    session: Session, actor: Actor, now: dt.datetime, today: dt.date, asset_id: int, reason: str
) -> Screening:
    """End a stage early, for a reason that everybody can read.

    Raises:
        Conflict: it has no timetable, or somebody asks for the asset.
        Invalid: there is no reason.
        NotAllowed: the actor steers no timetables there.
    """
    asset, row = _steered(session, actor, asset_id)
    why = read_reason(reason)
    if _is_taken(session, row):
        raise Conflict(N_("有申请单正在办理，或资产已借出，不能跳过。请先办结。"), code="promised")
    lengths = _lengths(session, asset)
    before, following = row.stage, lengths.after(row.stage)
    stand = enter(following, today - ONE_DAY, lengths, load_calendar(session))
    row.stage, row.stage_since, row.stage_until = following, stand.since, stand.until
    row.days_left, row.stopped_on, row.held = None, None, False
    if following is Stage.DISPOSAL:
        _take_off(session, actor, now, asset)
    elif asset.listing is not None:
        asset.listing.audience_unit_id = None
    action = "asset.dispose" if following is Stage.DISPOSAL else "asset.stage"
    after: dict[str, object] = {"stage": following, "until": stand.until}
    if following is Stage.DISPOSAL:
        after |= {"state": asset.state}
    _keep(session, actor, now, asset, row, action, why, after, {"stage": before})
    touch(session, asset, now)
    session.flush()
    session.expire(asset, ["listing"])
    return row


def _take_off(session: Session, actor: Actor, now: dt.datetime, asset: Asset) -> None:
    asset.state = step(asset.state, AssetAction.DISPOSE).target
    if asset.listing is not None:
        asset.listing.ended_at, asset.listing.ended_by = now, actor.user_id
        asset.listing.end_reason = END_REASON
    waiting_lists.close_line(session, now, asset.id)


def _steered(session: Session, actor: Actor, asset_id: int) -> tuple[Asset, Screening]:
    asset = load(session, actor, asset_id, Permission.STEER_TIMETABLE, for_update=True)
    row = _screening(session, asset)
    if row is None or row.stage is Stage.DISPOSAL:
        raise Conflict(
            N_("这项资产没有正在进行的时间表。刚上架的，次日起开始计算。"),
            code="wrong_state",
            state=asset.state,
        )
    return asset, row


def _screening(session: Session, asset: Asset) -> Screening | None:
    """Of the open listing; for what waits for disposal, of the one that ended with it."""
    mine = select(Screening).where(Screening.asset_id == asset.id).order_by(Screening.id.desc()).limit(1)
    if asset.listing is not None:
        mine = mine.where(Screening.listing_id == asset.listing.id)
    elif asset.state is AssetState.DISPOSAL:
        mine = mine.where(Screening.stage == Stage.DISPOSAL)
    else:
        return None
    return session.scalar(mine)


def _is_taken(session: Session, row: Screening) -> bool:
    query = text(f"""
        SELECT {TAKEN} FROM screenings s
        JOIN listings li ON li.id = s.listing_id JOIN assets a ON a.id = s.asset_id WHERE s.id = :id
    """)
    return bool(session.scalar(query, {"id": row.id}))


def _stand(row: Screening) -> Stand:
    return Stand(row.stage, row.stage_since, row.stage_until, row.days_left)


def _lengths(session: Session, asset: Asset) -> Lengths:
    return idle_policies.for_category(session, asset.category_edition, asset.category_code).lengths


def _keep(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    asset: Asset,
    row: Screening,
    action: str,
    reason: str,
    after: dict[str, object],
    before: dict[str, object] | None = None,
) -> None:
    row.reason, row.changed_at, row.changed_by = reason, now, actor.user_id
    session.flush()
    audit.record(
        session,
        actor,
        now,
        action,
        "asset",
        asset.id,
        unit_id=asset.unit_id,
        before=before,
        after=after,
        reason=reason,
        basis=BASIS,
    )
