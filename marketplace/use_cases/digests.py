"""The mail of the day: what somebody was told since the last one and has not read, gathered into one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from marketplace.db.bulk import bound
from marketplace.db.messages import Digest, Message
from marketplace.domain.messages import KINDS

LATEST = dt.timedelta(days=7)
"""What could not be gathered for so long is no news."""


def gather(session: Session, now: dt.datetime, today: dt.date) -> int:
    """Make everybody's mail of the day, for those who have none yet; how many mails.

    Whatever comes after it waits for the next day.
    """
    values = {"now": now, "today": today, "since": now - LATEST}
    return int(session.execute(bound(_GATHER, values)).scalar_one())


def contents(session: Session, digest: Digest, limit: int) -> tuple[Sequence[Message], int]:
    """What it says, what is asked for first, and how much more there is.

    Left out is what has been read or done since it was told.
    """
    asking = [kind for kind, found in KINDS.items() if found.needs_action]
    query = select(Message).where(
        Message.digest_id == digest.id,
        Message.read_at.is_(None),
        Message.needs_action | Message.kind.not_in(asking),
    )
    found = session.scalars(query.order_by(Message.needs_action.desc(), Message.id)).all()
    return found[:limit], max(len(found) - limit, 0)


def drop(session: Session, digest: Digest) -> None:
    """There is nothing left to send, or nobody to send it to; it doesn't come again either."""
    session.execute(update(Message).where(Message.digest_id == digest.id).values(for_digest=False))
    session.execute(delete(Digest).where(Digest.id == digest.id))


_GATHER = """
    WITH made AS (
        INSERT INTO digests (user_id, day, created_at, due_at)
        SELECT u.id, :today, :now, :now FROM users u
        WHERE u.active AND u.email <> '' AND EXISTS (
            SELECT FROM messages m
            WHERE m.user_id = u.id AND m.for_digest AND m.digest_id IS NULL
              AND m.created_at BETWEEN :since AND :now
        )
        ORDER BY u.id
        ON CONFLICT DO NOTHING
        RETURNING id, user_id
    ),
    gathered AS (
        UPDATE messages m SET digest_id = made.id FROM made
        WHERE m.user_id = made.user_id AND m.for_digest AND m.digest_id IS NULL
          AND m.created_at BETWEEN :since AND :now
    )
    SELECT count(*) FROM made
"""
