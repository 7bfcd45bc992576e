"""The rules of disposals and auctions as an administrator set them."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.db.outbox import Setting
from marketplace.domain.auction_rules import Rules, as_json, from_json
from marketplace.domain.errors import Conflict, NotAllowed
from marketplace.domain.permissions import Actor, Permission
from marketplace.domain.text import N_
from marketplace.use_cases import audit

NAME = "auction_rules"


def rules_of(session: Session) -> Rules:
    """What holds now; what nobody ever set has its default, and nothing is below the law."""
    return from_json(session.scalar(select(Setting.value).where(Setting.name == NAME)) or {})


def save(session: Session, actor: Actor, now: dt.datetime, rules: Rules, shown: Rules) -> Rules:
    """Change the rules that were ``shown``; they hold for what is drafted, approved or published from now on.

    Raises:
        Conflict: somebody else changed them meanwhile.
        NotAllowed: the actor sets nothing.
    """
    if not actor.may_anywhere(Permission.MANAGE_SETTINGS):
        raise NotAllowed(N_("您没有办理此事的权限。如确需办理，请联系本单位安全管理员开通。"))
    row = session.get(Setting, NAME, with_for_update=True, populate_existing=True)
    before = rules_of(session)
    if before != shown:
        raise Conflict(N_("参数刚被他人修改过。您填写的内容还在，请核对后再保存。"), code="version_conflict")
    if row is None:
        row = Setting(name=NAME, value={}, changed_at=now)
        session.add(row)
    row.value, row.changed_at, row.changed_by = as_json(rules), now, actor.user_id
    session.flush()
    old, new = audit.differences(as_json(before), as_json(rules))
    if new:
        audit.record(session, actor, now, "settings.change", "setting", None, before=old, after=new)
    return rules
