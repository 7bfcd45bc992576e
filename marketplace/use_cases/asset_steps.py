"""Taking many assets one step along their lives at once, as a consequence of something else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset, Listing
from marketplace.db.audit import AuditEntry
from marketplace.db.outbox import reindex_soon
from marketplace.domain.permissions import Actor
from marketplace.domain.states import AssetAction, step
from marketplace.use_cases import idle_marks


def step_all(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    asset_ids: Sequence[int],
    action: AssetAction,
    *,
    cause: str,
    basis: str,
) -> None:
    """Take all of these one step; offers they had are ended. A handful of statements, however many there are.

    Raises:
        Conflict: one of them is in a state that doesn't allow the step; none has moved.
    """
    locked = select(Asset.id, Asset.unit_id, Asset.state).where(Asset.id.in_(asset_ids)).order_by(Asset.id)
    rows = session.execute(locked.with_for_update()).all()
    if not rows:
        return
    targets = {row.state: step(row.state, action).target for row in rows}
    (target,) = set(targets.values())
    moved = update(Asset).where(Asset.id.in_([row.id for row in rows]))
    session.execute(moved.values(state=target, version=Asset.version + 1, updated_at=now))
    _end_offers(session, actor, now, asset_ids, cause)
    if action is AssetAction.DISPOSE:
        idle_marks.note_disposed(session, actor, now, [row.id for row in rows])
    session.execute(
        insert(AuditEntry),
        [
            {
                "at": now,
                "actor_id": actor.user_id,
                "actor_name": actor.name,
                "unit_id": row.unit_id,
                "action": f"asset.{action}",
                "object_kind": "asset",
                "object_id": row.id,
                "before": {"state": row.state},
                "after": {"state": target, "cause": cause},
                "basis": basis,
                "request_id": actor.request_id,
            }
            for row in rows
        ],
    )
    reindex_soon(session, [row.id for row in rows])


def _end_offers(
    session: Session, actor: Actor, now: dt.datetime, asset_ids: Sequence[int], cause: str
) -> None:
    offers = update(Listing).where(Listing.asset_id.in_(asset_ids), Listing.ended_at.is_(None))
    session.execute(offers.values(ended_at=now, ended_by=actor.user_id, end_reason=cause))
