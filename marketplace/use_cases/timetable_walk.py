"""Walking what is on offer for good along its timetable, a day at a time, for all offers at once.

An offer that no walk has seen begins with the day on which it was listed, or with yesterday where walks
have been missed. What somebody asks for, or has on loan, stands still and goes on by itself afterwards.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset
from marketplace.db.bulk import Done, batch, bound
from marketplace.db.calendar import load_calendar
from marketplace.db.idle import Screening, ruled
from marketplace.db.people import Unit
from marketplace.domain.calendar import ONE_DAY, Calendar
from marketplace.domain.idle import IdlePolicy
from marketplace.domain.permissions import PLATFORM, Role
from marketplace.domain.states import AssetAction, AssetState, step
from marketplace.domain.timetable import BASIS, Stage, Stand, enter, go_on, stop
from marketplace.use_cases import idle_policies, messages
from marketplace.use_cases.idle_flagging import TOLD_WITHIN
from marketplace.use_cases.messages import Word

BATCH = 20_000
"""Offers moved in one transaction."""
WALK_LOCK = 7_351_402
"""Advisory lock: of processes that walk at the same time, one after the other does."""


NOTHING: Done = (0, None)


@dataclass(frozen=True, slots=True)
class Walk:
    """What one walk goes by."""

    now: dt.datetime
    today: dt.date
    calendar: Calendar
    values: dict[str, Any]


def begin(session: Session, now: dt.datetime, today: dt.date, zone: str) -> Walk:
    """Gather what a walk goes by: every category's stages, with the days on which they would end."""
    calendar = load_calendar(session)
    row = step(AssetState.LISTED, AssetAction.DISPOSE)
    policies = [_row(policy, today, calendar) for policy in idle_policies.current(session)]
    values = {
        "now": now,
        "today": today,
        "yesterday": today - ONE_DAY,
        "zone": zone,
        "policies": json.dumps(policies),
        "source": row.source.value,
        "target": row.target.value,
        "actor": PLATFORM.name,
        "basis": BASIS,
        "limit": BATCH,
    }
    return Walk(now, today, calendar, values)


def _row(policy: IdlePolicy, today: dt.date, calendar: Calendar) -> dict[str, Any]:
    """A policy as the statements read it: where offers begin, what follows each stage, and until when."""
    lengths, yesterday = policy.lengths, today - ONE_DAY
    row: dict[str, Any] = {"category": policy.category}
    for name, inner in (("inner", True), ("open", False)):
        stage = lengths.first(own_department_first=inner)
        row[f"{name}_stage"] = stage
        for word, since in (("yesterday", yesterday), ("today", today)):
            row[f"{name}_{word}"] = _day(enter(stage, since, lengths, calendar))
    for stage in (Stage.OWN_DEPARTMENT, Stage.EVERYONE, Stage.DONATION):
        following = lengths.after(stage)
        row[f"{stage.value}_next"] = following
        row[f"{stage.value}_until"] = _day(enter(following, yesterday, lengths, calendar))
    return row


def _day(stand: Stand) -> str | None:
    return stand.until.isoformat() if stand.until else None


def count(session: Session, walk: Walk) -> dict[str, int]:
    """How many offers each step of the walk would move."""
    names = {"begun": _NEW, "held": _HOLD, "released": _RELEASE, "disposed": _DISPOSE, "advanced": _ADVANCE}
    values = walk.values | {"after": 0, "limit": None}
    return {
        name: int(session.execute(bound(f"{sql}) SELECT count(*) FROM due", values)).scalar_one())
        for name, sql in names.items()
    }


def start_new(session: Session, walk: Walk, after: int = 0) -> Done:
    """Begin the timetable of offers that have none yet."""
    return _move(session, _NEW, _BEGIN, walk, after)


def hold(session: Session, walk: Walk, after: int = 0) -> Done:
    """Stop the clock of what somebody asks for or has on loan, and of what is only lent."""
    ends = session.scalars(select(Screening.stage_until).where(Screening.stage_until.is_not(None)).distinct())
    days = [end for end in ends if end is not None]
    pairs = {
        "days": days,
        "left": [_stopped(end, walk, since=walk.today - ONE_DAY) for end in days],
        "left_new": [_stopped(end, walk, since=walk.today) for end in days],
    }
    return _move(session, _HOLD, _STOP, walk, after, pairs) if days else NOTHING


