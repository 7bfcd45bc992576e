"""From a candidate to a published notice to money at the treasury, through the pages."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from marketplace.db.assets import Asset, Photo
from marketplace.db.people import Unit
from marketplace.db.session import transaction
from marketplace.domain.assets import Condition
from marketplace.domain.disposals import REQUIREMENTS
from marketplace.domain.permissions import Role
from marketplace.domain.states import AssetState
from tests import factories
from tests.conftest import NOW
from tests.use_cases.selling import TERMS
from tests.web.conftest import Visitor, World, sent

CITY = "330000"


@dataclass
class Desk:
    """Who sells, who approves, and the card in question."""

    world: World
    manager: Visitor
    second: Visitor
    finance: Visitor
    names: list[str]
    asset_id: int

    def sign_in(self) -> None:
        """Everybody is at work."""
        for visitor, name in zip((self.manager, self.second, self.finance), self.names, strict=True):
            visitor.enter(name)

    def state(self) -> AssetState:
        with self.world.sessions() as session:
            return session.get_one(Asset, self.asset_id).state


@pytest.fixture
def desk(world: World) -> Desk:
    world.app.extensions["shelf"].clear()
    with transaction(world.sessions) as session:
        unit = session.get_one(Unit, world.units["JY-1"])
        asset = factories.asset(session, unit, "奥迪轿车", condition=Condition.BROKEN)
        session.add(
            Photo(
                asset_id=asset.id,
                position=0,
                digest="a" * 64,
                fingerprint=1,
                width=800,
                height=600,
                uploaded_at=NOW,
            )
        )
        asset_id = asset.id
    roles = (Role.WAREHOUSE_MANAGER, Role.WAREHOUSE_MANAGER, Role.FINANCE_APPROVER)
    names = [world.account(role, at=CITY) for role in roles]
    found = Desk(world, *(world.visitor() for _ in roles), names=names, asset_id=asset_id)
    found.sign_in()
    return found


def opened(desk: Desk, way: str = "auction") -> str:
    """The address of a project in preparation."""
    assert "奥迪轿车" in desk.manager.get("/disposals/new").text
    answer = desk.manager.post("/disposals/new", {"asset": desk.asset_id, "title": "旧车处置", "way": way})
    assert answer.status_code == 302, answer.text
    return answer.location


def proven(desk: Desk, project: str) -> None:
    """Every condition with its evidence, and the appraisal."""
    item = sent(desk.manager.get(project).text, "item")
    facts = {
        "item": item,
        "appraiser": "江州评估",
        "appraised_on": "2026-07-31",
        f"appraised-{item}": "50000",
    }
    assert desk.manager.post(f"{project}/facts", facts).status_code == 302
    for kind, rule in REQUIREMENTS.items():
        if not rule.automatic:
            desk.manager.post(f"{project}/conditions/{kind}", {"evidence": "江财资〔2026〕8号"})


def submitted(desk: Desk) -> str:
    project = opened(desk)
    proven(desk, project)
    assert desk.manager.post(f"{project}/submit").status_code == 302
    return project


def approved(desk: Desk) -> str:
    project = submitted(desk)
    assert desk.second.post(f"{project}/approve").status_code == 302
    return project


def drafted(desk: Desk) -> str:
    """The address of a complete draft."""
    auction = desk.manager.post(f"{approved(desk)}/auction").location
    page = desk.manager.get(auction).text
    fields = {name: sent(page, name) for name in ("version", "starts_at", "ends_at", "viewing_from")}
    lot = sent(page, "lot")
    lots = {
        f"{name}-{lot}": sent(page, f"{name}-{lot}")
        for name in ("name", "start", "reserve", "deposit", "increment")
    }
    answer = desk.manager.post(
        auction, {**fields, "viewing_until": sent(page, "viewing_until"), **TERMS, "lot": lot, **lots}
    )
    assert answer.status_code == 302, answer.text
    return auction


def test_the_check_list_names_the_article_and_nothing_goes_on_while_one_is_missing(desk: Desk) -> None:
    project = opened(desk)
    page = desk.manager.get(project).text
    assert "行政事业性国有资产管理条例第三十六条" in page
    refused = desk.manager.post(f"{project}/submit")
    assert refused.status_code == 422
    assert "条件没有满足" in refused.text
    assert desk.state() is AssetState.DISPOSAL


def test_only_a_second_person_is_offered_to_approve(desk: Desk) -> None:
    project = submitted(desk)
    assert f"{project}/approve" not in desk.manager.get(project).text
    assert f"{project}/approve" in desk.second.get(project).text


def test_a_card_goes_from_candidate_to_the_treasury(desk: Desk) -> None:
    auction = drafted(desk)
    assert "均符合规定" in desk.manager.get(auction).text
    assert "这是预览" in desk.manager.get(f"{auction}/preview").text
    assert desk.manager.post(f"{auction}/submit").status_code == 302
    assert desk.manager.post(f"{auction}/approve").status_code == 403
    assert desk.second.post(f"{auction}/approve").status_code == 302
    assert desk.manager.post(f"{auction}/publish").status_code == 302
    assert desk.state() is AssetState.AT_AUCTION
    page = desk.manager.get(auction).text
    number = re.search(r"PM\d+", page)
    assert number
    assert "公务用车拍卖公告" in desk.world.visitor().get(f"/auctions/{number[0]}").text
    assert (
        desk.manager.post(f"{auction}/results", {"price-1": "61000", "winner-1": "张三丰"}).status_code == 409
    )

    desk.world.clock.advance(days=30)
    desk.sign_in()
    _sell_and_remit(desk, auction)


def _sell_and_remit(desk: Desk, auction: str) -> None:
    entered = {"price-1": "61000", "winner-1": "张三丰"}
    assert desk.manager.post(f"{auction}/results", entered).status_code == 302
    assert desk.state() is AssetState.SOLD
    page = desk.manager.get(auction).text
    lot = re.search(r"/lots/(\d+)/proceeds", page)
    assert lot
    receipt = {"amount": "61000", "received_on": "2026-09-02", "voucher": "SK-1"}
    assert desk.manager.post(f"{auction}/lots/{lot[1]}/proceeds", receipt).status_code == 302
    assert "逾期未上缴" in desk.manager.get(auction).text
    assert "未上缴国库的收入（1笔）" in desk.manager.get("/disposals").text
    desk.finance.get("/profile")
    paid = {"remitted_on": "2026-10-02", "remittance": "JK-1"}
    assert desk.finance.post(f"{auction}/lots/{lot[1]}/remitted", paid).status_code == 302
    assert "未上缴国库的收入" not in desk.manager.get("/disposals").text


def test_what_was_typed_stays_when_it_can_not_be_read(desk: Desk) -> None:
    auction = drafted(desk)
    page = desk.manager.get(auction).text
    typed = {"version": sent(page, "version"), "starts_at": "下周三", "title": "打了一半的标题"}
    answer = desk.manager.post(auction, typed)
    assert answer.status_code == 422
    assert "打了一半的标题" in answer.text
    assert "打了一半的标题" not in desk.manager.get(auction).text


def test_whoever_changes_an_older_version_is_told(desk: Desk) -> None:
    auction = drafted(desk)
    answer = desk.manager.post(auction, {"version": "1", "title": "另一个标题"})
    assert answer.status_code == 409


def test_a_project_of_others_does_not_exist(desk: Desk) -> None:
    project = opened(desk)
    stranger = desk.world.signed_in(Role.WAREHOUSE_MANAGER, at="440000")
    assert stranger.get(project).status_code == 404
    assert "旧车处置" not in stranger.get("/disposals").text
    assert stranger.post(f"{project}/cancel", {"reason": "不要了"}).status_code == 404
    assert desk.state() is AssetState.DISPOSAL


def test_a_cancelled_project_gives_its_cards_back(desk: Desk) -> None:
    project = opened(desk)
    assert desk.manager.post(f"{project}/cancel", {"reason": ""}).status_code == 422
    assert desk.manager.post(f"{project}/cancel", {"reason": "改为调剂"}).status_code == 302
    assert desk.state() is AssetState.IN_USE


def test_scrapping_asks_for_the_service_life(desk: Desk) -> None:
    project = opened(desk, way="scrapping")
    proven(desk, project)
    refused = desk.manager.post(f"{project}/submit")
    assert refused.status_code == 422
    assert "达到最低使用年限" in refused.text
