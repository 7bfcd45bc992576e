"""Sending the mails that wait: one for a message, and one a day for what was gathered.

Each mail is claimed, handed in and marked in a transaction of its own. Whoever is killed in between
leaves it waiting: it may go out twice, under the same Message-ID, but never not at all. Several senders
share the work, because a claimed row is skipped by the others.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from email.message import EmailMessage
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, func, literal, or_, select
from sqlalchemy.orm import Session, contains_eager
from structlog import get_logger

from marketplace.config import Settings
from marketplace.db.messages import Digest, Mail, MailState, Message
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.messages import subject_of, write
from marketplace.domain.reminders import MOST_IN_DIGEST
from marketplace.domain.text import N_
from marketplace.mail.carriers import Carrier, MailRefused, MailServerDown, Post
from marketplace.mail.letters import Item, Letter, Section, compose
from marketplace.texts import Texts
from marketplace.use_cases import digests

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
        if session.scalar(any_due(now)) is None:
            return figures
    with carrier.opened() as post:
        while keep_going() and (outcome := _send_next(sessions, settings, post, now)):
            figures[outcome] += 1
            if outcome is Outcome.INTERRUPTED:
                break
    return figures


def any_due(now: dt.datetime) -> Select[int]:
    """A row if some mail is due."""
    due = [select(kind.due_at).where(_due(kind, now)).exists() for kind in (Mail, Digest)]
    return select(literal(1)).where(or_(*due))


def standing(session: Session) -> dict[str, int]:
    """How many mails wait, and how many were given up."""
    # One by one, because each state has an index of its own.
    return {
        state.value: sum(
            session.scalar(select(func.count()).select_from(kind).where(kind.state == state)) or 0
            for kind in (Mail, Digest)
        )
        for state in (MailState.WAITING, MailState.FAILED)
    }


def _due(kind: type[Mail] | type[Digest], now: dt.datetime) -> ColumnElement[bool]:
    return (kind.state == MailState.WAITING) & (kind.due_at <= now)


def _send_next(sessions: SessionFactory, settings: Settings, post: Post, now: dt.datetime) -> Outcome | None:
    """Send one mail; None when none is due, but for those that others are sending."""
    with transaction(sessions) as session:
        mail = _next_mail(session, now) or _next_digest(session, now)
        if mail is None:
            return None
        user = mail.message.user if isinstance(mail, Mail) else mail.user
        if not (user.active and user.email):
            return _drop(session, mail)
        try:
            written = _written(session, mail, settings)
            if written is None:
                return _drop(session, mail)
            post(written)
        except MailRefused as error:
            return _put_off(mail, now, error)
        except MailServerDown as error:
            _put_off(mail, now, error)
            return Outcome.INTERRUPTED
        mail.state, mail.sent_at = MailState.SENT, now
        return Outcome.SENT


def _next_mail(session: Session, now: dt.datetime) -> Mail | None:
    return session.scalar(
        select(Mail)
        .join(Mail.message)
        .join(Message.user)
        .options(contains_eager(Mail.message).contains_eager(Message.user))
        .where(_due(Mail, now))
        .order_by(Mail.due_at, Mail.message_id)
        .limit(1)
        .with_for_update(of=Mail, skip_locked=True)
    )


def _next_digest(session: Session, now: dt.datetime) -> Digest | None:
    return session.scalar(
        select(Digest)
        .join(Digest.user)
        .options(contains_eager(Digest.user))
        .where(_due(Digest, now))
        .order_by(Digest.due_at, Digest.id)
        .limit(1)
        .with_for_update(of=Digest, skip_locked=True)
    )


def _drop(session: Session, mail: Mail | Digest) -> Outcome:
    if isinstance(mail, Digest):
        digests.drop(session, mail)
    else:
        session.delete(mail)
    return Outcome.DROPPED


def _written(session: Session, mail: Mail | Digest, settings: Settings) -> EmailMessage | None:
    """The mail in its reader's language; None when there is nothing left to say.

    Raises:
        MailRefused: it can't be written, and must not hold up those behind it.
    """
    try:
        letter = (
            _letter(mail.message, settings.public_url)
            if isinstance(mail, Mail)
            else _digest(session, mail, settings.public_url)
        )
        return compose(letter, settings.mail_from) if letter else None
    except Exception as error:
        raise MailRefused(repr(error)) from error


def _digest(session: Session, digest: Digest, site: str) -> Letter | None:
    """Everything of a day: what is asked for first, and each part by what it is about."""
    found, more = digests.contents(session, digest, MOST_IN_DIGEST)
    if not found:
        return None
    texts = Texts(digest.user.locale)
    asking = sum(message.needs_action for message in found)
    counts = {"asking": texts.number(asking), "telling": texts.number(len(found) - asking)}
    body = texts.translate(N_("%(day)s的汇总。没有读过的消息都列在下面，请先办理前面的。"))
    rest = texts.translate(N_("另有%(count)s条消息，请登录后查看。")) % {"count": texts.number(more)}
    return Letter(
        serial=f"day{digest.id}",
        written_at=digest.created_at,
        name=digest.user.name,
        address=digest.user.email,
        title=texts.translate(N_("每日汇总：%(asking)s件待办，%(telling)s条消息")) % counts,
        body=body % {"day": texts.day(digest.day)} + (rest if more else ""),
        link=f"{site}/inbox" if asking else f"{site}/messages",
        needs_action=asking > 0,
        texts=texts,
        sections=_sections(found, texts, site),
    )


def _sections(found: Sequence[Message], texts: Texts, site: str) -> tuple[Section, ...]:
    sections: dict[tuple[bool, str], list[Item]] = {}
    for message in found:
        wording = write(message.kind, message.params, texts)
        item = Item(wording.title, wording.body, f"{site}/messages/{message.id}")
        sections.setdefault((message.needs_action, subject_of(message.kind)), []).append(item)
    parts = {True: texts.translate(N_("请您办理")), False: texts.translate(N_("供您了解"))}
    between = texts.translate(N_("："))
    return tuple(
        Section(parts[asking] + between + texts.translate(subject), tuple(items))
        for (asking, subject), items in sections.items()
    )


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


def _put_off(mail: Mail | Digest, now: dt.datetime, error: Exception) -> Outcome:
    mail.error = str(error)
    mail.tries += 1
    if mail.tries > len(RETRY_AFTER):
        mail.state = MailState.FAILED
        number = mail.message_id if isinstance(mail, Mail) else f"day{mail.id}"
        log.error("mail_given_up", message=number, error=mail.error)
        return Outcome.GIVEN_UP
    mail.due_at = now + RETRY_AFTER[mail.tries - 1]
    return Outcome.PUT_OFF
