"""Asking for an asset from its page, and the basket: nothing typed is lost, all is submitted or nothing."""

from __future__ import annotations

import datetime as dt
import io
import re
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from marketplace.app import Application
from marketplace.db.orders import Order, OrderFile
from marketplace.db.session import SessionFactory
from marketplace.domain.orders import OrderKind, OrderState
from marketplace.domain.queue import AwardRule
from tests.use_cases.ordering import TODAY, Town
from tests.web.conftest import Clock, Visitor
from tests.web.office import Play, Scene, stage

REASON = "新校区办公室开办"


@pytest.fixture
def play(app: Application, clock: Clock, sessions: SessionFactory) -> Play:
    """Found a town, let something happen in it, and open its doors."""
    return stage(app, clock, sessions)


def two_holders(town: Town) -> list[Order]:
    """Drafts to two holders."""
    return [
        town.draft(town.listed(at=at, name=name, quantity=5))
        for at, name in (("A", "会议桌"), ("H", "投影仪"))
    ]


def borrowed(town: Town) -> list[Order]:
    return [town.draft(town.listed(name="投影仪"), kind=OrderKind.LOAN)]


def opened(scene: Scene, path: str = "/basket", name: str = "B.staff") -> Visitor:
    visitor = scene.visitor(name)
    assert visitor.get(path).status_code == 200
    return visitor


def act(visitor: Visitor, what: str = "save", **more: Any) -> TestResponse:
    return visitor.post("/basket", {"act": what, "reason": REASON, "urgency": "normal", **more})


def states(scene: Scene) -> list[OrderState]:
    with scene.sessions() as session:
        return list(session.scalars(select(Order.state).order_by(Order.id)))


def quantity(scene: Scene, index: int = 0) -> tuple[str, int]:
    """The name of a draft's quantity field, and what is kept."""
    [line] = scene.order(index).lines
    return f"quantity-{line.order_id}-{line.asset_id}", line.quantity


def test_an_empty_basket_says_where_to_begin(play: Play) -> None:
    page = opened(play(lambda _town: [])).get("/basket").text
    assert "申请单是空的" in page


