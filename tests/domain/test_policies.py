"""Reading and checking an approval policy, and telling two versions apart."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from marketplace.domain.approvals import DEFAULT_POLICY, OnOverdue, PolicyStep, Side
from marketplace.domain.errors import Invalid
from marketplace.domain.orders import OrderKind
from marketplace.domain.permissions import Role
from marketplace.domain.policies import MOST_STEPS, check_policy, differences, read_note, read_policy

ROW = {
    "kind": "transfer",
    "role": "unit_approver",
    "side": "receiver",
    "min_value": "",
    "category": "",
    "only_across_departments": "",
    "together": "",
    "deadline_days": "2",
    "remind_days": "1",
    "on_overdue": "remind",
}
LOAN = ROW | {"kind": "loan"}


def test_the_default_is_acceptable() -> None:
    check_policy(DEFAULT_POLICY)


def test_rows_are_numbered_within_their_kind_and_joined_where_they_say_so() -> None:
    finance = ROW | {
        "role": "finance_approver",
        "min_value": "50万",
        "together": "1",
        "on_overdue": "escalate",
    }
    steps = read_policy([LOAN, ROW, ROW | {"side": "giver"}, finance])
    assert [(step.kind, step.position) for step in steps] == [
        ("transfer", 1),
        ("transfer", 2),
        ("transfer", 2),
        ("loan", 1),
    ]
    assert steps[2].min_value == Decimal(500_000)
    # Platform-wide roles are asked where the thing comes from.
    assert (steps[2].side, steps[2].on_overdue) == (Side.GIVER, OnOverdue.ESCALATE)


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"role": "nobody"}, "role", "请选择"),
        ({"role": "staff"}, "role", "这个角色不办理审批"),
        ({"side": ""}, "side", "请选择"),
        ({"role": "finance_approver"}, "min_value", "财政审批须写明从多少金额起"),
        ({"min_value": "很多"}, "min_value", "应为金额"),
        ({"min_value": "0"}, "min_value", "金额应大于0"),
        ({"deadline_days": "两天"}, "deadline_days", "应为整数"),
        ({"deadline_days": "0"}, "deadline_days", "期限应在1到%(days)d个工作日之间"),
        ({"deadline_days": "61"}, "deadline_days", "期限应在1到%(days)d个工作日之间"),
        ({"remind_days": "2"}, "remind_days", "提醒应早于期限"),
    ],
)
def test_what_is_wrong_is_named_by_row_and_field(changes: dict[str, str], field: str, message: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_policy([ROW, ROW | changes, LOAN])
    (place,) = caught.value.fields
    assert (place.field, place.row, message in place.message) == (field, 2, True)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([ROW], "借用"),
        ([LOAN, ROW | {"only_across_departments": "1"}], "调剂"),
        ([LOAN, ROW | {"min_value": "100"}], "调剂"),
        ([LOAN, ROW | {"category": "2022:A02010108"}], "调剂"),
    ],
)
def test_no_order_may_go_through_without_anybodys_consent(rows: list[dict[str, str]], message: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_policy(rows)
    (place,) = caught.value.fields
    assert place.params == {"kind": message}
    assert "至少要有一个不带条件的步骤" in place.message


def test_a_policy_has_an_end() -> None:
    with pytest.raises(Invalid) as caught:
        read_policy([LOAN] + [ROW] * MOST_STEPS)
    assert "最多%(count)d个步骤" in caught.value.fields[0].message


@pytest.mark.parametrize("note", ["", " ", "改", "长" * 201])
def test_a_change_is_explained(note: str) -> None:
    with pytest.raises(Invalid):
        read_note(note)


def test_versions_differ_by_steps_not_by_places() -> None:
    first, *rest = DEFAULT_POLICY
    added = PolicyStep(OrderKind.TRANSFER, 1, Role.DEPARTMENT_APPROVER, Side.GIVER)
    longer = replace(first, position=2, deadline_days=5)
    later = [replace(s, position=s.position + 1) if s.kind == OrderKind.TRANSFER else s for s in rest[:-1]]
    found = differences(DEFAULT_POLICY, [added, longer, *later])
    said = [(c.before and c.before.role, c.after and c.after.role, c.changed_fields()) for c in found.changes]
    assert said == [
        (Role.UNIT_ASSET_OFFICER, None, []),
        (None, Role.DEPARTMENT_APPROVER, []),
        (Role.UNIT_APPROVER, Role.UNIT_APPROVER, ["deadline_days"]),
    ]
    assert found.reordered == ()


def test_another_order_is_a_difference() -> None:
    one, two, *rest = DEFAULT_POLICY
    swapped = [replace(two, position=1), replace(one, position=2), *rest]
    assert differences(DEFAULT_POLICY, swapped).reordered == (OrderKind.TRANSFER,)
    assert differences(DEFAULT_POLICY, [one, replace(two, position=1), *rest]).reordered == (
        OrderKind.TRANSFER,
    )
    assert differences(DEFAULT_POLICY, DEFAULT_POLICY) == differences([], [])