def _stopped(until: dt.date, walk: Walk, *, since: dt.date) -> int | None:
    return stop(Stand(Stage.EVERYONE, since, until), walk.today, walk.calendar).days_left


def release(session: Session, walk: Walk, after: int = 0) -> Done:
    """Let the clock go on where nobody asks any more."""
    lefts = session.scalars(select(Screening.days_left).where(Screening.held).distinct())
    left = [days for days in lefts if days is not None]
    pairs = {
        "left": left,
        "days": [_gone_on(days, walk, since=walk.today - ONE_DAY) for days in left],
        "days_new": [_gone_on(days, walk, since=walk.today) for days in left],
    }
    return _move(session, _RELEASE, _GO_ON, walk, after, pairs) if left else NOTHING


def _gone_on(days_left: int, walk: Walk, *, since: dt.date) -> dt.date | None:
    return go_on(Stand(Stage.EVERYONE, since, None, days_left), walk.today, walk.calendar).until


def dispose(session: Session, walk: Walk, after: int = 0) -> Done:
    """Take off offer what nobody took in any stage; it waits for disposal."""
    _one_at_a_time(session)
    lock = f"{_DISPOSE} FOR UPDATE OF a SKIP LOCKED) SELECT id FROM due"
    ids = list(session.execute(bound(lock, walk.values | {"after": after})).scalars())
    if not ids:
        return NOTHING
    # Whoever asked before the cards were locked is seen by this second look.
    ended, _ = _move(session, _DISPOSE_LOCKED, _END, walk, after, {"ids": ids})
    return ended, max(ids)


def advance(session: Session, walk: Walk, after: int = 0) -> Done:
    """Let offers enter their next stage."""
    return _move(session, _ADVANCE, _ENTER, walk, after)


def widen(session: Session, walk: Walk, after: int = 0) -> Done:
    """Open offers to everyone, once their stage is for everyone."""
    return _move(session, _WIDEN, _OPEN_UP, walk, after)


def tell_holders(session: Session, now: dt.datetime) -> None:
    """Tell every unit's asset officers what of theirs goes to disposal, once for each walk."""
    query = (
        select(Screening.changed_at, Unit.id, Unit.name, func.count())
        .join(Asset, Asset.id == Screening.asset_id)
        .join(Unit, Unit.id == Asset.unit_id)
        .where(
            Screening.stage == Stage.DISPOSAL,
            Screening.changed_at > now - TOLD_WITHIN,
            Screening.changed_at <= now,
            Screening.changed_by.is_(None),
        )
        .group_by(Screening.changed_at, Unit.id, Unit.name)
        .order_by(Screening.changed_at, Unit.id)
    )
    words = (
        Word(unit_id, moment, f"/assets?unit={unit_id}", {"unit": name, "count": offers})
        for moment, unit_id, name, offers in session.execute(query)
    )
    messages.tell_holders(session, now, Role.UNIT_ASSET_OFFICER, "screening.over", words)


def _move(
    session: Session, due: str, change: str, walk: Walk, after: int, more: dict[str, Any] | None = None
) -> Done:
    _one_at_a_time(session)
    sql = f"{due} FOR NO KEY UPDATE OF a SKIP LOCKED), {change} SELECT count(*), max(id) FROM due"
    return batch(session, sql, walk.values | {"after": after} | (more or {}))


def _one_at_a_time(session: Session) -> None:
    session.execute(select(func.pg_advisory_xact_lock(WALK_LOCK)))


_RULED = ruled(
    "inner_stage varchar, inner_yesterday date, inner_today date,"
    " open_stage varchar, open_yesterday date, open_today date,"
    " own_department_next varchar, own_department_until date, everyone_next varchar, everyone_until date,"
    " donation_next varchar, donation_until date"
)
_RULE_OF = (
    "ruled r ON r.edition = coalesce(a.category_edition, '') AND r.code = coalesce(a.category_code, '')"
)
_OPEN = """screenings s
        JOIN listings li ON li.id = s.listing_id AND li.ended_at IS NULL
        JOIN assets a ON a.id = s.asset_id"""
