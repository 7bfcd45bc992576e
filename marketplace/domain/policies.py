"""What an approval policy must say: reading it as it is typed, checking it, and comparing two versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from marketplace.domain.approvals import DECIDING_ROLES, PLATFORM_ROLES, OnOverdue, PolicyStep, Side
from marketplace.domain.errors import FieldError, Invalid
from marketplace.domain.orders import KIND_NAMES, OrderKind
from marketplace.domain.permissions import Role
from marketplace.domain.text import N_, clean
from marketplace.domain.values import read_money

LONGEST_DEADLINE = 60
"""Working days."""
MOST_STEPS = 20
"""Rows of a policy, both kinds together."""
NOTE_LENGTH = 200

Word = TypeVar("Word", bound=StrEnum)

FIELD_NAMES = {
    "kind": N_("类型"),
    "position": N_("顺序"),
    "role": N_("审批角色"),
    "side": N_("哪一方"),
    "min_value": N_("账面原值起点"),
    "category": N_("资产分类"),
    "only_across_departments": N_("跨部门"),
    "deadline_days": N_("期限"),
    "remind_days": N_("提前提醒"),
    "on_overdue": N_("逾期"),
    "note": N_("修改说明"),
}
"""What the fields of a step are called where somebody edits it."""


def read_policy(rows: Sequence[Mapping[str, str]]) -> list[PolicyStep]:
    """A policy as it was typed: rows in order, each of its kind; ``together`` joins the row before.

    Raises:
        Invalid: with one entry per field of a row that can't be accepted, or for the whole.
    """
    reader = _Reader()
    steps = [reader.step(number, row) for number, row in enumerate(rows, 1)]
    reader.finish()
    together = [bool(row.get("together")) for row in rows]
    numbered = [step for kind in OrderKind for step in _numbered(kind, steps, together)]
    check_policy(numbered)
    return numbered


def check_policy(steps: Sequence[PolicyStep]) -> None:
    """Refuse a policy under which an order could go through without anybody's consent.

    Raises:
        Invalid: a kind has no step that always applies, there are too many, or a step makes no sense.
    """
    wrong = [*_without_steps(steps), *(error for at, step in enumerate(steps, 1) for error in _odd(at, step))]
    if len(steps) > MOST_STEPS:
        wrong.append(FieldError("", N_("最多%(count)d个步骤，请合并或删去一些。"), {"count": MOST_STEPS}))
    _refuse(wrong)


def read_note(typed: str) -> str:
    """Why the policy is changed; everybody who reads the versions will see it.

    Raises:
        Invalid: there is none, or it is too long.
    """
    note = clean(typed)
    if not 2 <= len(note) <= NOTE_LENGTH:
        message = N_("请写明为什么修改，最多%(length)d字。")
        _refuse([FieldError("note", message, {"length": NOTE_LENGTH})])
    return note


def _without_steps(steps: Iterable[PolicyStep]) -> list[FieldError]:
    """Kinds in which every step has a condition: an order that meets none would need nobody's consent."""
    safe = {step.kind for step in steps if step.always}
    message = N_("“%(kind)s”至少要有一个不带条件的步骤，否则有的申请会无人审批。")
    return [FieldError("", message, {"kind": name}) for kind, name in KIND_NAMES.items() if kind not in safe]


def _odd(row: int, step: PolicyStep) -> list[FieldError]:
    found = []
    if step.role not in DECIDING_ROLES:
        found.append(FieldError("role", N_("这个角色不办理审批，请另选。"), {}, row))
    if step.role is Role.FINANCE_APPROVER and step.min_value is None:
        found.append(FieldError("min_value", N_("财政审批须写明从多少金额起。"), {}, row))
    if step.min_value is not None and step.min_value <= 0:
        found.append(FieldError("min_value", N_("金额应大于0；不限金额请留空。"), {}, row))
    if not 1 <= step.deadline_days <= LONGEST_DEADLINE:
        message = N_("期限应在1到%(days)d个工作日之间。")
        found.append(FieldError("deadline_days", message, {"days": LONGEST_DEADLINE}, row))
    elif not 0 <= step.remind_days < step.deadline_days:
        found.append(FieldError("remind_days", N_("提醒应早于期限：填0到期限减1之间的天数。"), {}, row))
    return found


