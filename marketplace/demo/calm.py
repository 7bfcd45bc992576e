"""What the demo's people were told in the weeks before somebody first looks at it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from marketplace.db.messages import Mail, Message

READ_AFTER = dt.timedelta(days=2)
"""What somebody was told longer ago has been read."""


def calm(session: Session, told: ColumnElement[bool], now: dt.datetime) -> None:
    """No mail goes out about what happened long ago, and most of the messages have been read."""
    mails = delete(Mail).where(Mail.message_id.in_(select(Message.id).where(told)))
    session.execute(mails.execution_options(synchronize_session=False))
    old = Message.created_at < now - READ_AFTER
    read = update(Message).where(told, old, Message.read_at.is_(None))
    session.execute(
        read.values(read_at=Message.created_at + dt.timedelta(hours=3)).execution_options(
            synchronize_session=False
        )
    )