TAKEN = """(a.state <> 'listed' OR NOT li.for_transfer OR EXISTS (
            SELECT FROM order_lines l JOIN orders o ON o.id = l.order_id
            WHERE l.asset_id = a.id AND o.number IS NOT NULL AND o.closed_at IS NULL
        ))"""
"""Somebody asks for the asset, or has it; or it isn't to be had for good."""
_BEHIND = "a.id > :after AND s.asset_id > :after"
"""Said of both, for the database reads either of them in the order of its index."""
_RECORD = """
    recorded AS (
        INSERT INTO audit_entries (
            at, actor_name, unit_id, action, object_kind, object_id, before, after, basis
        )
        SELECT :now, :actor, unit_id, '{action}', 'asset', id, {before}, {after}, :basis FROM due
    )"""

_NEW = f"""
    WITH {_RULED},
    due AS MATERIALIZED (
        SELECT a.id, li.id AS listing_id, start.since,
               CASE WHEN li.audience_unit_id IS NULL THEN r.open_stage ELSE r.inner_stage END AS stage,
               CASE WHEN li.audience_unit_id IS NULL
                    THEN CASE WHEN start.since = :today THEN r.open_today ELSE r.open_yesterday END
                    ELSE CASE WHEN start.since = :today THEN r.inner_today ELSE r.inner_yesterday END
               END AS until
        FROM listings li
        JOIN assets a ON a.id = li.asset_id
        JOIN {_RULE_OF}
        CROSS JOIN LATERAL (
            SELECT least(greatest(CAST(li.listed_at AT TIME ZONE :zone AS date), :yesterday), :today) AS since
        ) AS start
        WHERE li.ended_at IS NULL AND li.for_transfer AND a.state = :source
          AND a.id > :after AND li.asset_id > :after
          AND NOT EXISTS (SELECT FROM screenings s WHERE s.listing_id = li.id)
        ORDER BY a.id LIMIT :limit
"""
_BEGIN = """
    begun AS (
        INSERT INTO screenings (asset_id, listing_id, stage, stage_since, stage_until, changed_at)
        SELECT id, listing_id, stage, since, until, :now FROM due
        ON CONFLICT (listing_id) DO NOTHING
    )"""

_HOLD = f"""
    WITH due AS MATERIALIZED (
        SELECT a.id, s.id AS screening_id, s.stage_until
        FROM {_OPEN}
        WHERE s.stage_until IS NOT NULL AND {TAKEN} AND {_BEHIND}
        ORDER BY a.id LIMIT :limit
"""
_STOP = """
    stopped AS (
        UPDATE screenings s
        SET stage_until = NULL, stopped_on = :today, held = true,
            days_left = CASE WHEN s.stage_since = :today THEN p.left_new ELSE p.days_left END,
            changed_at = :now, changed_by = NULL
        FROM due JOIN unnest(:days, :left, :left_new) AS p (day, days_left, left_new)
          ON p.day = due.stage_until
        WHERE s.id = due.screening_id
    )"""

_RELEASE = f"""
    WITH due AS MATERIALIZED (
        SELECT a.id, s.id AS screening_id, s.days_left
        FROM {_OPEN}
        WHERE s.held AND NOT {TAKEN} AND {_BEHIND}
        ORDER BY a.id LIMIT :limit
"""
_GO_ON = """
    gone_on AS (
        UPDATE screenings s
        SET stage_until = CASE WHEN s.stage_since = :today THEN p.day_new ELSE p.day END,
            days_left = NULL, stopped_on = NULL, held = false,
            changed_at = :now, changed_by = NULL
        FROM due JOIN unnest(:left, :days, :days_new) AS p (days_left, day, day_new)
          ON p.days_left = due.days_left
        WHERE s.id = due.screening_id
    )"""

