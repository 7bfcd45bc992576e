"""What happens when nobody answers in time: the policy's word, for all overdue flags at once.

A flag that was confirmed but not listed goes the same way; only what nobody answered is "unconfirmed".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from marketplace.db.assets import Listing
from marketplace.db.bulk import Done, batch
from marketplace.db.idle import IdleFlag
from marketplace.db.people import Unit
from marketplace.domain.assets import CLASSIFIED
from marketplace.domain.idle import BASIS, Answer, OnSilence
from marketplace.domain.permissions import PLATFORM, Role
from marketplace.domain.states import AssetAction, AssetState, step
from marketplace.use_cases import messages
from marketplace.use_cases.idle_flagging import TOLD_WITHIN, link_of
from marketplace.use_cases.messages import Word

BATCH = 20_000
"""Flags acted upon in one transaction."""


def count(session: Session, today: dt.date) -> dict[str, int]:
    """How many flags would be acted upon."""
    overdue = IdleFlag.closed_at.is_(None) & (IdleFlag.answer_by < today) & IdleFlag.answer.is_(None)
    rows = select(IdleFlag.on_silence, func.count()).where(overdue).group_by(IdleFlag.on_silence)
    found = dict(session.execute(rows).all())
    confirmed = session.scalar(
        select(func.count()).where(
            IdleFlag.closed_at.is_(None), IdleFlag.answer_by < today, IdleFlag.answer == Answer.CONFIRMED
        )
    )
    return {
        "listed": found.get(OnSilence.LIST, 0) + (confirmed or 0),
        "waiting": found.get(OnSilence.WAIT, 0),
    }


def list_overdue(
    session: Session, now: dt.datetime, today: dt.date, *, after: int = 0, limit: int = BATCH
) -> Done:
    """List what was not answered, or confirmed and not listed, in time; at most ``limit``, behind one.

    Gives how many, and the last flag; None when there were none.
    """
    row = step(AssetState.IDLE_FLAGGED, AssetAction.LIST)
    values: dict[str, Any] = {
        "now": now,
        "today": today,
        "after": after,
        "limit": limit,
        "source": row.source.value,
        "target": row.target.value,
        "classified": [word.value for word in CLASSIFIED],
        "actor": PLATFORM.name,
        "action": "asset.list",
        "basis": BASIS,
        "role": Role.UNIT_ASSET_OFFICER.value,
    }
    return batch(session, _LIST, values)


def note_silence(
    session: Session, now: dt.datetime, today: dt.date, *, after: int = 0, limit: int = BATCH
) -> Done:
    """Note that nobody answered where the policy says to wait on; such a flag can still be answered.

    Gives what :func:`list_overdue` gives.
    """
    values = {"now": now, "today": today, "after": after, "limit": limit}
    return batch(session, _NOTE, values)


def tell_holders(session: Session, now: dt.datetime) -> None:
    """Tell every unit's asset officers what was listed of theirs, once for each round."""
    listed = select(Listing.id).where(
        Listing.asset_id == IdleFlag.asset_id,
        Listing.listed_at == IdleFlag.closed_at,
        Listing.listed_by.is_(None),
    )
    query = (
        select(IdleFlag.closed_at, IdleFlag.unit_id, Unit.name, func.count())
        .join(Unit, Unit.id == IdleFlag.unit_id)
        .where(
            IdleFlag.closed_at > now - TOLD_WITHIN,
            IdleFlag.closed_at <= now,
            listed.exists(),
        )
        .group_by(IdleFlag.closed_at, IdleFlag.unit_id, Unit.name)
        .order_by(IdleFlag.closed_at, IdleFlag.unit_id)
    )
    found = session.execute(query).all()
    words = (
        Word(unit_id, closed_at, f"/idle?unit={unit_id}&show=answered", {"unit": name, "count": flags})
        for closed_at, unit_id, name, flags in found
        if closed_at
    )
    messages.tell_holders(session, now, Role.UNIT_ASSET_OFFICER, "idle.listed", words)
    settle(session, {row.unit_id for row in found})


def settle(session: Session, unit_ids: Collection[int]) -> None:
    """Nothing is asked any more of those of the units of which no flag waits for an answer."""
    _settle(session, unit_ids, IdleFlag.answer.is_(None), link_of)


def review_link(unit_id: int) -> str:
    """Where a unit's objections are decided on."""
    return f"/idle?unit={unit_id}&show=review"