def test_what_is_typed_is_kept_for_all_orders_and_in_the_background(play: Play) -> None:
    scene = play(two_holders)
    visitor = opened(scene)
    answer = visitor.post("/basket", {"reason": REASON, "urgency": "urgent"}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert 'id="saved"' in answer.text
    assert {scene.order(index).reason for index in (0, 1)} == {REASON}
    assert REASON in visitor.get("/basket").text


def test_what_can_not_be_kept_stays_typed_and_the_rest_is_kept(play: Play) -> None:
    scene = play(borrowed)
    name, _ = quantity(scene)
    answer = act(opened(scene), start="2026-10-09", end="2026-10-01", **{name: "99"})
    assert answer.status_code == 422
    for told in ("归还日期不能早于开始日期", "数量应在1到1之间", 'value="99"', "2026-10-01"):
        assert told in answer.text
    assert scene.order().reason == REASON
    assert scene.order().starts_on == TODAY


def test_a_day_that_was_kept_can_be_taken_out_again(play: Play) -> None:
    scene = play(borrowed)
    assert act(opened(scene), start="", end="2026-10-09").status_code == 302
    assert (scene.order().starts_on, scene.order().ends_on) == (None, dt.date(2026, 10, 9))
    act(opened(scene), reason=REASON)
    assert scene.order().ends_on == dt.date(2026, 10, 9), "what was not on the form stays"
    answer = act(opened(scene), "submit", start="", end="")
    assert "请选择借用开始日期" in answer.text
    assert states(scene) == [OrderState.DRAFT]


def test_submitting_with_something_wrong_submits_nothing(play: Play) -> None:
    scene = play(two_holders)
    answer = act(opened(scene), "submit", reason="")
    assert answer.status_code == 422
    assert "请写明用途或理由" in answer.text
    assert states(scene) == [OrderState.DRAFT] * 2


def test_all_are_submitted_together_and_the_page_names_them(play: Play) -> None:
    scene = play(two_holders)
    visitor = opened(scene)
    answer = act(visitor, "submit")
    assert states(scene) == [OrderState.SUBMITTED] * 2
    page = visitor.get(answer.location).text
    assert all(str(scene.order(index).number) in page for index in (0, 1))


def test_one_is_submitted_and_the_other_stays(play: Play) -> None:
    scene = play(two_holders)
    answer = act(opened(scene), f"submit:{scene.orders[1]}")
    assert answer.location == f"/orders/{scene.orders[1]}"
    assert states(scene) == [OrderState.DRAFT, OrderState.SUBMITTED]


def test_what_waits_is_named_with_its_place(play: Play) -> None:
    def taken(town: Town) -> list[Order]:
        asset = town.listed(name="会议桌")
        town.submitted(asset, "C.staff")
        return [town.draft(asset)]

    scene = play(taken)
    visitor = opened(scene)
    assert "提交后排队" in visitor.get("/basket").text
    answer = act(visitor, "submit")
    page = visitor.get(answer.location).text
    assert "排在第1位" in page


def test_a_removed_thing_can_be_put_back(play: Play) -> None:
    scene = play(two_holders)
    visitor = opened(scene)
    [line] = scene.order().lines
    act(visitor, f"remove:{line.order_id}:{line.asset_id}")
    page = visitor.get("/basket").text
    assert "已移除" in page
    fields = dict(re.findall(r'name="(asset|quantity|unit|kind)" value="([^"]+)"', page))
    visitor.post("/basket/restore", fields)
    assert "会议桌" in visitor.get("/basket").text
    assert len(states(scene)) == 2


def test_the_last_thing_takes_its_order_along_and_a_discarded_one_is_gone(play: Play) -> None:
    scene = play(two_holders)
    visitor = opened(scene)
    [line] = scene.order().lines
    act(visitor, f"remove:{line.order_id}:{line.asset_id}")
    act(visitor, f"discard:{scene.orders[1]}")
    assert states(scene) == []


def test_documents_come_along_and_are_taken_off(play: Play) -> None:
    scene = play(two_holders)
    visitor = opened(scene)
    draft = scene.orders[0]
    wrong = act(visitor, f"attach:{draft}", **{f"file-{draft}": (io.BytesIO(b"MZ"), "a.exe")})
    assert wrong.status_code == 422
    assert "a.exe" in wrong.text
    assert REASON in wrong.text
    act(visitor, f"attach:{draft}", **{f"file-{draft}": (io.BytesIO(b"%PDF-1.7"), "纪要.pdf")})
    [file] = scene.order().files
    assert file.name == "纪要.pdf"
    act(visitor, f"detach:{draft}:{file.id}")
    with scene.sessions() as session:
        assert session.scalar(select(func.count(OrderFile.id))) == 0


@pytest.mark.parametrize("what", ["submit", "discard", "remove", "attach", "detach"])
def test_nobody_touches_the_basket_of_another(play: Play, what: str) -> None:
    scene = play(two_holders)
    [line] = scene.order().lines
    visitor = opened(scene, name="C.staff")
    answer = act(visitor, f"{what}:{scene.orders[0]}:{line.asset_id}")
    assert answer.status_code in (302, 404, 422)
    assert states(scene) == [OrderState.DRAFT] * 2
    assert scene.order().reason == "新办公室使用"
    assert "会议桌" not in visitor.get("/basket").text


def test_the_masthead_counts_what_lies_in_the_basket(play: Play) -> None:
    scene = play(two_holders)
    assert re.search(r'href="/basket".*?nav-count">2<', opened(scene, "/search").get("/search").text, re.S)
    assert 'href="/basket"' not in scene.visitor("manager").get("/search").text


def offered(town: Town) -> list[Order]:
    town.listed(name="会议桌", quantity=5)
    return []


def wish(**more: str) -> dict[str, str]:
    return {
        "act": "submit",
        "kind": "transfer",
        "quantity": "2",
        "reason": REASON,
        "urgency": "normal",
        **more,
    }


@pytest.fixture
def shop(play: Play) -> tuple[Scene, Visitor, str]:
    """A scene with a thing on offer, somebody before it, and the code of the own unit."""
    scene = play(offered)
    visitor = opened(scene, "/assets/1")
    code = re.search(
        r'<option value="([^"]+)" selected', visitor.get("/assets/1").text.split("unit_code", 1)[1]
    )
    assert code
    return scene, visitor, code[1]


def test_the_panel_tells_what_will_happen(shop: tuple[Scene, Visitor, str]) -> None:
    _, visitor, code = shop
    page = visitor.get("/assets/1").text
    for told in ("立即申请", "加入申请单", "提交后由单位审批人审批，预计4个工作日", "可提供"):
        assert told in page
    loan = visitor.get(f"/assets/1/request?kind=loan&quantity=1&unit_code={code}").text
    assert "单位资产管理员" in loan
    assert "<html" not in loan


def test_asking_at_once_makes_an_order(shop: tuple[Scene, Visitor, str]) -> None:
    scene, visitor, code = shop
    answer = visitor.post("/assets/1/request", wish(unit_code=code))
    assert answer.location == "/orders/1"
    assert states(scene) == [OrderState.SUBMITTED]


def test_a_wish_goes_into_the_basket_without_a_reason(shop: tuple[Scene, Visitor, str]) -> None:
    scene, visitor, code = shop
    answer = visitor.post("/assets/1/request", wish(unit_code=code, act="basket", reason=""))
    assert answer.location == "/assets/1"
    assert states(scene) == [OrderState.DRAFT]
    assert "会议桌" in visitor.get("/basket").text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"quantity": "6"}, "数量应在1到5之间"),
        ({"reason": ""}, "请写明用途或理由"),
        ({"kind": "gift"}, "请选择调剂或借用"),
        ({"unit_code": "nowhere"}, "请选择申请单位"),
        ({"kind": "loan"}, "请选择借用开始日期"),
        ({"kind": "loan", "start": "2026-13-01"}, "2026-13-01"),
    ],
)
def test_a_refused_wish_keeps_what_was_typed(
    shop: tuple[Scene, Visitor, str], wrong: dict[str, str], said: str
) -> None:
    scene, visitor, code = shop
    answer = visitor.post("/assets/1/request", {**wish(unit_code=code), **wrong})
    assert answer.status_code == 422
    assert said in answer.text
    assert states(scene) == []
    if "reason" not in wrong:
        assert REASON in answer.text


