"""The list of orders, and the page of one: who sees what, and what may be done there."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from marketplace.app import Application
from marketplace.db.orders import Order, OrderFile
from marketplace.db.session import SessionFactory
from marketplace.domain.orders import OrderAction, OrderKind, OrderState
from marketplace.domain.queue import AwardRule
from marketplace.use_cases import decisions, order_files, order_submission, waiting_lists
from tests.conftest import NOW
from tests.use_cases.ordering import TODAY, Town
from tests.web.conftest import Clock
from tests.web.office import Play, Scene, stage

LOAN = OrderKind.LOAN


@pytest.fixture
def play(app: Application, clock: Clock, sessions: SessionFactory) -> Play:
    """Found a town, let something happen in it, and open its doors."""
    return stage(app, clock, sessions)


def submitted(town: Town) -> list[Order]:
    return [town.submitted(town.listed(name="会议桌"))]


def lent(town: Town) -> list[Order]:
    return [town.handed_over(town.approved(town.listed(name="投影仪"), kind=LOAN))]


def two_want_it(town: Town) -> list[Order]:
    asset = town.listed(name="会议桌")
    return [town.submitted(asset), town.submitted(asset, "C.staff")]


def sent_back(town: Town) -> list[Order]:
    order = town.submitted(town.listed(name="会议桌"))
    actor = town.actor("B.approver")
    decisions.decide(town.session, actor, NOW, TODAY, order.id, OrderAction.SEND_BACK, "请写明放在哪里")
    return [order]


def page_of(scene: Scene, name: str, index: int = 0) -> str:
    answer = scene.visitor(name).get(f"/orders/{scene.orders[index]}")
    assert answer.status_code == 200
    return answer.text


def state(scene: Scene, index: int = 0) -> OrderState:
    return scene.order(index).state


def test_the_list_leads_to_each_order(play: Play) -> None:
    scene = play(submitted)
    page = scene.visitor("B.staff").get("/orders").text
    for told in ("会议桌", scene.order().number, "单位审批人", f'href="/orders/{scene.orders[0]}"'):
        assert told in page


def test_a_reader_who_asks_for_nothing_begins_with_what_leaves(play: Play) -> None:
    scene = play(submitted)
    assert "会议桌" in scene.visitor("A.approver").get("/orders").text


@pytest.mark.parametrize("query", ["?box=x&kind=y&state=z", "?after=nonsense", "?state=completed", "?q=%25"])
def test_what_an_address_says_wrongly_does_not_count(play: Play, query: str) -> None:
    scene = play(submitted)
    assert scene.visitor("B.staff").get(f"/orders{query}").status_code == 200


@pytest.mark.parametrize("box", ["mine", "incoming", "outgoing", "waiting", "ended"])
def test_an_empty_box_says_what_to_do_next(play: Play, box: str) -> None:
    scene = play(lambda _town: [])
    assert "empty-state" in scene.visitor("C.staff").get(f"/orders?box={box}").text


def test_strangers_do_not_find_an_order(play: Play) -> None:
    scene = play(submitted)
    assert scene.visitor("C.staff").get(f"/orders/{scene.orders[0]}").status_code == 404
    answer = scene.visitor("C.staff").post(f"/orders/{scene.orders[0]}/act", {"action": "withdraw"})
    assert answer.status_code == 404
    assert state(scene) is OrderState.SUBMITTED


def test_the_page_tells_who_has_it_until_when_and_what_follows(play: Play) -> None:
    page = page_of(play(submitted), "B.staff")
    for told in ("现在由单位审批人", "2026年9月3日", "接下来", "双方交接，卡片转到调入单位", "新办公室使用"):
        assert told in page


def test_whoever_may_not_act_is_offered_nothing(play: Play) -> None:
    page = page_of(play(submitted), "A.staff")
    assert "现在不需要您办理" in page
    assert 'name="action"' not in page


def test_the_decider_is_led_to_the_inbox(play: Play) -> None:
    assert "/inbox/" in page_of(play(submitted), "B.approver")


def test_withdrawing_ends_it_and_needs_no_reason(play: Play) -> None:
    scene = play(submitted)
    visitor = scene.visitor("B.staff")
    address = f"/orders/{scene.orders[0]}"
    visitor.get(address)
    assert visitor.post(f"{address}/act", {"action": "withdraw"}).status_code == 302
    assert state(scene) is OrderState.WITHDRAWN
    assert "已撤销" in visitor.get(address).text


def test_a_refused_action_shows_how_it_stands_and_keeps_what_was_typed(play: Play) -> None:
    scene = play(lambda town: [town.approved(town.listed())])
    visitor = scene.visitor("B.staff")
    address = f"/orders/{scene.orders[0]}"
    visitor.get(address)
    answer = visitor.post(f"{address}/act", {"action": "withdraw", "reason": "不用了"})
    assert answer.status_code == 409
    assert "下面是最新的进度" in answer.text
    assert "待交接" in answer.text
    assert state(scene) is OrderState.APPROVED


def test_calling_off_needs_a_reason(play: Play) -> None:
    scene = play(lambda town: [town.approved(town.listed())])
    visitor = scene.visitor("A.officer")
    address = f"/orders/{scene.orders[0]}"
    visitor.get(address)
    refused = visitor.post(f"{address}/act", {"action": "call_off", "reason": " "})
    assert refused.status_code == 422
    assert "请填写理由" in refused.text
    assert state(scene) is OrderState.APPROVED
    assert visitor.post(f"{address}/act", {"action": "call_off", "reason": "另有安排"}).status_code == 302
    assert state(scene) is OrderState.WITHDRAWN


def test_an_unknown_action_is_none(play: Play) -> None:
    scene = play(submitted)
    visitor = scene.visitor("B.staff")
    visitor.get(f"/orders/{scene.orders[0]}")
    assert visitor.post(f"/orders/{scene.orders[0]}/act", {"action": "approve"}).status_code == 400


def test_the_next_in_line_sees_the_place_and_accepts_the_offer(play: Play) -> None:
    scene = play(two_want_it)
    assert "排在第1位" in page_of(scene, "C.staff", 1)
    first = scene.visitor("B.staff")
    first.get(f"/orders/{scene.orders[0]}")
    first.post(f"/orders/{scene.orders[0]}/act", {"action": "withdraw"})
    second = scene.visitor("C.staff")
    assert "仍然需要" in second.get(f"/orders/{scene.orders[1]}").text
    second.post(f"/orders/{scene.orders[1]}/act", {"action": "accept"})
    assert state(scene, 1) is OrderState.SUBMITTED


def test_a_renewal_is_an_order_of_its_own_that_the_loan_names(play: Play) -> None:
    scene = play(lent)
    visitor = scene.visitor("B.staff")
    address = f"/orders/{scene.orders[0]}"
    visitor.get(address)
    wrong = visitor.post(f"{address}/act", {"action": "renew", "end": "明天", "reason": "项目延期"})
    assert wrong.status_code == 422
    assert "明天" in wrong.text
    assert "项目延期" in wrong.text
    end = (TODAY + dt.timedelta(days=30)).isoformat()
    answer = visitor.post(f"{address}/act", {"action": "renew", "end": end, "reason": "项目延期"})
    assert answer.status_code == 302
    assert answer.location != address
    loan = visitor.get(address).text
    assert "续借申请正在办理" in loan
    assert f'href="{answer.location}"' in loan


def test_everyone_who_asked_sees_the_ranking_with_its_reasons_but_no_persons(play: Play) -> None:
    def awarded(town: Town) -> list[Order]:
        asset = town.listed(name="会议桌")
        asset.listing.award_rule = AwardRule.WINDOW
        town.session.flush()
        made = [town.submitted(asset, "H.staff"), town.submitted(asset, "B.staff")]
        asset.listing.window_ends_on = TODAY - dt.timedelta(days=1)
        town.session.flush()
        assert waiting_lists.close_window(town.session, NOW, TODAY, asset.id)
        return made

    scene = play(awarded)
    page = page_of(scene, "H.staff")
    assert "择优结果" in page
    assert "同一主管部门优先" in page
    assert scene.order(1).receiver.name in page
    assert scene.order(1).requester.name not in page
    assert "择优结果" not in page_of(play(submitted), "B.staff")


def test_hand_overs_stand_in_the_timeline_with_both_names(play: Play) -> None:
    page = page_of(play(lent), "B.staff")
    assert page.count("确认交接") >= 2
    assert "借用中" in page
    assert "打印借用协议" in page


def test_documents_are_for_those_who_may_see_the_order(play: Play) -> None:
    def with_document(town: Town) -> list[Order]:
        order = town.draft(town.listed())
        order_files.attach(town.session, town.actor("B.staff"), NOW, order.id, "纪要.pdf", b"%PDF-1.7 x")
        return order_submission.submit(town.session, town.actor("B.staff"), NOW, TODAY, [order.id])

    scene = play(with_document)
    with scene.sessions() as session:
        number = session.scalars(select(OrderFile.id)).one()
    address = f"/orders/{scene.orders[0]}/files/{number}"
    answer = scene.visitor("A.officer").get(address)
    assert (answer.data, answer.headers["Cache-Control"]) == (b"%PDF-1.7 x", "private, no-store")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert scene.visitor("C.staff").get(address).status_code == 404


def test_what_was_sent_back_is_corrected_and_submitted_again(play: Play) -> None:
    scene = play(sent_back)
    visitor = scene.visitor("B.staff")
    address = f"/orders/{scene.orders[0]}/edit"
    assert f'href="{address}"' in visitor.get(f"/orders/{scene.orders[0]}").text
    assert "新办公室使用" in visitor.get(address).text
    answer = visitor.post(address, {"act": "submit", "reason": "放在三楼会议室", "urgency": "normal"})
    assert answer.status_code == 302
    assert state(scene) is OrderState.SUBMITTED
    assert scene.order().reason == "放在三楼会议室"
    assert scene.visitor("C.staff").get(address).status_code == 404


def test_an_own_draft_is_opened_in_the_basket(play: Play) -> None:
    scene = play(lambda town: [town.draft(town.listed())])
    visitor = scene.visitor("B.staff")
    assert visitor.get(f"/orders/{scene.orders[0]}").location == "/basket"
    assert scene.visitor("A.officer").get(f"/orders/{scene.orders[0]}").status_code == 404