def settle_reviews(session: Session, unit_ids: Collection[int]) -> None:
    """Nobody need decide any more on the objections of those of the units that have none left."""
    _settle(session, unit_ids, IdleFlag.answer == Answer.OBJECTED, review_link)


def _settle(
    session: Session, unit_ids: Collection[int], waits: ColumnElement[bool], link: Callable[[int], str]
) -> None:
    waiting = select(IdleFlag.unit_id).where(IdleFlag.unit_id.in_(unit_ids), IdleFlag.closed_at.is_(None))
    busy = set(session.scalars(waiting.where(waits).distinct()))
    messages.settle_all(session, [link(unit_id) for unit_id in unit_ids if unit_id not in busy])


_LIST = """
    WITH due AS MATERIALIZED (
        SELECT f.id AS flag_id, f.answer IS NULL AS unconfirmed, a.id, a.unit_id,
               coalesce(a.location, '') AS place,
               least(a.quantity, coalesce(CAST(f.evidence ->> 'pieces' AS int), a.quantity)) AS quantity
        FROM idle_flags f JOIN assets a ON a.id = f.asset_id
        WHERE f.closed_at IS NULL AND f.answer_by < :today AND f.id > :after
          AND (f.answer = 'confirmed' OR f.answer IS NULL AND f.on_silence = 'list')
          AND a.state = :source AND a.secrecy <> ALL (:classified)
        ORDER BY f.id LIMIT :limit
        FOR NO KEY UPDATE OF f, a SKIP LOCKED
    ),
    holder AS MATERIALIZED (
        SELECT u.id AS unit_id, circle.id AS department_id,
               coalesce(officer.name, '') AS name, coalesce(officer.phone, '') AS phone
        FROM units u
        LEFT JOIN LATERAL (
            SELECT d.id FROM units d WHERE d.id = ANY (u.path) AND d.kind = 'department'
            ORDER BY cardinality(d.path) DESC LIMIT 1
        ) AS circle ON true
        LEFT JOIN LATERAL (
            SELECT p.name, p.phone FROM role_grants g JOIN users p ON p.id = g.user_id
            WHERE g.unit_id = u.id AND g.role = :role AND p.active ORDER BY p.id LIMIT 1
        ) AS officer ON true
        WHERE u.id IN (SELECT unit_id FROM due)
    ),
    offered AS (
        INSERT INTO listings (
            asset_id, for_transfer, for_loan, quantity, place, contact_name, contact_phone,
            audience_unit_id, unconfirmed, listed_at
        )
        SELECT due.id, true, true, due.quantity, due.place, holder.name, holder.phone,
               coalesce(holder.department_id, due.unit_id), due.unconfirmed, :now
        FROM due JOIN holder USING (unit_id)
    ),
    answered AS (
        UPDATE idle_flags f
        SET answer = coalesce(f.answer, 'silent'), answered_at = coalesce(f.answered_at, :now),
            closed_at = :now
        FROM due WHERE f.id = due.flag_id
    ),
    changed AS (
        UPDATE assets a
        SET state = :target, version = a.version + 1,
            updated_at = greatest(:now, a.updated_at + interval '1 microsecond')
        FROM due WHERE a.id = due.id
    ),
    recorded AS (
        INSERT INTO audit_entries (
            at, actor_name, unit_id, action, object_kind, object_id, before, after, basis
        )
        SELECT :now, :actor, unit_id, :action, 'asset', id,
               jsonb_build_object('state', CAST(:source AS text)),
               jsonb_build_object(
                   'state', CAST(:target AS text), 'quantity', quantity, 'unconfirmed', unconfirmed
               ),
               :basis
        FROM due
    ),
    queued AS (INSERT INTO outbox (asset_id) SELECT id FROM due)
    SELECT count(*), max(flag_id) FROM due
"""

_NOTE = """
    WITH due AS MATERIALIZED (
        SELECT id FROM idle_flags
        WHERE closed_at IS NULL AND answer_by < :today AND answer IS NULL AND on_silence = 'wait'
          AND id > :after
        ORDER BY id LIMIT :limit
        FOR NO KEY UPDATE SKIP LOCKED
    ),
    noted AS (
        UPDATE idle_flags f SET answer = 'silent', answered_at = :now FROM due WHERE f.id = due.id
    )
    SELECT count(*), max(id) FROM due
"""