def test_the_holder_and_deciders_have_no_panel(play: Play) -> None:
    scene = play(offered)
    for name in ("A.staff", "manager", "A.approver"):
        assert "立即申请" not in scene.visitor(name).get("/assets/1").text
    answer = opened(scene, "/assets/1", "A.staff").post("/assets/1/request", wish(unit_code="x"))
    assert answer.status_code == 422
    assert states(scene) == []


def test_a_lent_thing_tells_when_it_is_back_and_can_be_booked_for_later(play: Play) -> None:
    def out(town: Town) -> list[Order]:
        return [town.handed_over(town.approved(town.listed(name="投影仪"), "C.staff", kind=OrderKind.LOAN))]

    scene = play(out)
    page = opened(scene, "/assets/1").get("/assets/1").text
    assert "2026年9月10日归还" in page
    assert "可以预约之后的日期" in page
    assert (TODAY + dt.timedelta(days=9)).isoformat() in page


def test_a_listing_says_how_it_is_awarded(play: Play) -> None:
    def gathered(town: Town) -> list[Order]:
        asset = town.listed(name="会议桌")
        asset.listing.award_rule, asset.listing.window_days = AwardRule.WINDOW, 8
        return []

    page = opened(play(gathered), "/assets/1").get("/assets/1").text
    assert "集中受理8个工作日后择优" in page
    assert "从第一个申请起集中受理8个工作日" in page


def test_whoever_was_signed_out_meanwhile_comes_back_to_the_form(play: Play, clock: Clock) -> None:
    scene = play(two_holders)
    visitor = opened(scene)
    clock.advance(hours=2)
    answer = visitor.post("/basket", {"act": "submit"}, headers={"Referer": "http://localhost/basket"})
    assert answer.location == "/login?next=/basket"
    elsewhere = visitor.post("/basket", {"act": "submit"}, headers={"Referer": "http://elsewhere/basket"})
    assert elsewhere.location == "/login?next=/"
    assert states(scene) == [OrderState.DRAFT] * 2
