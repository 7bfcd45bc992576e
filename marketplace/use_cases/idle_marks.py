"""What becomes of an asset's flag when somebody does with the asset what the flag asks about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from sqlalchemy import update
from sqlalchemy.orm import Session

from marketplace.db.idle import IdleFlag
from marketplace.domain.idle import Answer
from marketplace.domain.permissions import Actor
from marketplace.use_cases import idle_silence


def note_listed(session: Session, actor: Actor, now: dt.datetime, asset_id: int) -> None:
    """Listing is an answer: whoever lists a flagged asset, from whichever page, has closed the flag."""
    _close(session, actor, now, [asset_id], Answer.LISTED)


def note_disposed(session: Session, actor: Actor, now: dt.datetime, asset_ids: Collection[int]) -> None:
    """Who takes flagged assets to disposal confirms that they are idle; nobody is asked any more."""
    _close(session, actor, now, asset_ids, Answer.CONFIRMED)


def _close(
    session: Session, actor: Actor, now: dt.datetime, asset_ids: Collection[int], answer: Answer
) -> None:
    answered = {"answer": answer, "answered_at": now, "answered_by": actor.user_id, "closed_at": now}
    open_flags = update(IdleFlag).where(IdleFlag.asset_id.in_(asset_ids), IdleFlag.closed_at.is_(None))
    units = set(session.scalars(open_flags.values(answered).returning(IdleFlag.unit_id)))
    idle_silence.settle(session, units)
    idle_silence.settle_reviews(session, units)
