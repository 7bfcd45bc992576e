"""Sending the mails that wait.

Each mail is claimed, handed in and marked in a transaction of its own. Whoever is killed in between
leaves it waiting: it may go out twice, under the same Message-ID, but never not at all. Several senders
share the work, because a claimed row is skipped by the others.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from enum import StrEnum

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, contains_eager
from structlog import get_logger

from marketplace.config import Settings
from marketplace.db.messages import Mail, MailState, Message
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.messages import write
from marketplace.mail.carriers import Carrier, MailRefused, MailServerDown, Post
from marketplace.mail.letters import Letter, compose
from marketplace.texts import Texts

log = get_logger()

RETRY_AFTER = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360))
"""How long a mail waits after each refusal; refused once more, it is given up."""


class Outcome(StrEnum):
    """What became of a mail that was due."""

    SENT = "sent"
    PUT_OFF = "put_off"
    INTERRUPTED = "interrupted"
    """The server went away over it: put off too, so that it holds nobody up, and no other is tried."""
    GIVEN_UP = "given_up"
    DROPPED = "dropped"
    """Nobody is to get it any more."""


def send_due(
    sessions: SessionFactory,
    settings: Settings,
    carrier: Carrier,
    now: dt.datetime,
    *,
    keep_going: Callable[[], bool] = lambda: True,
) -> Mapping[str, int]:
    """Send what is due; gives how many mails had which :class:`Outcome`.

    Raises:
        MailServerDown: no mail could be handed in; all of them wait as they were.
    """
    figures = Counter[str]()
    with sessions() as session:
        if session.scalar(select(Mail.message_id).where(_due(now)).limit(1)) is None:
            return figures
    with carrier.opened() as post:
        while keep_going() and (outcome := _send_next(sessions, settings, post, now)):
            figures[outcome] += 1
            if outcome is Outcome.INTERRUPTED:
                break
    return figures


def standing(session: Session) -> dict[str, int]:
    """How many mails wait, and how many were given up."""
    # One by one, because each state has an index of its own.
    return {
        state.value: session.scalar(select(func.count(Mail.message_id)).where(Mail.state == state)) or 0
        for state in (MailState.WAITING, MailState.FAILED)
    }


def _due(now: dt.datetime) -> ColumnElement[bool]:
    return (Mail.state == MailState.WAITING) & (Mail.due_at <= now)


def _send_next(sessions: SessionFactory, settings: Settings, post: Post, now: dt.datetime) -> Outcome | None:
    """Send one mail; None when none is due, but for those that others are sending."""
    with transaction(sessions) as session:
        mail = session.scalar(
            select(Mail)
            .join(Mail.message)
            .join(Message.user)
            .options(contains_eager(Mail.message).contains_eager(Message.user))
            .where(_due(now))
            .order_by(Mail.due_at, Mail.message_id)
            .limit(1)
            .with_for_update(of=Mail, skip_locked=True)
        )
        if mail is None:
            return None
        user = mail.message.user
        if not (user.active and user.email):
            session.delete(mail)
            return Outcome.DROPPED
        try:
            post(_written(mail.message, settings))
        except MailRefused as error:
            return _put_off(mail, now, error)
        except MailServerDown as error:
            _put_off(mail, now, error)
            return Outcome.INTERRUPTED
        mail.state, mail.sent_at = MailState.SENT, now
        return Outcome.SENT


def _written(message: Message, settings: Settings) -> EmailMessage:
    """The mail in its reader's language.

    Raises:
        MailRefused: it can't be written, and must not hold up those behind it.
    """
    try:
        return compose(_letter(message, settings.public_url), settings.mail_from)
    except Exception as error:
        raise MailRefused(repr(error)) from error


def _letter(message: Message, site: str) -> Letter:
    texts = Texts(message.user.locale)
    wording = write(message.kind, message.params, texts)
    return Letter(
        serial=message.id,
        written_at=message.created_at,
        name=message.user.name,
        address=message.user.email,
        title=wording.title,
        body=wording.body,
        # Through the message, so that it counts as read.
        link=f"{site}/messages/{message.id}",
        needs_action=message.needs_action,
        texts=texts,
    )


def _put_off(mail: Mail, now: dt.datetime, error: Exception) -> Outcome:
    mail.error = str(error)
    mail.tries += 1
    if mail.tries > len(RETRY_AFTER):
        mail.state = MailState.FAILED
        log.error("mail_given_up", message=mail.message_id, error=mail.error)
        return Outcome.GIVEN_UP
    mail.due_at = now + RETRY_AFTER[mail.tries - 1]
    return Outcome.PUT_OFF
