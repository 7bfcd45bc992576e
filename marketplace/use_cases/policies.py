"""The approval policy: the version in force, saving a new one, and the versions there have been."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import func, insert, select, tuple_
from sqlalchemy.orm import Session, joinedload, selectinload

from marketplace.db.catalogue import Category
from marketplace.db.policies import PolicyRow, PolicyVersion
from marketplace.domain.approvals import PolicyStep
from marketplace.domain.errors import Conflict, FieldError, Invalid, NotAllowed, NotFound, RuleError
from marketplace.domain.permissions import Actor, Permission
from marketplace.domain.policies import Differences, check_policy, differences, read_note
from marketplace.domain.text import N_
from marketplace.use_cases import audit

POLICY_LOCK = 7_351_102
"""Advisory lock: versions are saved one after the other, so that their numbers have no gaps."""
PAGE = 10


@dataclass(frozen=True, slots=True)
class SavedVersion:
    """A version as the list of versions shows it."""

    number: int
    created_at: dt.datetime
    author: str
    """Empty for the one that comes with a release."""
    note: str
    steps: tuple[PolicyStep, ...]
    changes: Differences | None
    """Against the version before; None for the first."""


def current(session: Session) -> tuple[int, list[PolicyStep]]:
    """Number and steps of the version in force.

    Raises:
        RuleError: there is no policy yet, so nothing can be asked for.
    """
    newest = select(func.max(PolicyVersion.number)).scalar_subquery()
    rows = session.scalars(select(PolicyRow).where(PolicyRow.version == newest).order_by(PolicyRow.id)).all()
    if not rows:
        raise RuleError(N_("还没有审批规则，暂时不能提交申请。请联系系统管理员设置。"), code="no_policy")
    return rows[0].version, [row.as_step() for row in rows]


def of_version(session: Session, number: int) -> list[PolicyStep]:
    """The steps of one version, in force or not.

    Raises:
        NotFound: there is no such version.
    """
    rows = session.scalars(select(PolicyRow).where(PolicyRow.version == number).order_by(PolicyRow.id)).all()
    if not rows:
        raise NotFound(N_("没有第%(number)d版审批规则。"), number=number)
    return [row.as_step() for row in rows]


def versions(session: Session, before: int = 0) -> tuple[list[SavedVersion], int]:
    """A page of the versions, newest first, and the number to go on before; 0 at the end."""
    query = select(PolicyVersion).options(joinedload(PolicyVersion.author), selectinload(PolicyVersion.steps))
    if before:
        query = query.where(PolicyVersion.number < before)
    rows = session.scalars(query.order_by(PolicyVersion.number.desc()).limit(PAGE + 1)).all()
    pairs = pairwise([*rows, None])
    found = [_saved(row, older) for row, older in pairs if row is not None][:PAGE]
    return found, found[-1].number if len(rows) > PAGE else 0


def save_new_version(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    based_on_version: int,
    steps: Sequence[PolicyStep],
    note: str,
) -> int:
    """Put a policy in force for orders submitted from now on; gives its number.

    Orders under way keep the version they started with.

    Raises:
        Conflict: somebody saved a version meanwhile.
        Invalid: the policy can't be accepted, changes nothing, or the change isn't explained.
        NotAllowed: the actor may not manage policies.
    """
    if not actor.may_anywhere(Permission.MANAGE_POLICIES):
        raise NotAllowed(N_("审批规则由公物仓管理员和系统管理员维护。如需调整，请与他们联系。"))
    session.execute(select(func.pg_advisory_xact_lock(POLICY_LOCK)))
    newest = _newest(session)
    before = _check_newest(newest, based_on_version)
    reason = read_note(note)
    check_policy(steps)
    _check_categories(session, steps)
    if list(steps) == before:
        raise Invalid(N_("内容与现行规则相同，没有需要保存的修改。"))
    number = based_on_version + 1
    _insert(session, actor, now, number, steps, reason)
    audit.record(
        session,
        actor,
        now,
        "policy.save",
        "policy",
        number,
        before={"version": based_on_version, "steps": [_plain(step) for step in before]},
        after={"version": number, "steps": [_plain(step) for step in steps]},
        reason=reason,
    )
    return number


def _newest(session: Session) -> PolicyVersion | None:
    query = select(PolicyVersion).options(joinedload(PolicyVersion.author), selectinload(PolicyVersion.steps))
    return session.scalar(query.order_by(PolicyVersion.number.desc()).limit(1))


def _check_newest(newest: PolicyVersion | None, expected: int) -> list[PolicyStep]:
    """The steps of the version that the edit began with, which is still the newest."""
    if (newest.number if newest else 0) != expected:
        raise Conflict(
            N_("%(name)s刚保存了第%(number)d版。您填写的内容还在，请对照下面的版本记录核对后再保存。"),
            code="version_conflict",
            name=newest.author.name if newest and newest.author else N_("平台"),
            number=newest.number if newest else 0,
        )
    return [row.as_step() for row in newest.steps] if newest else []


def _check_categories(session: Session, steps: Sequence[PolicyStep]) -> None:
    wanted = {step.category for step in steps if step.category}
    keys = [tuple(category.partition(":")[::2]) for category in wanted]
    known = select(Category.edition, Category.code).where(tuple_(Category.edition, Category.code).in_(keys))
    there = {f"{edition}:{code}" for edition, code in session.execute(known)} if keys else set()
    wrong = tuple(
        FieldError("category", N_("没有“%(given)s”这个分类，请从列表中选择。"), {"given": step.category}, row)
        for row, step in enumerate(steps, 1)
        if step.category and step.category not in there
    )
    if wrong:
        raise Invalid(N_("有 %(count)d 处需要修改"), fields=wrong, count=len(wrong))


def _insert(
    session: Session, actor: Actor, now: dt.datetime, number: int, steps: Sequence[PolicyStep], note: str
) -> None:
    version = {"number": number, "created_at": now, "created_by": actor.user_id, "note": note}
    session.execute(insert(PolicyVersion), [version])
    session.execute(insert(PolicyRow), [{"version": number, **asdict(step)} for step in steps])


def _saved(row: PolicyVersion, older: PolicyVersion | None) -> SavedVersion:
    steps = tuple(step.as_step() for step in row.steps)
    return SavedVersion(
        number=row.number,
        created_at=row.created_at,
        author=row.author.name if row.author else "",
        note=row.note,
        steps=steps,
        changes=differences([step.as_step() for step in older.steps], steps) if older else None,
    )


def _plain(step: PolicyStep) -> dict[str, Any]:
    """A step as the audit trail keeps it: amounts as text."""
    return asdict(step) | {"min_value": None if step.min_value is None else str(step.min_value)}
