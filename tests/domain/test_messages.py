"""What users are told: every kind says all it should, in any language, from values that any row can keep."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from marketplace.domain.audit_chain import Fault, FaultKind
from marketplace.domain.message_params import PARAMS
from marketplace.domain.messages import KINDS, keep, write
from marketplace.domain.orders import OrderKind
from marketplace.domain.permissions import Role

VALUES: dict[str, object] = {
    "number": "DB2026090001",
    "transfer": "DJ2026090007",
    "order_kind": OrderKind.TRANSFER,
    "things": ["办公桌", "椅子", "书柜"],
    "receiver": "第一中学",
    "giver": "中心医院",
    "unit": "财政局",
    "person": "王芳",
    "role": Role.UNIT_APPROVER,
    "holders": [(Role.UNIT_APPROVER, "第一中学"), (Role.FINANCE_APPROVER, "财政局")],
    "reason": "数量不足。",
    "rule": "急需优先",
    "until": dt.date(2026, 9, 4),
    "starts_on": dt.date(2026, 9, 1),
    "ends_on": dt.date(2026, 9, 30),
    "place": 2,
    "count": 1200,
    "project": "报废车辆处置",
    "way": "转让（拍卖）",
    "fault": Fault(FaultKind.CHANGED, 12, 7),
}


class Marking:
    """A reader whose language puts brackets around every source text, and hyphens into dates."""

    def translate(self, source: str) -> str:
        return f"[{source}]"

    def day(self, value: dt.date) -> str:
        return value.isoformat()

    def number(self, value: int) -> str:
        return f"#{value}"


class Plain(Marking):
    """A reader of the source language."""

    def translate(self, source: str) -> str:
        return source


def values_of(kind: str) -> dict[str, object]:
    return {name: VALUES[name] for name in KINDS[kind].params}


def test_there_is_an_example_of_every_value() -> None:
    assert VALUES.keys() == PARAMS.keys()


def test_every_value_is_named_by_some_kind() -> None:
    assert frozenset[str]().union(*(kind.params for kind in KINDS.values())) == PARAMS.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_texts_for_exactly_its_values(kind: str) -> None:
    kept = json.loads(json.dumps(keep(kind, values_of(kind))))
    wording = write(kind, kept, Plain())
    assert wording.title
    assert not wording.title.endswith("。")
    assert wording.body.endswith("。")
    assert "。。" not in wording.body
    assert "%" not in wording.title + wording.body


@pytest.mark.parametrize("kind", KINDS)
def test_values_that_the_texts_do_not_name_are_refused(kind: str) -> None:
    given = values_of(kind)
    with pytest.raises(TypeError, match=kind):
        keep(kind, given | {"colour": "红"})
    missing = given.popitem()[0]
    with pytest.raises(TypeError, match=missing):
        keep(kind, given)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("role", "king"),
        ("order_kind", "借用"),
        ("holders", [("king", "一中")]),
        ("things", []),
        ("until", "明天"),
    ],
)
def test_a_value_that_is_none_of_its_sort_is_refused(name: str, value: object) -> None:
    with pytest.raises((IndexError, TypeError, ValueError)):
        PARAMS[name].keep(value)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(KeyError):
        keep("order.lost", {})


@pytest.mark.parametrize(
    ("name", "value", "written"),
    [
        ("number", "DB2026090001", "DB2026090001"),
        ("order_kind", "loan", "[借用]"),
        ("role", Role.STAFF, "[申请人]"),
        ("things", ["办公桌"], "办公桌"),
        ("things", ["办公桌", "椅子"], "[办公桌等2项]"),
        ("holders", [("unit_approver", "一中")], "[一中的[单位审批人]]"),
        ("holders", [("staff", "一中"), ("staff", "二中")], "[一中的[申请人]][、][二中的[申请人]]"),
        ("reason", "数量不足。", "数量不足"),
        ("reason", "", "[未说明]"),
        ("rule", "急需优先", "[急需优先]"),
        ("until", dt.date(2026, 9, 4), "2026-09-04"),
        ("place", 3, "#3"),
        # What people write is nobody's source text.
        ("receiver", "借用", "借用"),
    ],
)
def test_values_are_written_for_their_reader(name: str, value: object, written: str) -> None:
    kept = json.loads(json.dumps(PARAMS[name].keep(value)))
    assert PARAMS[name].write(kept, Marking()) == written


def test_some_kinds_ask_for_something_and_others_inform() -> None:
    asking = {kind for kind, found in KINDS.items() if found.needs_action}
    assert asking >= {
        "order.to_decide",
        "order.sent_back",
        "order.offered",
        "order.to_hand_over",
        "loan.overdue",
    }
    assert not asking & {"order.approved", "order.rejected", "order.completed", "loan.returned"}
