"""Finding what seems to be idle, by the policy of each category: whole registers, a statement at a time.

Every statement changes the cards, notes flag and evidence, records it and queues the search documents,
so a kill leaves each card either flagged with all of that or untouched. Cards that somebody is at work
on are passed over and found the next time.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace.db.bulk import Done, batch, bound
from marketplace.db.calendar import load_calendar
from marketplace.db.idle import IdleFlag, ruled
from marketplace.db.people import Unit
from marketplace.db.standards import Standard, StandardVersion
from marketplace.domain.assets import CLASSIFIED
from marketplace.domain.idle import BASIS, IdleRule
from marketplace.domain.permissions import PLATFORM, Role
from marketplace.domain.standards import in_force
from marketplace.domain.states import AssetAction, AssetState, step
from marketplace.use_cases import idle_policies, messages
from marketplace.use_cases.messages import Word

BATCH = 50_000
"""Cards flagged in one transaction."""
FLAG_LOCK = 7_351_401
"""Advisory lock: of processes that flag at the same time, one after the other does."""
TOLD_WITHIN = dt.timedelta(days=7)
"""For how long a run that was killed before it told anybody is made up for."""


@dataclass(frozen=True, slots=True)
class Allotment:
    """What a standard allows of one kind of thing, for every size of unit in the regions where it holds."""

    item: str
    quantity: str
    """How many, in the standard's own words."""
    basis: str
    classes: tuple[str, ...]
    regions: tuple[str, ...]
    headcounts: tuple[int, ...]
    caps: tuple[int, ...]
    """For each region and headcount, at the same place."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of flagging goes by."""

    now: dt.datetime
    today: dt.date
    zone: str
    policies: str
    allotments: tuple[Allotment, ...]

    def values(self, rule: IdleRule) -> dict[str, Any]:
        """What all statements take."""
        row = step(AssetState.IN_USE, AssetAction.FLAG)
        return {
            "now": self.now,
            "today": self.today,
            "zone": self.zone,
            "policies": self.policies,
            "rule": rule.value,
            "source": row.source.value,
            "target": row.target.value,
            "classified": [word.value for word in CLASSIFIED],
            "actor": PLATFORM.name,
            "action": "asset.flag",
            "basis": BASIS,
        }


def begin(session: Session, now: dt.datetime, today: dt.date, zone: str) -> Round:
    """Gather what a round goes by: policies with their deadlines, and what standards allow."""
    calendar = load_calendar(session)
    rows = [
        asdict(policy) | {"answer_by": calendar.add_working_days(today, policy.answer_days).isoformat()}
        for policy in idle_policies.current(session)
    ]
    return Round(now, today, zone, json.dumps(rows), tuple(_allotments(session, today)))


def _allotments(session: Session, today: dt.date) -> Iterable[Allotment]:
    """Of every kind of thing whose number follows from a unit's staff."""
    versions = {row.code: row for row in session.scalars(select(StandardVersion))}
    sizes: dict[str, list[tuple[str, int]]] = defaultdict(list)
    query = select(Unit.region_code, Unit.headcount).where(Unit.active, Unit.headcount > 0).distinct()
    for region, headcount in session.execute(query.order_by(Unit.region_code, Unit.headcount)):
        found = in_force((row.as_version() for row in versions.values()), region, today)
        if found and headcount:
            sizes[found.code].append((region, headcount))
    for (code, item), rows in _items(session).items():
        if code in sizes:
            yield _allotment(versions[code], item, rows, sizes[code])


def _items(session: Session) -> Mapping[tuple[str, str], list[Standard]]:
    """The capped rows by version and item; rows that differ in rank belong together."""
    found: dict[tuple[str, str], list[Standard]] = defaultdict(list)
    for row in session.scalars(select(Standard).order_by(Standard.version_code, Standard.id)):
        if row.classes and row.cap.allowed(1) is not None:
            found[row.version_code, " ".join(filter(None, (row.item, row.detail)))].append(row)
    return found


def _allotment(
    version: StandardVersion, item: str, rows: list[Standard], sizes: list[tuple[str, int]]
) -> Allotment:
    """A register doesn't know ranks, so the most that any rank may have is allowed."""
    return Allotment(
        item=item,
        quantity="；".join(dict.fromkeys(row.quantity for row in rows)),
        basis=version.basis,
        classes=tuple({name for row in rows for name in row.classes}),
        regions=tuple(region for region, _ in sizes),
        headcounts=tuple(headcount for _, headcount in sizes),
        caps=tuple(max(row.cap.allowed(headcount) or 0 for row in rows) for _, headcount in sizes),
    )


