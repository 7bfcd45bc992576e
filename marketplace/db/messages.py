"""Messages to users, and the mails that go out for them: one for a message, or one a day for many."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db.base import Base, Id, Json, Moment, word
from marketplace.db.people import User


class MailState(StrEnum):
    """What became of a mail."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    """Given up after so many refusals."""


class Message(Base):
    """One thing that one user is told. Kind and values are kept; words are made for whoever reads."""

    __tablename__ = "messages"
    __table_args__ = (
        Index("ix_messages_user", "user_id", "id"),
        Index("ix_messages_unread", "user_id", "id", postgresql_where=text("read_at IS NULL")),
        Index("ix_messages_action", "user_id", "id", postgresql_where=text("needs_action")),
        Index("ix_messages_link", "link", postgresql_where=text("needs_action")),
        Index("uq_messages_once", "user_id", "once", unique=True, postgresql_where=text("once <> ''")),
        Index("ix_messages_for_digest", "user_id", postgresql_where=text("for_digest AND digest_id IS NULL")),
        Index("ix_messages_digest", "digest_id", "id", postgresql_where=text("digest_id IS NOT NULL")),
    )

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(40))
    params: Mapped[Json]
    link: Mapped[str] = mapped_column(String(200))
    """Where it is dealt with: an address of this site, from its root."""
    needs_action: Mapped[bool]
    """Something is asked of the user, and nobody has done it yet."""
    once: Mapped[str] = mapped_column(String(120), server_default="")
    """What a user is told only once; empty where telling again is right."""
    for_digest: Mapped[bool] = mapped_column(server_default=text("false"))
    """Goes out with the digest of a day, not in a mail of its own."""
    digest_id: Mapped[int | None] = mapped_column(ForeignKey("digests.id", ondelete="SET NULL"))
    """The digest into which it was gathered."""
    created_at: Mapped[Moment]
    read_at: Mapped[Moment | None]

    user: Mapped[User] = relationship()
    mail: Mapped[Mail | None] = relationship(back_populates="message")
    digest: Mapped[Digest | None] = relationship(back_populates="messages")

    @property
    def mail_failed(self) -> bool:
        """Whether the mail that was to bring it was given up."""
        return any(one is not None and one.state is MailState.FAILED for one in (self.mail, self.digest))


class Sending:
    """How far a mail has come."""

    state: Mapped[MailState] = mapped_column(word(MailState), server_default=MailState.WAITING)
    due_at: Mapped[Moment]
    """When it is tried, or tried again."""
    sent_at: Mapped[Moment | None]
    tries: Mapped[int] = mapped_column(server_default="0")
    """How often a mail server refused it."""
    error: Mapped[str] = mapped_column(Text, server_default="")
    """What the server said when it refused it last."""


class Mail(Sending, Base):
    """The mail for a message.

    A table of its own: whoever sends holds the row for as long as a mail server takes, and meanwhile
    the message can be read.
    """

    __tablename__ = "mails"
    __table_args__ = (
        Index("ix_mails_waiting", "due_at", "message_id", postgresql_where=text("state = 'waiting'")),
        Index("ix_mails_failed", "message_id", postgresql_where=text("state = 'failed'")),
    )

    message_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True
    )

    message: Mapped[Message] = relationship(back_populates="mail")


class Digest(Sending, Base):
    """The mail that gathers what somebody is told in a day; nobody gets two of them for one day."""

    __tablename__ = "digests"
    __table_args__ = (
        UniqueConstraint("user_id", "day"),
        Index("ix_digests_waiting", "due_at", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_digests_failed", "id", postgresql_where=text("state = 'failed'")),
    )

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    day: Mapped[dt.date]
    created_at: Mapped[Moment]

    user: Mapped[User] = relationship()
    messages: Mapped[list[Message]] = relationship(back_populates="digest", order_by="Message.id")
