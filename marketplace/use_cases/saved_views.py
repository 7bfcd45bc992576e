"""Views of the register that a user keeps: a name for a search that is looked at again and again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from marketplace.db.views import SavedView
from marketplace.domain.errors import NotFound, invalid_field
from marketplace.domain.permissions import Actor
from marketplace.domain.text import N_, clean

NAME_LENGTH = 20
QUERY_LENGTH = 2000
MOST = 30
"""Views that one user may keep."""


def views_of(session: Session, actor: Actor) -> Sequence[SavedView]:
    """The actor's views, by name."""
    query = select(SavedView).where(SavedView.user_id == actor.user_id)
    return session.scalars(query.order_by(SavedView.name)).all()


def save(session: Session, actor: Actor, now: dt.datetime, name: str, query: str) -> None:
    """Keep a search under a name; one that bears the name already is replaced.

    Raises:
        Invalid: no name, or a longer one than there is room for; nothing to keep; or too many views.
    """
    wanted = clean(name)
    if not 1 <= len(wanted) <= NAME_LENGTH:
        raise invalid_field("name", N_("请给视图起个名字，不超过%(length)d个字。"), length=NAME_LENGTH)
    if not query or len(query) > QUERY_LENGTH:
        raise invalid_field("query", N_("没有可以保存的条件。请先筛选或搜索，再保存视图。"))
    others = (SavedView.user_id == actor.user_id) & (SavedView.name != wanted)
    if (session.scalar(select(func.count()).where(others)) or 0) >= MOST:
        raise invalid_field("name", N_("最多保存%(most)d个视图，请先删去不用的。"), most=MOST)
    values = {"query": query, "created_at": now}
    session.execute(
        upsert(SavedView)
        .values(user_id=actor.user_id, name=wanted, **values)
        .on_conflict_do_update(index_elements=["user_id", "name"], set_=values)
    )


def remove(session: Session, actor: Actor, view_id: int) -> str:
    """Forget a view; its name.

    Raises:
        NotFound: the actor keeps no such view.
    """
    own = (SavedView.id == view_id) & (SavedView.user_id == actor.user_id)
    name: str | None = session.scalar(delete(SavedView).where(own).returning(SavedView.name))
    if name is None:
        raise NotFound(N_("没有找到这个视图，可能已经删去。"))
    return name