_NEXT = """CASE s.stage WHEN 'own_department' THEN r.own_department_next
                    WHEN 'everyone' THEN r.everyone_next ELSE r.donation_next END"""
_OVER = f"""FROM {_OPEN} JOIN {_RULE_OF}
        WHERE (s.stage_until < :today OR s.stage = 'own_department' AND li.audience_unit_id IS NULL)
          AND s.stage_until IS NOT NULL AND NOT {TAKEN} AND {_BEHIND}"""
"""Offers whose stage has passed, or was made pointless by their holder, who opened them to everyone."""

_DISPOSE = f"""
    WITH {_RULED},
    due AS MATERIALIZED (
        SELECT a.id {_OVER} AND {_NEXT} = 'disposal'
        ORDER BY a.id LIMIT :limit
"""
_DISPOSE_LOCKED = f"""
    WITH due AS MATERIALIZED (
        SELECT a.id, a.unit_id, s.id AS screening_id, s.stage, li.id AS listing_id
        FROM {_OPEN}
        WHERE a.id = ANY (:ids) AND s.stage_until IS NOT NULL AND NOT {TAKEN}
"""
_ENDED = """
    left_offer AS (
        UPDATE listings li SET ended_at = :now, end_reason = :reason FROM due WHERE li.id = due.listing_id
    ),
    changed AS (
        UPDATE assets a
        SET state = :target, version = a.version + 1,
            updated_at = greatest(:now, a.updated_at + interval '1 microsecond')
        FROM due WHERE a.id = due.id
    ),
    queued AS (INSERT INTO outbox (asset_id) SELECT id FROM due),"""
END_REASON = "调剂各阶段期满，无人申请"
_END = (
    """
    over AS (
        UPDATE screenings s
        SET stage = 'disposal', stage_since = :yesterday, stage_until = NULL,
            changed_at = :now, changed_by = NULL
        FROM due WHERE s.id = due.screening_id
    ),"""
    + _ENDED.replace(":reason", f"'{END_REASON}'")
    + _RECORD.format(
        action="asset.dispose",
        before="jsonb_build_object('state', CAST(:source AS text), 'stage', stage)",
        after="jsonb_build_object('state', CAST(:target AS text))",
    )
)

_ADVANCE = f"""
    WITH {_RULED},
    due AS MATERIALIZED (
        SELECT a.id, a.unit_id, s.id AS screening_id, s.stage, {_NEXT} AS next_stage,
               CASE s.stage WHEN 'own_department' THEN r.own_department_until
                            WHEN 'everyone' THEN r.everyone_until END AS next_until
        {_OVER} AND {_NEXT} <> 'disposal'
        ORDER BY a.id LIMIT :limit
"""
_ENTER = """
    entered AS (
        UPDATE screenings s
        SET stage = due.next_stage, stage_since = :yesterday, stage_until = due.next_until,
            changed_at = :now, changed_by = NULL
        FROM due WHERE s.id = due.screening_id
    ),""" + _RECORD.format(
    action="asset.stage",
    before="jsonb_build_object('stage', stage)",
    after="jsonb_build_object('stage', next_stage, 'until', next_until)",
)

_WIDEN = f"""
    WITH due AS MATERIALIZED (
        SELECT a.id, a.unit_id, li.id AS listing_id
        FROM {_OPEN}
        WHERE s.stage IN ('everyone', 'donation') AND li.audience_unit_id IS NOT NULL AND {_BEHIND}
        ORDER BY a.id LIMIT :limit
"""
_OPEN_UP = """
    opened AS (
        UPDATE listings li SET audience_unit_id = NULL FROM due WHERE li.id = due.listing_id
    ),
    changed AS (
        UPDATE assets a
        SET version = a.version + 1, updated_at = greatest(:now, a.updated_at + interval '1 microsecond')
        FROM due WHERE a.id = due.id
    ),
    queued AS (INSERT INTO outbox (asset_id) SELECT id FROM due),""" + _RECORD.format(
    action="asset.offer",
    before="jsonb_build_object('audience', 'department')",
    after="jsonb_build_object('audience', 'everyone')",
)
