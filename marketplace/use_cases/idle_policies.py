"""The idle policies: what holds for which category, and changing it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.db.catalogue import Category
from marketplace.db.idle import IdlePolicyRow
from marketplace.domain.errors import Conflict, NotAllowed, NotFound, invalid_field
from marketplace.domain.idle import IdlePolicy, plain
from marketplace.domain.permissions import Actor, Permission
from marketplace.domain.text import N_
from marketplace.use_cases import audit

MOST_POLICIES = 200


def current(session: Session) -> list[IdlePolicy]:
    """All that hold, that of all other categories first; the built-in one until somebody changes it."""
    return [policy for policy, _ in versions(session)]


def versions(session: Session) -> list[tuple[IdlePolicy, int]]:
    """The same, each with its version; 0 for the built-in one."""
    rows = session.scalars(select(IdlePolicyRow).order_by(IdlePolicyRow.category)).all()
    found = [(row.as_policy(), row.version) for row in rows]
    return found if found and not found[0][0].category else [(IdlePolicy(), 0), *found]


def for_category(session: Session, edition: str | None, code: str | None) -> IdlePolicy:
    """The policy of a card with this class, or with none."""
    keys = [""]
    if edition and code:
        path = session.scalar(select(Category.path).where(Category.edition == edition, Category.code == code))
        keys += [f"{edition}:{above}" for above in path or ()]
    rows = {
        row.category: row
        for row in session.scalars(select(IdlePolicyRow).where(IdlePolicyRow.category.in_(keys)))
    }
    nearest = next((rows[key] for key in reversed(keys) if key in rows), None)
    return nearest.as_policy() if nearest else IdlePolicy()


def save(session: Session, actor: Actor, now: dt.datetime, policy: IdlePolicy, version: int) -> None:
    """Put a policy in force for a category, for what is flagged and screened from now on.

    ``version`` is that of the policy which was shown; 0 where there was none.

    Raises:
        Conflict: somebody else changed it meanwhile.
        Invalid: there is no such category, or there are too many policies.
        NotAllowed: the actor may not manage policies.
    """
    _check_allowed(actor)
    _check_category(session, policy.category)
    row = session.get(IdlePolicyRow, policy.category, with_for_update=True, populate_existing=True)
    _check_version(row, version)
    before = plain(row.as_policy()) if row else {}
    if row is None:
        row = IdlePolicyRow(category=policy.category)
        session.add(row)
    for name, value in plain(policy).items():
        setattr(row, name, value)
    session.flush()
    old, new = audit.differences(before, plain(policy))
    if new:
        audit.record(
            session, actor, now, "idle_policy.save", "idle_policy", None, before=old or None, after=new
        )


def remove(session: Session, actor: Actor, now: dt.datetime, category: str, version: int) -> None:
    """Let the policy of the category above hold again.

    Raises:
        Conflict: somebody else changed it meanwhile.
        NotFound: the category has no policy of its own.
        NotAllowed: the actor may not manage policies.
    """
    _check_allowed(actor)
    row = session.get(IdlePolicyRow, category, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(N_("这个分类没有单独的规则。"))
    _check_version(row, version)
    before = plain(row.as_policy())
    session.delete(row)
    session.flush()
    audit.record(session, actor, now, "idle_policy.remove", "idle_policy", None, before=before)


def names(session: Session, policies: Sequence[IdlePolicy]) -> dict[str, str]:
    """What the categories of policies are called."""
    editions = {policy.edition for policy in policies} - {""}
    query = select(Category.edition, Category.code, Category.name).where(
        Category.edition.in_(editions), Category.code.in_({policy.code for policy in policies})
    )
    return {f"{edition}:{code}": name for edition, code, name in session.execute(query)}


def _check_allowed(actor: Actor) -> None:
    if not actor.may_anywhere(Permission.MANAGE_POLICIES):
        raise NotAllowed(N_("闲置规则由公物仓管理员和系统管理员维护。如需调整，请与他们联系。"))


def _check_category(session: Session, category: str) -> None:
    if not category:
        return
    edition, _, code = category.partition(":")
    if session.get(Category, (edition, code)) is None:
        raise invalid_field("category", N_("没有“%(given)s”这个分类，请从列表中选择。"), given=category)
    if len(current(session)) > MOST_POLICIES:
        raise invalid_field("category", N_("最多%(count)d个分类，请先取消一些。"), count=MOST_POLICIES)


def _check_version(row: IdlePolicyRow | None, version: int) -> None:
    if (row.version if row else 0) != version:
        raise Conflict(
            N_("这条规则刚被他人修改过。您填写的内容还在，请核对后再保存。"), code="version_conflict"
        )
