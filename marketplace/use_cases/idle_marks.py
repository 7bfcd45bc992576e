"""What listing an asset means for its flag."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import update
from sqlalchemy.orm import Session

from marketplace.db.idle import IdleFlag
from marketplace.domain.idle import Answer
from marketplace.domain.permissions import Actor


def note_listed(session: Session, actor: Actor, now: dt.datetime, asset_id: int) -> None:
    """Listing is an answer: whoever lists a flagged asset, from whichever page, has closed the flag."""
    answered = {"answer": Answer.LISTED, "answered_at": now, "answered_by": actor.user_id, "closed_at": now}
    open_flag = update(IdleFlag).where(IdleFlag.asset_id == asset_id, IdleFlag.closed_at.is_(None))
    session.execute(open_flag.values(answered))
