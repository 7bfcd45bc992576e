"""待办: what is shown to whom, what a decision does, and what a refused one leaves as it was."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from marketplace.app import Application
from marketplace.db.audit import AuditEntry
from marketplace.db.orders import Consent, Order
from marketplace.db.people import RoleGrant
from marketplace.db.session import SessionFactory
from marketplace.domain.orders import OrderAction, OrderKind, OrderState
from marketplace.domain.permissions import Role
from marketplace.use_cases import decisions, disposal_decisions, order_endings
from tests import factories
from tests.conftest import NOW
from tests.jobs.office_that_forgets import flag, seller
from tests.use_cases.ordering import TODAY, Town
from tests.web.conftest import Clock, World
from tests.web.office import Play, stage


@pytest.fixture
def play(app: Application, clock: Clock, sessions: SessionFactory) -> Play:
    """Found a town, let something happen in it, and open its doors."""
    return stage(app, clock, sessions)


def submitted(count: int = 1) -> Callable[[Town], list[Order]]:
    return lambda town: [town.submitted(town.listed(name=f"办公桌{n}")) for n in range(1, count + 1)]


def badge(page: str) -> str:
    found = re.search(r'href="/inbox".*?</a>', page, re.DOTALL)
    assert found
    return re.sub(r"<[^>]+>|\s", "", found[0])


def test_the_decider_sees_it_and_the_badge_and_nobody_else_does(play: Play) -> None:
    scene = play(submitted())
    page = scene.visitor("B.approver").get("/inbox")
    assert "办公桌1" in page.text
    assert "同意后转" in page.text
    assert "还有2天" in page.text
    assert badge(page.text).endswith("1")
    for name in ("A.approver", "C.approver", "B.staff"):
        other = scene.visitor(name).get("/inbox")
        assert "都办完了" in other.text
        assert "办公桌1" not in other.text
        assert not badge(other.text).endswith("1")


def test_who_may_decide_from_two_seats_is_told_which_line_is_which(play: Play) -> None:
    def side_by_side(town: Town) -> list[Order]:
        order = town.submitted(town.listed(name="办公桌"))
        first, second = order.steps
        second.position, second.state = first.position, first.state
        second.opened_at, second.deadline = first.opened_at, first.deadline
        town.users["B.approver"].grants.append(RoleGrant(role=Role.UNIT_APPROVER, unit=town.units["A"]))
        return [order, town.submitted(town.listed(name="茶几"))]

    scene = play(side_by_side)
    page = scene.visitor("B.approver").get("/inbox").text
    lines = re.findall(r'<strong>(办公桌|茶几)</strong><span class="note">([^<·]*) ·', page)
    order = scene.order()
    seats = {f"审批（{unit.short_name or unit.name}的单位审批人）" for unit in (order.giver, order.receiver)}
    assert {task for name, task in lines if name == "办公桌"} == seats
    assert [task for name, task in lines if name == "茶几"] == ["审批"]


def test_administrators_and_auditors_have_no_inbox(world: World) -> None:
    for role in (Role.AUDITOR, Role.SECURITY_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR):
        visitor = world.signed_in(role, at="330000")
        assert visitor.get("/inbox").status_code == 403
        assert 'href="/inbox"' not in visitor.get("/profile").text


def test_agreeing_shows_the_next_thing(play: Play) -> None:
    scene = play(submitted(3))
    visitor = scene.visitor("B.approver")
    first = scene.step(0)
    page = visitor.get(f"/inbox/decide/{first}")
    assert page.status_code == 200
    answer = visitor.post(f"/inbox/decide/{first}", {"action": "approve", "reason": "情况属实"})
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/inbox/decide/{scene.step(1)}"
    shown = visitor.get(answer.headers["Location"])
    assert "已同意" in shown.text
    order = scene.order()
    assert [step.state for step in order.steps] == ["approved", "open"]
    assert order.steps[0].comment == "情况属实"


def test_the_last_one_leads_to_an_empty_inbox(play: Play) -> None:
    scene = play(submitted())
    visitor = scene.visitor("B.approver")
    visitor.get("/inbox")
    answer = visitor.post(f"/inbox/decide/{scene.step()}", {"action": "approve"}, follow_redirects=True)
    assert "都办完了" in answer.text


@pytest.mark.parametrize("action", ["reject", "send_back"])
def test_a_refusal_without_a_reason_is_asked_for_one(play: Play, action: str) -> None:
    scene = play(submitted())
    visitor = scene.visitor("B.approver")
    visitor.get("/inbox")
    answer = visitor.post(f"/inbox/decide/{scene.step()}", {"action": action, "reason": " 不 "})
    assert answer.status_code == 422
    assert "请填写理由" in answer.text
    assert "> 不 </textarea>" in answer.text
    assert scene.order().state == OrderState.SUBMITTED
    done = visitor.post(f"/inbox/decide/{scene.step()}", {"action": action, "reason": "本季度已有"})
    assert done.status_code == 302
    expected = {"reject": OrderState.REJECTED, "send_back": OrderState.CORRECTION}[action]
    assert scene.order().state == expected


def test_somebody_elses_step_cannot_be_decided(play: Play) -> None:
    scene = play(submitted())
    visitor = scene.visitor("A.approver")
    visitor.get("/inbox")
    answer = visitor.post(f"/inbox/decide/{scene.step()}", {"action": "approve"}, follow_redirects=True)
    assert "不再由您办理" in answer.text
    assert scene.order().steps[0].state == "open"


def test_what_was_decided_meanwhile_is_said(play: Play) -> None:
    scene = play(submitted())
    visitor = scene.visitor("B.approver")
    visitor.get("/inbox")
    for _ in range(2):
        answer = visitor.post(f"/inbox/decide/{scene.step()}", {"action": "approve"}, follow_redirects=True)
    assert "已办理完毕" in answer.text
    gone = visitor.get(f"/inbox/decide/{scene.step()}", follow_redirects=True)
    assert "已办理完毕" in gone.text
    assert visitor.get("/inbox/nonsense/1", follow_redirects=True).status_code == 200


def test_the_detail_shows_reason_rivals_and_what_was_said_before(play: Play) -> None:
    def act(town: Town) -> list[Order]:
        asset = town.listed(name="投影仪", original_value="8800.00")
        order = town.submitted(asset)
        town.submitted(asset, "C.staff")
        decider = town.actor("B.approver")
        decisions.decide(town.session, decider, NOW, TODAY, order.id, OrderAction.APPROVE, "确有需要")
        return [order]

    scene = play(act)
    page = scene.visitor("A.approver").get("/inbox").text
    for text in ("新办公室使用", "确有需要", "还有1家想要这一项", "本申请", "8,800.00", "资产预留给"):
        assert text in page, text


def test_many_are_agreed_to_after_they_were_named(play: Play) -> None:
    scene = play(submitted(3))
    visitor = scene.visitor("B.approver")
    steps = [scene.step(n) for n in range(3)]
    asked = visitor.get("/inbox/chosen", query_string={"step": steps[:2]})
    assert "同意这2张申请单吗" in asked.text
    assert "办公桌1" in asked.text
    assert "办公桌3" not in asked.text
    done = visitor.post("/inbox/chosen", {"step": steps[:2]}, follow_redirects=True)
    assert "已同意2张申请单" in done.text
    states = [scene.order(n).steps[0].state for n in range(3)]
    assert states == ["approved", "approved", "open"]


def test_of_many_those_that_fail_are_named_and_the_others_done(play: Play, sessions: SessionFactory) -> None:
    scene = play(submitted(2))
    visitor = scene.visitor("B.approver")
    steps = [scene.step(0), scene.step(1)]
    visitor.get("/inbox/chosen", query_string={"step": steps})
    visitor.post(f"/inbox/decide/{steps[0]}", {"action": "approve"})
    report = visitor.post("/inbox/chosen", {"step": steps})
    assert report.status_code == 200
    assert "1张没有办成" in report.text
    assert "已同意1张" in report.text
    with sessions() as session:
        agreed = session.scalars(select(AuditEntry).where(AuditEntry.action == "order.approve")).all()
    assert len(agreed) == 2
    nothing = visitor.get("/inbox/chosen", follow_redirects=True)
    assert "请先勾选" in nothing.text


def test_an_offer_is_accepted_or_left(play: Play) -> None:
    def act(town: Town) -> list[Order]:
        made = []
        for _ in range(2):
            asset = town.listed()
            first, second = town.submitted(asset), town.submitted(asset, "C.staff")
            order_endings.give_up(
                town.session, town.actor("B.staff"), NOW, TODAY, first.id, OrderAction.WITHDRAW
            )
            made.append(second)
        return made

    scene = play(act)
    visitor = scene.visitor("C.staff")
    assert "轮到贵单位了" in visitor.get("/inbox").text
    one, other = scene.orders
    visitor.post(f"/inbox/accept/{one}", {"action": "accept"})
    visitor.post(f"/inbox/accept/{other}", {"action": "decline"})
    assert scene.order(0).state == OrderState.SUBMITTED
    assert scene.order(1).state == OrderState.WITHDRAWN


def blocked(town: Town) -> list[Order]:
    asset = town.listed()
    loan = town.submitted(asset, "C.staff", kind=OrderKind.LOAN, days=(30, 40))
    return [town.submitted(asset), loan]


def test_the_holder_asks_and_the_borrower_makes_way(play: Play, sessions: SessionFactory) -> None:
    scene = play(blocked)
    transfer, loan = scene.orders
    holder = scene.visitor("A.officer")
    assert "需借用单位让出" in holder.get("/inbox").text
    page = holder.get(f"/orders/{transfer}/consents")
    assert "改到其他日期" in page.text
    empty = holder.post(f"/orders/{transfer}/consents/{loan}", {"wish": "cancel", "reason": ""})
    assert empty.status_code == 422
    without_days = holder.post(f"/orders/{transfer}/consents/{loan}", {"wish": "move", "reason": "急需"})
    assert without_days.status_code == 422
    assert "请填写改到哪一天" in without_days.text
    asked = holder.post(
        f"/orders/{transfer}/consents/{loan}", {"wish": "cancel", "reason": "急需调剂"}, follow_redirects=True
    )
    assert "等答复" in asked.text
    with sessions() as session:
        [consent] = session.scalars(select(Consent))
    borrower = scene.visitor("C.staff")
    assert "请求取消这次借用" in borrower.get("/inbox").text
    refused = borrower.post(f"/inbox/consent/{consent.id}", {"answer": "refuse", "reason": ""})
    assert refused.status_code == 422
    borrower.post(f"/inbox/consent/{consent.id}", {"answer": "agree"})
    assert scene.order(1).state == OrderState.WITHDRAWN
    assert scene.order(0).state == OrderState.OFFERED


def test_a_borrower_agrees_to_other_days(play: Play, sessions: SessionFactory) -> None:
    scene = play(blocked)
    transfer, loan = scene.orders
    holder = scene.visitor("A.officer")
    holder.get(f"/orders/{transfer}/consents")
    first, last = TODAY + dt.timedelta(days=50), TODAY + dt.timedelta(days=60)
    holder.post(
        f"/orders/{transfer}/consents/{loan}",
        {"wish": "move", "reason": "急需调剂", "starts_on": first.isoformat(), "ends_on": last.isoformat()},
    )
    with sessions() as session:
        [consent] = session.scalars(select(Consent))
    borrower = scene.visitor("C.officer")
    assert "请求改期" in borrower.get("/inbox").text
    borrower.post(f"/inbox/consent/{consent.id}", {"answer": "agree"})
    moved = scene.order(1)
    assert (moved.starts_on, moved.ends_on) == (first, last)


def test_only_the_holder_asks_borrowers(play: Play) -> None:
    scene = play(blocked)
    transfer, loan = scene.orders
    stranger = scene.visitor("C.officer")
    assert stranger.get(f"/orders/{transfer}/consents").status_code in {403, 404}
    answer = stranger.post(f"/orders/{transfer}/consents/{loan}", {"wish": "cancel", "reason": "急需"})
    assert answer.status_code in {403, 404}


def test_an_order_leads_to_what_there_is_to_do_about_it(play: Play) -> None:
    scene = play(submitted())
    [order] = scene.orders
    decider = scene.visitor("B.approver").get(f"/inbox/{order}")
    assert decider.headers["Location"] == f"/inbox/decide/{scene.step()}"
    staff = scene.visitor("B.staff").get(f"/inbox/{order}")
    assert staff.headers["Location"] == f"/orders/{order}"


def test_a_days_work_begins_with_what_waits(play: Play) -> None:
    scene = play(submitted())
    assert scene.visitor("B.approver").get("/").headers["Location"] == "/inbox"
    assert scene.visitor("C.approver").get("/").headers["Location"] == "/search"


def test_a_long_line_goes_on_where_the_page_ends(play: Play) -> None:
    scene = play(submitted(23))
    visitor = scene.visitor("B.approver")
    first = visitor.get("/inbox").text
    assert badge(first).endswith("23")
    [following] = re.findall(r'href="(/inbox\?after=[^"]+)"', first)
    second = visitor.get(following).text
    names = [re.findall(r"<strong>(办公桌\d+)</strong><span", page) for page in (first, second)]
    assert len(names[0]) == 20
    assert sorted(names[0] + names[1], key=len) == [f"办公桌{n}" for n in range(1, 24)]
    assert visitor.get("/inbox?after=nonsense").status_code == 200


def test_other_things_to_do_stand_in_the_same_line_and_lead_to_their_pages(play: Play) -> None:
    def act(town: Town) -> list[Order]:
        flag(town.session, town.units["A"], TODAY)
        region = town.users["manager"].home_unit
        town.users["second"] = factories.user(town.session, region, Role.WAREHOUSE_MANAGER)
        office = seller(town)
        project = office.project(office.card())
        disposal_decisions.submit(town.session, town.actor("manager"), NOW, TODAY, project.id)
        return [town.approved(town.listed(name="办公桌1"))]

    scene = play(act)
    page = scene.visitor("A.officer").get("/inbox").text
    assert page.index("1项资产疑似闲置") < page.index("办公桌1"), "what is due first comes first"
    assert "今天到期" in page
    assert "请逐项或成批答复" in page
    assert badge(page).endswith("2")
    unit_id = scene.order().giver_unit_id
    assert f'href="/idle?unit={unit_id}"' in page
    finance = scene.visitor("finance").get("/inbox").text
    assert "请批准或退回处置项目" in finance
    assert "报废车辆处置" in finance
    opened = scene.visitor("second").get(f"/inbox/idle/{unit_id}", follow_redirects=True).text
    assert "不再由您办理" in opened
