"""The pages about idle assets: flags and their answers, policies, events, and the timetable of an offer."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from marketplace.db.assets import Asset
from marketplace.db.idle import Event, IdleFlag, IdlePolicyRow, Screening
from marketplace.db.people import Unit
from marketplace.db.session import transaction
from marketplace.domain.idle import Answer, IdlePolicy, IdleRule, OnSilence, Review, plain
from marketplace.domain.permissions import Role
from marketplace.domain.states import AssetState
from marketplace.domain.timetable import Stage
from marketplace.use_cases import timetable_walk
from tests import factories
from tests.conftest import NOW
from tests.web.conftest import Visitor, World

TODAY = NOW.date()
POLICY = {name: str(value) for name, value in plain(IdlePolicy()).items()} | {"version": "0"}


def flagged(world: World, name: str = "投影仪", at: str = "JY-1", **values: Any) -> int:
    with transaction(world.sessions) as session:
        unit = session.get_one(Unit, world.units[at])
        card = factories.asset(session, unit, name, state=AssetState.IDLE_FLAGGED)
        flag = IdleFlag(
            **{
                "asset_id": card.id,
                "unit_id": unit.id,
                "rule": IdleRule.UNUSED,
                "evidence": {"since": "2026-01-01", "sign": "loan", "days": 243, "limit": 180},
                "flagged_at": NOW,
                "answer_by": TODAY + dt.timedelta(days=20),
                "on_silence": OnSilence.LIST,
                "quiet_days": 365,
            }
            | values
        )
        session.add(flag)
        session.flush()
        return flag.id


def flag(world: World, flag_id: int) -> IdleFlag:
    with world.sessions() as session:
        found = session.get_one(IdleFlag, flag_id)
        assert found.asset
        return found


@pytest.fixture
def officer(world: World) -> Visitor:
    return world.signed_in(Role.UNIT_ASSET_OFFICER, name="赵文静")


def test_flags_say_by_which_rule_and_on_what_evidence(world: World, officer: Visitor) -> None:
    flagged(world)
    flagged(
        world,
        "办公桌",
        rule=IdleRule.OVER_STANDARD,
        evidence={
            "item": "办公桌",
            "held": 14,
            "headcount": 10,
            "allowed": 10,
            "pieces": 4,
            "quantity": "每人1套",
            "standard": "财资〔2016〕27号",
        },
    )
    flagged(
        world,
        "帐篷",
        rule=IdleRule.EVENT_ENDED,
        evidence={"event": "运动会", "event_id": 1, "ended_on": "2026-08-31"},
    )
    flagged(world, "别家的", at="WS-1")
    page = officer.get("/idle").text
    assert "最近一次使用迹象是2026年1月1日（借用），到标记时已243天；规则是180天。" in page
    assert "办公桌在用14，编制内实有10人，标准允许10；本卡片有4超出。" in page
    assert "“运动会”已于2026年8月31日结束" in page
    assert "别家的" not in page
    assert ">闲置</" in officer.get("/assets").text


def test_several_are_listed_at_once(world: World, officer: Visitor) -> None:
    one, other = flagged(world), flagged(world)
    officer.get("/idle")
    assert officer.post("/idle", {"do": "list", "flag": [one, other]}).status_code == 302
    assert "已上架2项" in officer.get("/idle").text
    assert {flag(world, one).answer, flag(world, other).answer} == {Answer.LISTED}
    assert flag(world, one).asset.state is AssetState.LISTED
    assert "已入仓上架" in officer.get("/idle?show=answered").text


def test_what_could_not_be_answered_is_reported(world: World, officer: Visitor) -> None:
    good, foreign = flagged(world), flagged(world, "别家的", at="WS-1")
    done = flagged(world, "已答复的", closed_at=NOW, answer=Answer.LISTED)
    officer.get("/idle")
    page = officer.post("/idle", {"do": "confirm", "flag": [good, foreign, done]}).text
    assert "已确认1项闲置" in page
    assert "已答复的" in page
    assert "别家的" not in page
    assert flag(world, foreign).answer is None


def test_an_objection_needs_a_reason_and_keeps_what_was_ticked(world: World, officer: Visitor) -> None:
    flag_id = flagged(world)
    officer.get("/idle")
    answer = officer.post("/idle", {"do": "object", "flag": [flag_id], "reason": "急"})
    assert answer.status_code == 422
    assert f'value="{flag_id}" checked' in answer.text
    assert flag(world, flag_id).answer is None
    officer.post("/idle", {"do": "object", "flag": [flag_id], "reason": "防汛值班用"})
    assert flag(world, flag_id).reason == "防汛值班用"


def test_an_objection_is_decided_on_above(world: World, officer: Visitor) -> None:
    flag_id = flagged(world)
    officer.get(f"/idle/{flag_id}")
    officer.post(f"/idle/{flag_id}", {"do": "object", "reason": "防汛值班用"})
    assert officer.post(f"/idle/{flag_id}/review", {"do": "accept"}).status_code == 403
    department = world.signed_in(Role.DEPARTMENT_APPROVER, at="JY")
    assert "防汛值班用" in department.get("/idle?show=review").text
    department.get(f"/idle/{flag_id}")
    assert department.post(f"/idle/{flag_id}/review", {"do": "refuse"}).status_code == 422
    assert department.post(f"/idle/{flag_id}/review", {"do": "accept"}).status_code == 302
    found = flag(world, flag_id)
    assert (found.review, found.asset.state) == (Review.ACCEPTED, AssetState.IN_USE)
    assert "已采纳" in officer.get(f"/idle/{flag_id}").text


def test_one_flag_is_answered_on_its_own_page(world: World, officer: Visitor) -> None:
    flag_id = flagged(world)
    page = officer.get(f"/idle/{flag_id}").text
    assert "请答复" in page
    asset_id = flag(world, flag_id).asset_id
    assert "看依据和答复" in officer.get(f"/assets/{asset_id}").text
    assert officer.post(f"/idle/{flag_id}", {"do": "confirm"}).location == f"/assets/{asset_id}"
    assert flag(world, flag_id).answer is Answer.CONFIRMED
    assert officer.get(f"/idle/{flagged(world, at='WS-1')}").status_code == 404


def test_the_list_goes_on_page_by_page(world: World, officer: Visitor) -> None:
    for number in range(53):
        flagged(world, f"第{number:02}件")
    first = officer.get("/idle").text
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = officer.get(following).text
    seen = [number for number in range(53) if (f"第{number:02}件" in first) + (f"第{number:02}件" in second)]
    assert len(seen) == 53
    assert ("第49件" in first, "第50件" in first, "第50件" in second) == (True, False, True)


def test_a_thing_in_use_is_confirmed_by_hand(world: World, officer: Visitor) -> None:
    with transaction(world.sessions) as session:
        asset_id = factories.asset(session, session.get_one(Unit, world.units["JY-1"])).id
    assert "确认在用" in officer.get(f"/assets/{asset_id}").text
    assert officer.post(f"/idle/in-use/{asset_id}").location == f"/assets/{asset_id}"
    assert "最近一次使用迹象：2026-09-01（人工确认）" in officer.get(f"/assets/{asset_id}").text


def test_policies_are_set_by_category(world: World) -> None:
    with transaction(world.sessions) as session:
        factories.category(session, "A02", "设备")
    manager = world.signed_in(Role.WAREHOUSE_MANAGER, at="330000")
    manager.get("/admin/idle-policies?add=1")
    assert manager.post("/admin/idle-policies", POLICY | {"days_unused": "365"}).status_code == 302
    answer = manager.post("/admin/idle-policies", POLICY | {"category": "2022:A02", "days_unused": "77"})
    assert answer.status_code == 302
    page = manager.get("/admin/idle-policies?edit=2022:A02").text
    assert "设备" in page
    assert 'value="77"' in page
    refused = manager.post("/admin/idle-policies", POLICY | {"answer_days": "99", "quiet_days": "33"})
    assert refused.status_code == 422
    assert 'value="33"' in refused.text
    clash = manager.post("/admin/idle-policies", POLICY | {"days_unused": "1"})
    assert clash.status_code == 409
    assert "他人保存的" in clash.text
    manager.post("/admin/idle-policies/remove", {"category": "2022:A02", "version": "1"})
    with world.sessions() as session:
        assert session.scalars(select(IdlePolicyRow.days_unused)).all() == [365]


def test_an_event_is_made_and_filled(world: World, officer: Visitor) -> None:
    with transaction(world.sessions) as session:
        unit = session.get_one(Unit, world.units["JY-1"])
        factories.asset(session, unit, "帐篷", number="ZP-1")
    typed = {"unit_code": "JY-1", "name": "全市运动会", "ends_on": "2026-10-08"}
    officer.get("/events")
    wrong = officer.post("/events", typed | {"ends_on": "下月"})
    assert (wrong.status_code, 'value="全市运动会"' in wrong.text) == (422, True)
    place = officer.post("/events", typed).location
    officer.get(place)
    wrong = officer.post(f"{place}/assets", {"numbers": "ZP-1 ZP-2"})
    assert (wrong.status_code, "ZP-2" in wrong.text) == (422, True)
    officer.post(f"{place}/assets", {"numbers": "ZP-1"})
    assert "帐篷" in officer.get(place).text
    assert officer.post(place, typed | {"ends_on": "2026-10-09", "version": "1"}).status_code == 302
    assert "全市运动会" in officer.get("/events").text
    with world.sessions() as session:
        event = session.scalars(select(Event)).one()
        asset = session.scalars(select(Asset)).one()
        assert (event.ends_on, asset.event_id) == (dt.date(2026, 10, 9), event.id)
    officer.post(f"{place}/take-out", {"asset": asset.id})
    assert "还没有资产" in officer.get(place).text
    stranger = world.signed_in(Role.UNIT_ASSET_OFFICER, at="WS-1")
    assert stranger.get(place).status_code == 404


@pytest.fixture
def offer(world: World) -> int:
    with transaction(world.sessions) as session:
        card = factories.listed(session, session.get_one(Unit, world.units["JY-1"]))
        walk = timetable_walk.begin(session, NOW, TODAY, "Asia/Shanghai")
        timetable_walk.start_new(session, walk)
        return card.id


def test_an_offer_shows_where_it_stands_and_what_comes_next(world: World, offer: int) -> None:
    page = world.signed_in(Role.UNIT_ASSET_OFFICER).get(f"/assets/{offer}").text
    assert "调剂时间表" in page
    assert "到2026-10-13" in page
    assert "转入处置" in page
    assert "跳到下一阶段" not in page
    assert "调剂时间表" not in world.signed_in(Role.STAFF, at="WS-1").get(f"/assets/{offer}").text


def test_the_manager_steers_the_timetable(world: World, offer: int, officer: Visitor) -> None:
    path = f"/assets/{offer}/timetable"
    assert officer.post(f"{path}/skip", {"reason": "太旧"}).status_code == 403
    manager = world.signed_in(Role.WAREHOUSE_MANAGER, at="330000")
    manager.get(f"/assets/{offer}")
    refused = manager.post(f"{path}/stop", {"reason": ""})
    assert (refused.status_code, "请写明理由" in refused.text) == (422, True)
    manager.post(f"{path}/stop", {"reason": "等待修理"})
    late = manager.post(f"{path}/stop", {"reason": "再停一次"})
    assert (late.status_code, 'value="再停一次"' in late.text) == (409, True)
    page = manager.get(f"/assets/{offer}").text
    assert "还剩30个工作日" in page
    assert "等待修理" in page
    manager.post(f"{path}/go-on")
    manager.post(f"{path}/skip", {"reason": "已无使用价值"})
    page = manager.get(f"/assets/{offer}").text
    assert "待处置" in page
    assert "已无使用价值" in page
    with world.sessions() as session:
        assert session.scalars(select(Screening.stage)).all() == [Stage.DISPOSAL]