def _numbered(kind: OrderKind, steps: Sequence[PolicyStep], together: Sequence[bool]) -> list[PolicyStep]:
    """The steps of one kind with their positions, counted from 1."""
    found: list[PolicyStep] = []
    for step, joins in zip(steps, together, strict=True):
        if step.kind is kind:
            before = found[-1].position if found else 0
            found.append(replace(step, position=before if joins and found else before + 1))
    return found


def _refuse(wrong: Sequence[FieldError]) -> None:
    if wrong:
        raise Invalid(N_("有 %(count)d 处需要修改"), fields=tuple(wrong), count=len(wrong))


class _Reader:
    """Reads rows field by field, gathering what is wrong."""

    def __init__(self) -> None:
        self.wrong: list[FieldError] = []
        self.row = 0

    def step(self, number: int, raw: Mapping[str, str]) -> PolicyStep:
        self.row = number
        role = self._word(raw, "role", Role)
        return PolicyStep(
            kind=self._word(raw, "kind", OrderKind),
            position=0,
            role=role,
            side=Side.GIVER if role in PLATFORM_ROLES else self._word(raw, "side", Side),
            min_value=self._money(raw.get("min_value", "")),
            category=clean(raw.get("category", "")),
            only_across_departments=bool(raw.get("only_across_departments")),
            deadline_days=self._days(raw, "deadline_days"),
            remind_days=self._days(raw, "remind_days"),
            on_overdue=self._word(raw, "on_overdue", OnOverdue),
        )

    def finish(self) -> None:
        _refuse(self.wrong)

    def _word(self, raw: Mapping[str, str], name: str, words: type[Word]) -> Word:
        try:
            return words(raw.get(name, ""))
        except ValueError:
            self.wrong.append(FieldError(name, N_("请选择"), {}, self.row))
            return next(iter(words))

    def _days(self, raw: Mapping[str, str], name: str) -> int:
        text = clean(raw.get(name, ""))
        if text.isascii() and text.isdecimal() and len(text) <= 4:
            return int(text)
        self.wrong.append(FieldError(name, N_("应为整数"), {}, self.row))
        return 1

    def _money(self, typed: str) -> Decimal | None:
        if not clean(typed):
            return None
        try:
            return read_money(typed)
        except ValueError as error:
            self.wrong.append(FieldError("min_value", str(error), {}, self.row))
            return None


@dataclass(frozen=True, slots=True)
class Change:
    """How one step of a policy differs from the version before; None where there is no such step."""

    before: PolicyStep | None
    after: PolicyStep | None

    def changed_fields(self) -> list[str]:
        """Names of the fields that differ, in a step that is in both; its place is not one of them."""
        if self.before is None or self.after is None:
            return []
        old, new = _placeless(self.before), _placeless(self.after)
        return [f.name for f in fields(PolicyStep) if getattr(old, f.name) != getattr(new, f.name)]


@dataclass(frozen=True, slots=True)
class Differences:
    """What a version changes: steps, and kinds whose remaining steps come in another order."""

    changes: tuple[Change, ...]
    reordered: tuple[OrderKind, ...]


def differences(before: Sequence[PolicyStep], after: Sequence[PolicyStep]) -> Differences:
    """Compare two versions; steps of the same kind, role and side are taken to be the same step."""
    gone = list(before)
    pairs: list[Change] = []
    for step in after:
        same = _counterpart(step, gone)
        if same is not None:
            gone.remove(same)
        pairs.append(Change(same, step))
    removed = [Change(step, None) for step in gone]
    changed = [pair for pair in pairs if pair.before is None or pair.changed_fields()]
    return Differences((*removed, *changed), tuple(kind for kind in OrderKind if _reordered(kind, pairs)))


def _counterpart(step: PolicyStep, others: Sequence[PolicyStep]) -> PolicyStep | None:
    """The same step in another version: unchanged if it can be found so."""
    alike = [old for old in others if (old.kind, old.role, old.side) == (step.kind, step.role, step.side)]
    unchanged = [old for old in alike if _placeless(old) == _placeless(step)]
    return next(iter(unchanged or alike), None)


def _reordered(kind: OrderKind, pairs: Iterable[Change]) -> bool:
    kept = [(pair.before, pair.after) for pair in pairs if pair.before and pair.after]
    places = [(old.position, new.position) for old, new in kept if new.kind is kind]
    return _ranks([old for old, _ in places]) != _ranks([new for _, new in places])


def _ranks(places: Sequence[int]) -> list[int]:
    order = sorted(set(places))
    return [order.index(place) for place in places]


def _placeless(step: PolicyStep) -> PolicyStep:
    return replace(step, position=0)
