"""审批代理: naming a stand-in, and seeing whom one stands in for."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from marketplace.db.stand_ins import StandIn
from marketplace.domain.permissions import Role
from tests.web.conftest import Visitor, World

PAGE = "/profile/stand-ins"
TRIP = {"stand_in": "li.staff", "starts_on": "2026-09-01", "ends_on": "2026-09-11", "reason": "出差"}


@pytest.fixture
def approver(world: World) -> Visitor:
    world.account(Role.STAFF, at="JY-1", username="li.staff", name="李明远")
    visitor = world.signed_in(Role.UNIT_APPROVER, name="赵文静")
    visitor.get(PAGE)
    return visitor


def _rows(world: World) -> list[StandIn]:
    with world.sessions() as session:
        return list(session.scalars(select(StandIn).order_by(StandIn.id)))


def test_the_profile_leads_there(approver: Visitor) -> None:
    assert f'href="{PAGE}"' in approver.get("/profile").text


def test_a_stand_in_is_named_and_ended(world: World, approver: Visitor) -> None:
    assert approver.post(PAGE, TRIP).location == PAGE
    page = approver.get(PAGE).text
    assert "已请李明远在这段时间代您审批" in page
    assert "代理中" in page
    (row,) = _rows(world)
    assert approver.post(f"{PAGE}/{row.id}/end").location == PAGE
    assert "已提前结束" in approver.get(PAGE).text
    approver.post(f"{PAGE}/{row.id}/end")
    assert "这项代理已经结束" in approver.get(PAGE).text


def test_a_stand_in_sees_for_whom_but_names_nobody(world: World, approver: Visitor) -> None:
    approver.post(PAGE, TRIP)
    staff = world.visitor()
    staff.sign_in("li.staff")
    page = staff.get(PAGE).text
    assert ("赵文静" in page, 'name="stand_in"' in page) == (True, False)
    assert staff.post(PAGE, TRIP).status_code == 403
    assert len(_rows(world)) == 1


def test_mistakes_stay_in_the_form(world: World, approver: Visitor) -> None:
    answer = approver.post(PAGE, TRIP | {"stand_in": "nobody", "reason": "出差学习"})
    assert answer.status_code == 422
    assert "“nobody”不能作代理人" in answer.text
    assert 'value="nobody"' in answer.text
    assert 'value="出差学习"' in answer.text
    assert _rows(world) == []


def test_nobody_ends_what_another_named(world: World, approver: Visitor) -> None:
    approver.post(PAGE, TRIP)
    other = world.signed_in(Role.UNIT_APPROVER)
    assert other.post(f"{PAGE}/{_rows(world)[0].id}/end").status_code == 404
    assert _rows(world)[0].revoked_at is None
