"""Values that an administrator sets on a page, each group of them under a name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.db.outbox import Setting
from marketplace.domain.errors import Conflict, NotAllowed
from marketplace.domain.permissions import Actor, Permission
from marketplace.domain.text import N_
from marketplace.use_cases import audit

Values = TypeVar("Values")


def kept(session: Session, name: str) -> Mapping[str, Any]:
    """What was set under a name; nothing where nobody ever did."""
    return session.scalar(select(Setting.value).where(Setting.name == name)) or {}


def change(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    name: str,
    current: Callable[[Session], Values],
    as_json: Callable[[Values], dict[str, Any]],
    values: Values,
    shown: Values,
) -> Values:
    """Set what is kept under a name in place of what was ``shown``, and record the difference.

    ``current`` reads what holds, with the defaults of what nobody ever set.

    Raises:
        Conflict: somebody else changed it meanwhile.
        NotAllowed: the actor sets nothing.
    """
    if not actor.may_anywhere(Permission.MANAGE_SETTINGS):
        raise NotAllowed(N_("您没有办理此事的权限。如确需办理，请联系本单位安全管理员开通。"))
    row = session.get(Setting, name, with_for_update=True, populate_existing=True)
    before = current(session)
    if before != shown:
        raise Conflict(N_("参数刚被他人修改过。您填写的内容还在，请核对后再保存。"), code="version_conflict")
    if row is None:
        row = Setting(name=name, value={}, changed_at=now)
        session.add(row)
    row.value, row.changed_at, row.changed_by = as_json(values), now, actor.user_id
    session.flush()
    old, new = audit.differences(as_json(before), as_json(values))
    if new:
        audit.record(session, actor, now, "settings.change", "setting", None, before=old, after=new)
    return values
