"""Telling users something, and what they do with what they were told.

Reading and marking is always about the actor's own messages: those of others do not exist for them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    SQLColumnExpression,
    String,
    TableValuedAlias,
    Update,
    any_,
    bindparam,
    cast,
    column,
    func,
    insert,
    literal,
    literal_column,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as insert_new
from sqlalchemy.orm import Session, joinedload

from marketplace.db.messages import Mail, Message
from marketplace.db.people import RoleGrant, Unit, User
from marketplace.db.statements import Source, Statement
from marketplace.domain.errors import NotFound
from marketplace.domain.messages import KINDS, keep
from marketplace.domain.permissions import Actor, Role
from marketplace.domain.text import N_

PAGE = 30
MOST_COUNTED = 100
"""Unread messages are counted up to here: whoever has more reads «99+»."""

_UNREAD = (
    select(Message.id)
    .where(Message.user_id == bindparam("user_id"), Message.read_at.is_(None))
    .limit(literal_column(str(MOST_COUNTED)))
)
_COUNT_UNREAD = Statement(select(func.count()).select_from(_UNREAD.subquery()))


class Show(StrEnum):
    """Which messages a list goes through."""

    ALL = "all"
    UNREAD = "unread"
    ACTION = "action"


_SHOWN: dict[Show, SQLColumnExpression[bool]] = {
    Show.ALL: true(),
    Show.UNREAD: Message.read_at.is_(None),
    Show.ACTION: Message.needs_action,
}


def tell(
    session: Session,
    now: dt.datetime,
    user_ids: Iterable[int],
    kind: str,
    *,
    link: str,
    besides: int | None = None,
    once: str = "",
    **params: object,
) -> None:
    """Tell each of these users, here and by mail: one statement, however many they are.

    What the clock finds goes out with the mail of the day (:mod:`marketplace.use_cases.digests`), and so
    does everything to those who want it so.

    Left out are users who are not active, and ``besides``: whoever did it knows already. Users who were
    told something under the same ``once`` before are not told again. ``link`` is an address of this site,
    from its root; ``params`` are what the kind's texts name (:data:`marketplace.domain.messages.KINDS`).

    Raises:
        KeyError: there is no such kind.
        TypeError: the values are not exactly those that the kind's texts name.
    """
    told = select(User.id, literal(keep(kind, params), JSONB), literal(link), literal(once))
    ids = cast(sorted(set(user_ids) - {besides}), ARRAY(BigInteger))
    _tell(session, now, kind, told.where(User.id == any_(ids)))


@dataclass(frozen=True, slots=True)
class Word:
    """Something about a unit, for those who hold a role over it; the rest is as in :func:`tell`."""

    unit_id: int
    moment: dt.datetime
    """When it came about: of a kind, a unit and a moment everybody is told once."""
    link: str
    params: Mapping[str, object]


def tell_holders(session: Session, now: dt.datetime, role: Role, kind: str, words: Iterable[Word]) -> None:
    """Tell the holders of exactly this role (``Actor.holds``) of these units: one statement for all.

    Raises:
        KeyError, TypeError: as :func:`tell`.
    """
    rows = [
        {
            "place": place,
            "unit_id": word.unit_id,
            "params": keep(kind, word.params),
            "link": word.link,
            "once": f"{kind}:{word.unit_id}:{word.moment.astimezone(dt.UTC).isoformat()}",
        }
        for place, word in enumerate(words)
    ]
    if not rows:
        return
    word = _listed(literal(rows, JSONB))
    holding = select(RoleGrant.user_id).where(RoleGrant.role == role, RoleGrant.unit_id == any_(Unit.path))
    told = select(User.id, word.c.params, word.c.link, word.c.once).select_from(word)
    told = told.join(Unit, Unit.id == word.c.unit_id).join(User, User.id.in_(holding))
    _tell(session, now, kind, told.order_by(word.c.place, User.id))


def _listed(rows: ColumnElement[Any]) -> TableValuedAlias:
    columns = (
        column("place", BigInteger),
        column("unit_id", BigInteger),
        column("params", JSONB),
        column("link", String),
        column("once", String),
    )
    return func.jsonb_to_recordset(rows).table_valued(*columns, name="word").render_derived(with_types=True)


def _tell(session: Session, now: dt.datetime, kind: str, told: Select[Any]) -> None:
    """Write down what users are told, and their mails. ``told``: user, params, link and once of each."""
    values: dict[str, ColumnElement[Any]] = {
        "kind": literal(kind),
        "needs_action": literal(KINDS[kind].needs_action),
        "created_at": literal(now),
        "for_digest": (literal(KINDS[kind].daily) | User.daily_mail) & (User.email != ""),
    }
    names = ["user_id", "params", "link", "once", *values]
    new = (
        insert_new(Message)
        .from_select(names, told.add_columns(*values.values()).where(User.active))
        .on_conflict_do_nothing()
        .returning(Message.id, Message.user_id, Message.for_digest)
        .cte("told")
    )
    mailed = (
        select(new.c.id, literal(now))
        .join(User, User.id == new.c.user_id)
        .where(User.email != "", ~new.c.for_digest)
    )
    session.execute(insert(Mail).from_select(["message_id", "due_at"], mailed))


def tell_named(
    session: Session,
    now: dt.datetime,
    user_ids: Iterable[int],
    kind: str,
    values: Mapping[str, object],
    *,
    link: str,
    besides: int | None = None,
) -> None:
    """The same, from values of which the kind names some."""
    params = {name: values[name] for name in KINDS[kind].params}
    tell(session, now, user_ids, kind, link=link, besides=besides, **params)  # type: ignore[arg-type]


def settle(session: Session, link: str, user_ids: Iterable[int] | None = None) -> None:
    """What was asked under this address has been done, or is no longer wanted: of these users, or of all."""
    asked = update(Message).where(Message.link == link, Message.needs_action)
    if user_ids is not None:
        asked = asked.where(Message.user_id.in_(user_ids))
    session.execute(asked.values(needs_action=False))


def settle_all(session: Session, links: Iterable[str]) -> None:
    """The same, of all users, for many addresses at once."""
    asked = update(Message).where(
        Message.link == any_(cast(list(links), ARRAY(String))), Message.needs_action
    )
    session.execute(asked.values(needs_action=False))


def unread_count(source: Source, user_id: int) -> int:
    """How many messages a user has not read, up to :data:`MOST_COUNTED`; every page asks."""
    return int(_COUNT_UNREAD.rows(source, {"user_id": user_id})[0][0])


def search(
    session: Session, actor: Actor, show: Show = Show.ALL, *, before: int | None = None
) -> tuple[list[Message], int | None]:
    """A page of the actor's messages with their mails, newest first, and the id to go on from."""
    query = (
        select(Message)
        .where(Message.user_id == actor.user_id, _SHOWN[show])
        .options(joinedload(Message.mail), joinedload(Message.digest))
        .order_by(Message.id.desc())
        .limit(PAGE + 1)
    )
    if before is not None:
        query = query.where(Message.id < before)
    found = list(session.scalars(query))
    return found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None


