"""The rows of the policy's form: what they hold, and what its buttons do to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from werkzeug.datastructures import MultiDict

from marketplace.domain.approvals import OnOverdue, PolicyStep, Side
from marketplace.domain.orders import OrderKind
from marketplace.domain.permissions import Role
from marketplace.domain.policies import MOST_STEPS

FIELDS = (
    *("key", "kind", "role", "side", "min_value", "category", "only_across_departments", "together"),
    *("deadline_days", "remind_days", "on_overdue"),
)
"""Each row sends every one of these, so that the n-th value of each belongs to the n-th row."""

Row = dict[str, str]

NEW_ROW: Row = {
    "role": Role.UNIT_APPROVER,
    "side": Side.GIVER,
    "min_value": "",
    "category": "",
    "only_across_departments": "",
    "together": "",
    "deadline_days": "2",
    "remind_days": "1",
    "on_overdue": OnOverdue.REMIND,
}


def rows_of(steps: Iterable[PolicyStep]) -> list[Row]:
    """A policy as rows of the form."""
    rows: list[Row] = []
    before: PolicyStep | None = None
    for key, step in enumerate(_in_order(steps), 1):
        together = before is not None and (before.kind, before.position) == (step.kind, step.position)
        rows.append(_row(str(key), step, together))
        before = step
    return rows


def typed_rows(form: MultiDict[str, str]) -> list[Row]:
    """The rows as they were typed, transfers first; rows of an unknown kind are passed over."""
    columns = [form.getlist(name) for name in FIELDS]
    rows = [dict(zip(FIELDS, values, strict=True)) for values in zip(*columns, strict=False)]
    return _sorted(row for row in rows if row["kind"] in set(OrderKind))[: MOST_STEPS + 1]


def edited(rows: list[Row], what: str) -> list[Row]:
    """The rows after a button: ``add-transfer``, or ``up``, ``down`` or ``remove`` with a row's key."""
    verb, _, key = what.partition("-")
    if verb == "add" and key in set(OrderKind):
        return _sorted([*rows, {"key": _next_key(rows), "kind": key, **NEW_ROW}])
    place = next((at for at, row in enumerate(rows) if row["key"] == key), None)
    if place is None:
        return rows
    if verb == "remove":
        return rows[:place] + rows[place + 1 :]
    return _moved(rows, place, {"up": -1, "down": 1}.get(verb, 0))


def _moved(rows: Sequence[Row], place: int, by: int) -> list[Row]:
    """One row exchanged with its neighbour of the same kind, where there is one."""
    found, other = list(rows), place + by
    if 0 <= other < len(rows) and rows[other]["kind"] == rows[place]["kind"]:
        found[place], found[other] = found[other], found[place]
    return found


def _in_order(steps: Iterable[PolicyStep]) -> list[PolicyStep]:
    kinds = list(OrderKind)
    return sorted(steps, key=lambda step: (kinds.index(step.kind), step.position))


def _sorted(rows: Iterable[Row]) -> list[Row]:
    kinds = [str(kind) for kind in OrderKind]
    return sorted(rows, key=lambda row: kinds.index(row["kind"]))


def _next_key(rows: Iterable[Row]) -> str:
    return str(max((int(row["key"]) for row in rows if row["key"].isdecimal()), default=0) + 1)


def _row(key: str, step: PolicyStep, together: bool) -> Row:
    return {
        "key": key,
        "kind": step.kind,
        "role": step.role,
        "side": step.side,
        "min_value": "" if step.min_value is None else str(step.min_value),
        "category": step.category,
        "only_across_departments": "1" if step.only_across_departments else "",
        "together": "1" if together else "",
        "deadline_days": str(step.deadline_days),
        "remind_days": str(step.remind_days),
        "on_overdue": step.on_overdue,
    }
