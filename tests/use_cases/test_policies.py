"""Versions of the approval policy, and what an order would go through, on the real database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from marketplace.db.audit import AuditEntry
from marketplace.db.people import Unit
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.approvals import DEFAULT_POLICY, PolicyStep, Side
from marketplace.domain.errors import Conflict, Invalid, NotAllowed, NotFound, RuleError
from marketplace.domain.orders import OrderKind
from marketplace.domain.permissions import Actor, Grant, Role
from marketplace.reference.working_days import load_default_policy
from marketplace.use_cases import policies
from marketplace.use_cases.policy_preview import preview
from tests import factories
from tests.conftest import NOW

FIRST = DEFAULT_POLICY[0]
SLOWER = [replace(FIRST, deadline_days=5), *DEFAULT_POLICY[1:]]


@pytest.fixture
def manager(session: Session) -> Actor:
    load_default_policy(session)
    return _manager(session)


def _manager(session: Session) -> Actor:
    city = factories.unit(session)
    user = factories.user(session, city, Role.WAREHOUSE_MANAGER, name="郭建平")
    return factories.actor((Role.WAREHOUSE_MANAGER, city), user=user)


def test_a_new_installation_begins_with_the_default(session: Session, manager: Actor) -> None:
    load_default_policy(session)
    assert policies.current(session) == (1, list(DEFAULT_POLICY))
    (saved,), older = policies.versions(session)
    assert (saved.author, saved.changes, older) == ("", None, 0)


def test_without_a_policy_nothing_can_be_asked_for(session: Session) -> None:
    with pytest.raises(RuleError, match="还没有审批规则") as caught:
        policies.current(session)
    assert caught.value.code == "no_policy"


def test_a_new_version_is_in_force_and_the_old_one_stays(session: Session, manager: Actor) -> None:
    assert policies.save_new_version(session, manager, NOW, 1, SLOWER, "人手不足") == 2
    assert policies.current(session) == (2, SLOWER)
    assert policies.of_version(session, 1) == list(DEFAULT_POLICY)
    newest = policies.versions(session)[0][0]
    assert (newest.author, newest.note, newest.created_at) == ("郭建平", "人手不足", NOW)
    assert newest.changes is not None
    assert [change.changed_fields() for change in newest.changes.changes] == [["deadline_days"]]
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "policy.save")).one()
    assert (entry.object_id, entry.reason) == (2, "人手不足")
    assert entry.after["steps"][0]["deadline_days"] == 5
    assert entry.before["steps"][3]["min_value"] == "500000.00"


def test_an_edit_of_an_older_version_is_refused(session: Session, manager: Actor) -> None:
    policies.save_new_version(session, manager, NOW, 1, SLOWER, "人手不足")
    with pytest.raises(Conflict, match="郭建平刚保存了第2版"):
        policies.save_new_version(session, manager, NOW, 1, DEFAULT_POLICY[:-1], "另一个改动")
    assert policies.current(session) == (2, SLOWER)


@pytest.mark.parametrize(
    ("steps", "note", "message"),
    [
        (SLOWER, "", "有 1 处"),
        (DEFAULT_POLICY, "没有改", "没有需要保存的修改"),
        (DEFAULT_POLICY[:4], "不要借用", "有 1 处"),
        ([*SLOWER, replace(FIRST, position=5, category="2022:A9")], "分类", "有 1 处"),
    ],
)
def test_what_can_not_be_accepted_leaves_the_policy(
    session: Session, manager: Actor, steps: list[PolicyStep], note: str, message: str
) -> None:
    with pytest.raises(Invalid, match=message):
        policies.save_new_version(session, manager, NOW, 1, steps, note)
    assert policies.current(session)[0] == 1


def test_a_class_of_the_catalogue_is_a_condition(session: Session, manager: Actor) -> None:
    factories.category(session, "A02010108", "便携式计算机")
    extra = PolicyStep(OrderKind.LOAN, 3, Role.WAREHOUSE_MANAGER, Side.GIVER, category="2022:A02010108")
    assert policies.save_new_version(session, manager, NOW, 1, [*DEFAULT_POLICY, extra], "借电脑") == 2
    assert policies.current(session)[1][-1] == extra


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.WAREHOUSE_MANAGER, Role.SYSTEM_ADMINISTRATOR}))
def test_others_save_nothing(session: Session, manager: Actor, role: Role) -> None:
    other = Actor(user_id=manager.user_id, name="a", grants=(Grant(role, 1, (1,)),))
    with pytest.raises(NotAllowed):
        policies.save_new_version(session, other, NOW, 1, SLOWER, "人手不足")
    assert policies.current(session)[0] == 1


@pytest.mark.parametrize(
    "change",
    ["UPDATE policy_steps SET deadline_days = 9", "DELETE FROM policy_steps", "DELETE FROM policy_versions"],
)
def test_versions_can_not_be_changed(session: Session, manager: Actor, change: str) -> None:
    with pytest.raises(DBAPIError, match="never changed"):
        session.execute(text(change))


def test_a_version_that_is_not_there(session: Session, manager: Actor) -> None:
    with pytest.raises(NotFound):
        policies.of_version(session, 7)


def test_the_list_of_versions_pages_to_the_end(session: Session, manager: Actor) -> None:
    for number in range(1, 13):
        steps = [replace(FIRST, deadline_days=2 + number), *DEFAULT_POLICY[1:]]
        policies.save_new_version(session, manager, NOW, number, steps, f"第{number}次修改")
    first, older = policies.versions(session)
    rest, end = policies.versions(session, older)
    assert [saved.number for saved in first + rest] == list(range(13, 0, -1))
    assert end == 0
    # The last one of a page knows what it changed of the first one on the next.
    assert all(saved.changes and len(saved.changes.changes) == 1 for saved in (first + rest)[:-1])


def test_two_administrators_saving_at_once(sessions: SessionFactory) -> None:
    with transaction(sessions) as session:
        load_default_policy(session)
        actors = [_manager(session), _manager(session)]

    def attempt(actor: Actor, days: int) -> int:
        steps = [replace(FIRST, deadline_days=days), *DEFAULT_POLICY[1:]]
        try:
            with transaction(sessions) as session:
                policies.save_new_version(session, actor, NOW, 1, steps, "同时保存")
        except Conflict:
            return 0
        return days

    with ThreadPoolExecutor(2) as pool:
        won = [days for days in pool.map(attempt, actors, (7, 9)) if days]
    with sessions() as session:
        version, steps = policies.current(session)
        assert (version, [steps[0].deadline_days]) == (2, won)


@pytest.fixture
def units(session: Session) -> dict[str, Unit]:
    """Two schools under one department and a hospital under another; each with an approver, and more."""
    load_default_policy(session)
    city = factories.unit(session, name="江州市")
    education, health = factories.unit(session, city), factories.unit(session, city)
    found = {
        "first": factories.unit(session, education, name="第一中学"),
        "second": factories.unit(session, education, name="第二中学"),
        "hospital": factories.unit(session, health, name="中心医院"),
    }
    for name, unit in found.items():
        factories.user(session, unit, Role.UNIT_APPROVER, name=f"{name}审批人")
    factories.user(session, education, Role.WAREHOUSE_MANAGER, at=city, name="仓管")
    factories.user(session, education, Role.WAREHOUSE_MANAGER, at=city, name="离任仓管", active=False)
    return found


def _preview(session: Session, giver: Unit, receiver: Unit, value: str = "0", **more: object) -> list[object]:
    found = preview(session, OrderKind.TRANSFER, Decimal(value), [], giver, receiver, **more)  # type: ignore[arg-type]
    return [(one.unit_name, one.people, one.needs_another) for one in found.steps]


def test_a_preview_names_units_and_people(session: Session, units: dict[str, Unit]) -> None:
    assert _preview(session, units["hospital"], units["first"]) == [
        ("第一中学", ("first审批人",), False),
        ("中心医院", ("hospital审批人",), False),
        ("中心医院", ("仓管",), False),
    ]
    found = preview(session, OrderKind.TRANSFER, Decimal(0), [], units["hospital"], units["first"])
    assert (found.days, found.same_department) == (7, False)


def test_a_preview_shows_where_nobody_could_decide(session: Session, units: dict[str, Unit]) -> None:
    shown = _preview(session, units["second"], units["first"], "500000")
    assert shown == [
        ("第一中学", ("first审批人",), False),
        ("第二中学", ("second审批人",), False),
        ("第二中学", (), False),
    ]


def test_nobody_decides_twice_in_a_preview_either(session: Session, units: dict[str, Unit]) -> None:
    only = factories.user(session, units["first"], Role.UNIT_APPROVER, name="一人")
    steps = [
        PolicyStep(OrderKind.TRANSFER, 1, Role.UNIT_APPROVER, Side.RECEIVER),
        PolicyStep(OrderKind.TRANSFER, 2, Role.UNIT_APPROVER, Side.RECEIVER),
    ]
    giver, receiver = units["second"], units["first"]
    enough = _preview(session, giver, receiver, steps=steps)
    assert [needs for _, _, needs in enough] == [False, False]  # type: ignore[misc]
    lacking = _preview(session, giver, receiver, steps=steps, requester_id=only.id)
    assert lacking == [("第一中学", ("first审批人",), False), ("第一中学", ("first审批人",), True)]
