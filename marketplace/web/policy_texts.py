"""A step of the approval policy, and what a version changed of it, in words."""

from __future__ import annotations

from flask_babel import gettext, ngettext

from marketplace.domain.approvals import ON_OVERDUE_NAMES, PLATFORM_ROLES, SIDE_NAMES, PolicyStep
from marketplace.domain.orders import KIND_NAMES
from marketplace.domain.permissions import ROLE_NAMES
from marketplace.domain.policies import FIELD_NAMES, Change, Differences
from marketplace.edge.i18n import money


def who(step: PolicyStep) -> str:
    """单位审批人（调出方); platform-wide roles have no side."""
    role = gettext(ROLE_NAMES[step.role])
    if step.role in PLATFORM_ROLES:
        return role
    return gettext("%(role)s（%(side)s）", role=role, side=gettext(SIDE_NAMES[step.side]))


def conditions(step: PolicyStep) -> list[str]:
    """When the step applies; nothing for one that always does."""
    said = []
    if step.only_across_departments:
        said.append(gettext("双方不属同一主管部门时"))
    if step.min_value is not None:
        said.append(gettext("账面原值%(amount)s及以上", amount=money(step.min_value)))
    if step.category:
        said.append(gettext("含分类%(category)s的资产", category=step.category))
    return said


def described(step: PolicyStep) -> str:
    """Who decides, when the step applies, and how long it may take."""
    return gettext("，").join([who(step), *conditions(step), days(step.deadline_days)])


def change_lines(changes: Differences) -> list[tuple[str, str]]:
    """What a version changed: ``added``, ``removed``, ``changed`` or ``moved``, and a sentence."""
    lines = [_line(change) for change in changes.changes]
    moved = [
        ("moved", gettext("%(kind)s：调整了顺序", kind=gettext(KIND_NAMES[k]))) for k in changes.reordered
    ]
    return lines + moved


def _line(change: Change) -> tuple[str, str]:
    step = change.after or change.before
    assert step is not None
    if change.before and change.after:
        name = gettext("%(kind)s：%(who)s", kind=gettext(KIND_NAMES[step.kind]), who=who(step))
        return "changed", gettext("%(step)s，%(changes)s", step=name, changes=_fields(change))
    said = gettext("%(kind)s：%(who)s", kind=gettext(KIND_NAMES[step.kind]), who=described(step))
    return ("added" if change.after else "removed"), said


def _fields(change: Change) -> str:
    return gettext("；").join(
        gettext(
            "%(field)s由“%(old)s”改为“%(new)s”",
            field=gettext(FIELD_NAMES[name]),
            old=_value(change.before, name),
            new=_value(change.after, name),
        )
        for name in change.changed_fields()
    )


def days(count: int) -> str:
    """3个工作日."""
    return ngettext("%(num)d个工作日", "%(num)d个工作日", count)


def _value(step: PolicyStep | None, name: str) -> str:
    value = getattr(step, name)
    if name == "min_value":
        return money(value) if value is not None else gettext("不限")
    if name in ("deadline_days", "remind_days"):
        return days(value)
    if name == "on_overdue":
        return gettext(ON_OVERDUE_NAMES[value])
    if name == "only_across_departments":
        return gettext("仅跨主管部门") if value else gettext("不限")
    return str(value) or gettext("不限")
