"""The limits of orders as an administrator set them."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, fields

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.db.outbox import Setting
from marketplace.domain.errors import Conflict, NotAllowed
from marketplace.domain.order_limits import OrderLimits
from marketplace.domain.permissions import Actor, Permission
from marketplace.domain.text import N_
from marketplace.use_cases import audit

NAME = "order_limits"


def current(session: Session) -> OrderLimits:
    """What holds now; what nobody ever set has its default."""
    kept = session.scalar(select(Setting.value).where(Setting.name == NAME)) or {}
    known = {one.name for one in fields(OrderLimits)}
    return OrderLimits(**{name: value for name, value in kept.items() if name in known})


def save(
    session: Session, actor: Actor, now: dt.datetime, limits: OrderLimits, shown: OrderLimits
) -> OrderLimits:
    """Change the limits that were ``shown``; they hold for what happens from now on.

    Raises:
        Conflict: somebody else changed them meanwhile.
        NotAllowed: the actor sets nothing.
    """
    if not actor.may_anywhere(Permission.MANAGE_SETTINGS):
        raise NotAllowed(N_("您没有办理此事的权限。如确需办理，请联系本单位安全管理员开通。"))
    row = session.get(Setting, NAME, with_for_update=True, populate_existing=True)
    before = current(session)
    if before != shown:
        raise Conflict(N_("参数刚被他人修改过。您填写的内容还在，请核对后再保存。"), code="version_conflict")
    if row is None:
        row = Setting(name=NAME, value={}, changed_at=now)
        session.add(row)
    row.value, row.changed_at, row.changed_by = asdict(limits), now, actor.user_id
    session.flush()
    old, new = audit.differences(asdict(before), asdict(limits))
    if new:
        audit.record(session, actor, now, "settings.change", "setting", None, before=old, after=new)
    return limits