def flag_event_ended(session: Session, round_: Round, *, after: int = 0, limit: int = BATCH) -> Done:
    """Flag what belongs to events that are over; gives what :func:`flag_unused` gives."""
    values = round_.values(IdleRule.EVENT_ENDED) | {"after": after, "limit": limit}
    return _run(session, _EVENT_ENDED, values)


def flag_over_standard(session: Session, round_: Round, allotment: Allotment) -> int:
    """Flag what units have of one kind beyond the standard, first what was longest unused; how many cards.

    Pieces on which an objection was accepted stand beside the standard: neither counted nor flagged.
    """
    return _run(session, _OVER_STANDARD, _over_values(round_, allotment))[0]


def flag_unused(session: Session, round_: Round, *, after: int = 0, limit: int = BATCH) -> Done:
    """Flag what shows no sign of use among the ``limit`` next such cards with ids after ``after``.

    Gives how many, and the last id; None when there were none.
    """
    values = round_.values(IdleRule.UNUSED) | {"after": after, "limit": limit}
    return _run(session, _UNUSED, values)


def count(session: Session, round_: Round) -> dict[str, int]:
    """How many cards each rule finds; a card that several find is counted by each."""
    everything = {"after": 0, "limit": None}
    over = [
        _count(session, _OVER_STANDARD, _over_values(round_, allotment)) for allotment in round_.allotments
    ]
    return {
        IdleRule.EVENT_ENDED.value: _count(
            session, _EVENT_ENDED, round_.values(IdleRule.EVENT_ENDED) | everything
        ),
        IdleRule.OVER_STANDARD.value: sum(over),
        IdleRule.UNUSED.value: _count(session, _UNUSED, round_.values(IdleRule.UNUSED) | everything),
    }


def tell_holders(session: Session, now: dt.datetime) -> None:
    """Tell every unit's asset officers of what was flagged of theirs, once for each round."""
    query = (
        select(IdleFlag.flagged_at, IdleFlag.unit_id, Unit.name, func.count(), func.min(IdleFlag.answer_by))
        .join(Unit, Unit.id == IdleFlag.unit_id)
        .where(IdleFlag.flagged_at > now - TOLD_WITHIN, IdleFlag.flagged_at <= now)
        .group_by(IdleFlag.flagged_at, IdleFlag.unit_id, Unit.name)
        .order_by(IdleFlag.flagged_at, IdleFlag.unit_id)
    )
    words = (
        Word(unit_id, flagged_at, link_of(unit_id), {"unit": name, "count": flags, "until": until})
        for flagged_at, unit_id, name, flags, until in session.execute(query)
    )
    messages.tell_holders(session, now, Role.UNIT_ASSET_OFFICER, "idle.flagged", words)


def link_of(unit_id: int) -> str:
    """Where a unit's flags are answered."""
    return f"/idle?unit={unit_id}"


def _over_values(round_: Round, allotment: Allotment) -> dict[str, Any]:
    return round_.values(IdleRule.OVER_STANDARD) | {
        "item": allotment.item,
        "quantity": allotment.quantity,
        "standard": allotment.basis,
        "classes": list(allotment.classes),
        "regions": list(allotment.regions),
        "headcounts": list(allotment.headcounts),
        "caps": list(allotment.caps),
    }


def _run(session: Session, due: str, values: dict[str, Any]) -> Done:
    session.execute(select(func.pg_advisory_xact_lock(FLAG_LOCK)))
    return batch(session, f"{due} FOR NO KEY UPDATE OF a SKIP LOCKED) {_FLAG}", values)


def _count(session: Session, due: str, values: dict[str, Any]) -> int:
    return int(session.execute(bound(f"{due}) SELECT count(*) FROM due", values)).scalar_one())


_RULED = ruled(
    "days_unused int, answer_days int, answer_by date, on_silence varchar, quiet_days int,"
    " own_department_days int, everyone_days int, donation_days int"
)
_SINCE = "coalesce(a.last_used_on, CAST(a.created_at AT TIME ZONE :zone AS date))"
_RULE_OF = (
    "ruled r ON r.edition = coalesce(a.category_edition, '') AND r.code = coalesce(a.category_code, '')"
)
_ASKED = """a.state = :source AND a.secrecy <> ALL (:classified) AND NOT EXISTS (
        SELECT FROM idle_flags f WHERE f.asset_id = a.id AND f.quiet_until >= :today
    )"""