def mark_read(session: Session, actor: Actor, now: dt.datetime, message_id: int) -> str:
    """Mark a message read, and give the address that it leads to; when it was read first is kept.

    Raises:
        NotFound: the actor was told nothing under this id.
    """
    return _mark(session, actor, message_id, func.coalesce(Message.read_at, now))


def mark_unread(session: Session, actor: Actor, message_id: int) -> None:
    """Mark a message unread, to come back to it.

    Raises:
        NotFound: the actor was told nothing under this id.
    """
    _mark(session, actor, message_id, None)


def mark_all_read(session: Session, actor: Actor, now: dt.datetime) -> int:
    """Mark everything read that the actor has not read; how many that were."""
    unread = update(Message).where(Message.user_id == actor.user_id, Message.read_at.is_(None))
    return _count(session, unread.values(read_at=now))


def unmark_all_read(session: Session, actor: Actor, moment: dt.datetime) -> int:
    """Undo :func:`mark_all_read` of this moment; how many are unread again."""
    marked = update(Message).where(Message.user_id == actor.user_id, Message.read_at == moment)
    return _count(session, marked.values(read_at=None))


def _mark(session: Session, actor: Actor, message_id: int, read_at: object) -> str:
    own = update(Message).where(Message.id == message_id, Message.user_id == actor.user_id)
    link: str | None = session.scalar(own.values(read_at=read_at).returning(Message.link))
    if link is None:
        raise NotFound(N_("没有找到这条消息。"))
    return link


def _count(session: Session, change: Update) -> int:
    """Make a change; how many rows it was."""
    changed = change.returning(Message.id).cte()
    return session.scalar(select(func.count()).select_from(changed)) or 0
