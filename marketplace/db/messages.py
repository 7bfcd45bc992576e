"""Messages to users, and the mails that go out for them."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, text
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
    created_at: Mapped[Moment]
    read_at: Mapped[Moment | None]

    user: Mapped[User] = relationship()
    mail: Mapped[Mail | None] = relationship(back_populates="message")


class Mail(Base):
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
    state: Mapped[MailState] = mapped_column(word(MailState), server_default=MailState.WAITING)
    due_at: Mapped[Moment]
    """When it is tried, or tried again."""
    sent_at: Mapped[Moment | None]
    tries: Mapped[int] = mapped_column(server_default="0")
    """How often a mail server refused it."""
    error: Mapped[str] = mapped_column(Text, server_default="")
    """What the server said when it refused it last."""

    message: Mapped[Message] = relationship(back_populates="mail")