"""Cards in use that may be shown to others, and about which no objection was accepted lately."""

_EVENT_ENDED = f"""
    WITH {_RULED},
    due AS MATERIALIZED (
        SELECT a.id, a.unit_id, r.answer_by, r.on_silence, r.quiet_days,
               jsonb_build_object('event_id', e.id, 'event', e.name, 'ended_on', e.ends_on) AS evidence
        FROM events e JOIN assets a ON a.event_id = e.id JOIN {_RULE_OF}
        WHERE e.ends_on < :today AND a.id > :after AND {_ASKED}
        ORDER BY a.id LIMIT :limit
"""

_UNUSED = f"""
    WITH {_RULED},
    due AS MATERIALIZED (
        SELECT a.id, a.unit_id, r.answer_by, r.on_silence, r.quiet_days,
               jsonb_build_object(
                   'since', {_SINCE}, 'sign', a.last_used_by,
                   'days', :today - {_SINCE}, 'limit', r.days_unused
               ) AS evidence
        FROM assets a JOIN {_RULE_OF}
        WHERE a.id > :after AND r.days_unused > 0 AND {_SINCE} <= :today - r.days_unused AND {_ASKED}
        ORDER BY a.id LIMIT :limit
"""

_OVER_STANDARD = f"""
    WITH {_RULED},
    cap AS (
        SELECT * FROM unnest(:regions, :headcounts, :caps) AS c (region_code, headcount, allowed)
    ),
    class AS MATERIALIZED (
        SELECT edition, code FROM categories c
        WHERE EXISTS (SELECT FROM unnest(c.path) AS above WHERE c.edition || ':' || above = ANY (:classes))
    ),
    kept AS MATERIALIZED (
        SELECT a.id, a.unit_id, a.quantity, {_SINCE} AS since
        FROM assets a JOIN class ON class.edition = a.category_edition AND class.code = a.category_code
        WHERE {_ASKED}
    ),
    excess AS (
        SELECT unit_id, u.headcount, cap.allowed, sum(quantity) AS held, sum(quantity) - cap.allowed AS pieces
        FROM kept JOIN units u ON u.id = kept.unit_id JOIN cap USING (region_code, headcount)
        GROUP BY unit_id, u.headcount, cap.allowed
        HAVING sum(quantity) > cap.allowed
    ),
    ranked AS (
        SELECT kept.id, kept.quantity, excess.*,
               sum(kept.quantity) OVER (PARTITION BY kept.unit_id ORDER BY since, kept.id)
                   - kept.quantity AS before
        FROM kept JOIN excess ON excess.unit_id = kept.unit_id
    ),
    due AS MATERIALIZED (
        SELECT a.id, a.unit_id, r.answer_by, r.on_silence, r.quiet_days,
               jsonb_build_object(
                   'item', CAST(:item AS text), 'standard', CAST(:standard AS text),
                   'quantity', CAST(:quantity AS text), 'held', x.held, 'allowed', x.allowed,
                   'headcount', x.headcount, 'pieces', least(x.quantity, x.pieces - x.before)
               ) AS evidence
        FROM ranked x JOIN assets a ON a.id = x.id JOIN {_RULE_OF}
        WHERE x.before < x.pieces AND a.state = :source
        ORDER BY a.id
"""

_FLAG = """,
    flagged AS (
        UPDATE assets
        SET state = :target, version = assets.version + 1,
            updated_at = greatest(:now, assets.updated_at + interval '1 microsecond')
        FROM due WHERE assets.id = due.id
    ),
    noted AS (
        INSERT INTO idle_flags (
            asset_id, unit_id, rule, evidence, flagged_at, answer_by, on_silence, quiet_days
        )
        SELECT id, unit_id, :rule, evidence, :now, answer_by, on_silence, quiet_days FROM due
    ),
    recorded AS (
        INSERT INTO audit_entries (
            at, actor_name, unit_id, action, object_kind, object_id, before, after, basis
        )
        SELECT :now, :actor, unit_id, :action, 'asset', id,
               jsonb_build_object('state', CAST(:source AS text)),
               jsonb_build_object('state', CAST(:target AS text), 'rule', CAST(:rule AS text)),
               :basis
        FROM due
    ),
    queued AS (INSERT INTO outbox (asset_id) SELECT id FROM due)
    SELECT count(*), max(id) FROM due
"""
