"""One asset's pages: who sees how much, what the holder may do, the card as a form."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from marketplace.db.assets import Asset, Listing
from marketplace.db.people import Unit
from marketplace.db.session import transaction
from marketplace.domain.assets import Secrecy
from marketplace.domain.permissions import Role
from marketplace.domain.states import AssetState
from marketplace.reference.catalogue import load_reference
from tests import factories
from tests.web.conftest import Visitor, World

PART = {"HX-Request": "true"}


@pytest.fixture
def officer(world: World) -> Visitor:
    """Whoever keeps the cards of the first school."""
    return world.signed_in(Role.UNIT_ASSET_OFFICER, at="JY-1")


def card(
    world: World, at: str = "JY-1", name: str = "笔记本电脑", *, listed: bool = False, **values: Any
) -> int:
    """A card of a unit, by id."""
    make = factories.listed if listed else factories.asset
    with transaction(world.sessions) as session:
        return make(session, session.get_one(Unit, world.units[at]), name, **values).id


def kept(world: World, asset_id: int) -> Asset:
    """The card as it is now."""
    with world.sessions() as session:
        return session.get_one(Asset, asset_id)


def typed(page: str) -> dict[str, str]:
    """What the fields of a card's form hold."""
    inputs = re.findall(r'<input[^>]*? name="([a-z_]+)"[^>]*?>', page)
    found = {}
    for tag in re.findall(r"<input[^>]*>", page):
        name, value = (re.search(rf' {part}="([^"]*)"', tag) for part in ("name", "value"))
        is_off = 'type="radio"' in tag and " checked" not in tag
        if name and name[1] in inputs and not is_off:
            found[name[1]] = unescape(value[1]) if value else ""
    for name, options in re.findall(r'<select[^>]*? name="([a-z_]+)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    found |= {
        name: unescape(text)
        for name, text in re.findall(r'<textarea[^>]*? name="(\w+)"[^>]*>(.*?)</textarea>', page, re.S)
    }
    return {name: text for name, text in found.items() if name not in {"csrf_token", "q"}}


# Who sees how much


def test_the_card_of_another_unit_that_is_not_on_offer_does_not_exist(world: World) -> None:
    hidden = card(world, "WS-1", "显微镜")
    elsewhere = card(world, "WS-1", "只给卫健的显微镜", listed=True)
    with transaction(world.sessions) as session:
        session.scalars(select(Listing)).one().audience_unit_id = world.units["WS"]
    stranger = world.signed_in(Role.STAFF, at="JY-1")
    for asset_id in (hidden, elsewhere, 999_999):
        answer = stranger.get(f"/assets/{asset_id}")
        assert answer.status_code == 404
        assert "显微镜" not in answer.text
    assert world.signed_in(Role.STAFF, at="WS-1").get(f"/assets/{hidden}").status_code == 200


def test_a_listing_tells_what_one_must_know_and_no_more(world: World) -> None:
    values = {
        "brand": "联想",
        "serial_number": "SN-42",
        "voucher": "记-7",
        "using_person": "张三",
        "note": "内部备注",
    }
    asset_id = card(world, "WS-1", listed=True, extra={"旧编号": "A-1"}, **values)
    with transaction(world.sessions) as session:
        listing = session.scalars(select(Listing)).one()
        listing.contact_name, listing.contact_phone, listing.note = "李四", "0551-6000 1234", "缺电源线"
    page = world.signed_in(Role.STAFF, at="JY-1").get(f"/assets/{asset_id}").text
    for told in ("联想", "李四", "缺电源线", "申请使用", "可调剂", 'href="tel:0551-60001234"', "资产情况"):
        assert told in page
    for secret in ("SN-42", "记-7", "张三", "内部备注", "旧编号", "历史记录", "编辑卡片", '/withdraw"'):
        assert secret not in page
    own = world.signed_in(Role.STAFF, at="WS-1").get(f"/assets/{asset_id}").text
    for told in ("SN-42", "记-7", "张三", "内部备注", "旧编号", "历史记录"):
        assert told in own
    assert "想用它" not in own, "nobody asks the own unit"


def test_how_far_it_is_is_said_where_both_places_are_known(world: World) -> None:
    asset_id = card(world, "WS-1", listed=True)
    visitor = world.signed_in(Role.STAFF, at="JY-1")
    assert "公里" not in visitor.get(f"/assets/{asset_id}").text
    with transaction(world.sessions) as session:
        for code, latitude in (("JY-1", 30.0), ("WS-1", 30.18)):
            unit = session.get_one(Unit, world.units[code])
            unit.latitude, unit.longitude = latitude, 120.0
    assert "20公里" in visitor.get(f"/assets/{asset_id}").text
    assert "公里" not in world.signed_in(Role.STAFF, at="WS-1").get(f"/assets/{asset_id}").text


def test_the_section_is_where_the_reader_finds_the_asset(world: World) -> None:
    def section(visitor: Visitor, asset_id: int) -> str | None:
        page = visitor.get(f"/assets/{asset_id}").text
        crumb = re.search(r'class="crumbs".*?<a href="([^"]+)"', page, re.S)
        marked = re.search(r'<li><a href="([^"]+)" aria-current="page">', page)
        assert crumb is not None
        assert marked is not None
        assert crumb[1] == marked[1]
        return marked[1]

    mine, theirs = card(world, listed=True), card(world, "WS-1", listed=True)
    shelved = card(world, "WS-1")
    officer = world.signed_in(Role.UNIT_ASSET_OFFICER, at="JY-1")
    assert (section(officer, mine), section(officer, theirs)) == ("/assets", "/search")
    # Whoever looks after a whole city has all its cards in the register, and others' offers in the plaza.
    manager = world.signed_in(Role.WAREHOUSE_MANAGER, at="330000", home="JY-1")
    assert [section(manager, one) for one in (mine, theirs, shelved)] == ["/assets", "/search", "/assets"]


def test_only_the_holder_has_the_controls(world: World, officer: Visitor) -> None:
    mine, theirs = card(world, listed=True), card(world, "JY-2", listed=True)
    page = officer.get(f"/assets/{mine}").text
    assert f'action="/assets/{mine}/withdraw"' in page
    assert f'href="/assets/{mine}/edit"' in page
    for visitor, asset_id in ((officer, theirs), (world.signed_in(Role.STAFF, at="JY-1"), mine)):
        page = visitor.get(f"/assets/{asset_id}").text
        assert "/withdraw" not in page
        assert f'href="/assets/{asset_id}/edit"' not in page
    for path in ("edit", "photos"):
        assert officer.get(f"/assets/{theirs}/{path}").status_code == 403
    for path in ("withdraw", "list", "edit", "photos"):
        assert officer.post(f"/assets/{theirs}/{path}").status_code == 403
    assert kept(world, theirs).state == AssetState.LISTED


def test_a_card_without_photos_or_contact_says_so(world: World) -> None:
    page = world.signed_in(Role.STAFF, at="JY-1").get(f"/assets/{card(world, 'WS-1', listed=True)}").text
    assert "还没有照片" in page
    assert "请联系中心医院的资产管理部门" in page
    assert "添加照片" not in page


# Its life


def test_the_line_of_its_life_carries_the_dates(world: World, officer: Visitor) -> None:
    asset_id = card(world, acquired_on="2019-05-12")
    assert steps(officer.get(f"/assets/{asset_id}").text) == [
        ("now", "在用", "2019-05-12"),
        ("todo", "入仓", ""),
    ]
    officer.post(f"/assets/{asset_id}/list", {"modes": "loan", "quantity": "1"})
    assert steps(officer.get(f"/assets/{asset_id}").text) == [
        ("done", "在用", "2019-05-12"),
        ("now", "在仓", "2026-09-01"),
        ("todo", "调剂或借用", ""),
    ]


def steps(page: str) -> list[tuple[str, str, str]]:
    """The steps of the line: how far, what, since when."""
    drawn = re.findall(r'<li class="track-step is-(\w+)".*?<strong>([^<]*)</strong>(.*?)</li>', page, re.S)
    return [(how, what, (re.search(r"\d{4}-\d\d-\d\d", rest) or [""])[0]) for how, what, rest in drawn]


# On offer and off again


def test_listing_and_withdrawing_with_a_reason(world: World, officer: Visitor) -> None:
    asset_id = card(world, quantity=5)
    offer = {
        "modes": ["transfer", "loan"],
        "quantity": "3",
        "condition": "fair",
        "place": "北门库房",
        "contact_name": "王五",
        "contact_phone": "123",
        "note": "右侧有划痕",
        "audience": "department",
    }
    assert officer.post(f"/assets/{asset_id}/list", offer).status_code == 302
    page = officer.get(f"/assets/{asset_id}").text
    for told in ("已入仓上架", "3 件", "北门库房", "王五", "右侧有划痕", "先在本主管部门的各单位之间调剂"):
        assert told in page
    assert world.signed_in(Role.STAFF, at="WS-1").get(f"/assets/{asset_id}").status_code == 404
    assert world.signed_in(Role.STAFF, at="JY-2").get(f"/assets/{asset_id}").status_code == 200
    assert officer.post(f"/assets/{asset_id}/withdraw", {"reason": "本单位要用"}).status_code == 302
    page = officer.get(f"/assets/{asset_id}").text
    assert "状态：在仓 → 在用" in page
    assert "说明：本单位要用" in page
    assert world.signed_in(Role.STAFF, at="JY-2").get(f"/assets/{asset_id}").status_code == 404


@pytest.mark.parametrize(
    ("offer", "said"),
    [
        ({"quantity": "2"}, "请选择可调剂、可借用，或两者都选"),
        ({"modes": "loan", "quantity": "9"}, "上架数量应在1到2之间"),
        ({"modes": "loan", "quantity": "两个"}, "应为整数，如 1"),
    ],
)
def test_an_offer_that_can_t_be_is_sent_back_as_it_was_typed(
    world: World, officer: Visitor, offer: dict[str, str], said: str
) -> None:
    asset_id = card(world, quantity=2)
    answer = officer.post(f"/assets/{asset_id}/list", {**offer, "note": "带鼠标", "audience": "department"})
    assert answer.status_code == 422
    assert said in answer.text
    assert ">带鼠标</textarea>" in answer.text
    assert typed(answer.text)["quantity"] == offer["quantity"]
    assert re.search(r'name="audience" value="department" checked', answer.text)
    with world.sessions() as session:
        assert session.scalars(select(Listing)).all() == []
    assert kept(world, asset_id).state == AssetState.IN_USE


def test_a_classified_asset_says_why_it_is_not_listed(world: World, officer: Visitor) -> None:
    asset_id = card(world, secrecy=Secrecy.SECRET)
    page = officer.get(f"/assets/{asset_id}").text
    assert "涉密资产不得入仓展示" in page
    assert "保守国家秘密法" in page
    assert f"/assets/{asset_id}/list" not in page
    assert "入仓</strong>" not in page, "it has no next step"
    answer = officer.post(f"/assets/{asset_id}/list", {"modes": "loan"})
    assert answer.status_code == 422
    assert kept(world, asset_id).state == AssetState.IN_USE


def test_a_second_click_on_list_says_how_it_stands(world: World, officer: Visitor) -> None:
    asset_id = card(world, listed=True)
    answer = officer.post(f"/assets/{asset_id}/list", {"modes": "loan"})
    assert answer.status_code == 409
    assert "当前状态为“在仓”" in answer.text


# The card as a form


NEW = {
    "unit_code": "JY-1",
    "category": "2022:A02010108",
    "number": "ZC-7",
    "name": "联想笔记本电脑",
    "quantity": "2",
    "unit_of_measure": "台",
    "use_status": "idle",
    "location": "主楼301室",
    "original_value": "5,600.00",
    "value_type": "original",
    "acquisition_method": "purchase",
    "acquired_on": "2020年5月1日",
}


@pytest.fixture
def catalogue(world: World) -> None:
    """The catalogue; the class of laptops stands in two of its editions."""
    with transaction(world.sessions) as session:
        load_reference(session)


@pytest.mark.usefixtures("catalogue")
def test_a_new_card(world: World, officer: Visitor) -> None:
    assert 'name="unit_code" value="JY-1"' in officer.get("/assets/new").text
    answer = officer.post("/assets/new", NEW)
    assert answer.status_code == 302
    page = officer.get(answer.headers["Location"]).text
    for told in (
        "已建卡",
        "便携式计算机 A02010108（2022版）",
        "¥5,600.00",
        "2020-05-01",
        "2 台",
        "闲置",
        "建卡",
    ):
        assert told in page


def test_a_new_card_comes_back_as_it_was_typed(world: World, officer: Visitor) -> None:
    wrong = NEW | {
        "number": "",
        "original_value": "五千",
        "acquired_on": "2020-13-01",
        "note": "别丢",
        "category": "",
    }
    answer = officer.post("/assets/new", wrong)
    assert answer.status_code == 422
    assert "有 3 处需要修改" in answer.text
    for place in ("number", "original_value", "acquired_on"):
        assert f'href="#field-{place}"' in answer.text
        assert f'id="field-{place}-error"' in answer.text
    assert (
        typed(answer.text).items() >= {**wrong, "quantity": "2", "use_status": "idle", "note": "别丢"}.items()
    )
    with world.sessions() as session:
        assert session.scalars(select(Asset)).all() == []


def test_a_number_that_is_taken_is_said_at_its_field(world: World, officer: Visitor) -> None:
    card(world, number="ZC-7")
    answer = officer.post("/assets/new", NEW | {"category": ""})
    assert answer.status_code == 422
    assert "资产编号“ZC-7”在本单位已有卡片" in answer.text
    assert 'id="field-number-error"' in answer.text


def test_nobody_makes_cards_for_others(world: World, officer: Visitor) -> None:
    assert officer.post("/assets/new", NEW | {"unit_code": "WS-1", "category": ""}).status_code == 403
    assert world.signed_in(Role.STAFF).get("/assets/new").status_code == 403


def test_an_officer_of_several_units_chooses_one(world: World) -> None:
    page = world.signed_in(Role.UNIT_ASSET_OFFICER, at="JY").get("/assets/new").text
    assert re.search(r'<input[^>]*name="unit_code"[^>]*data-chooser', page)
    for code in ("JY", "JY-1", "JY-2"):
        assert f'<option value="{code}"' in page
    assert '<option value="WS-1"' not in page


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("A02030500", ("2022", "A02030500")),
        ("乘用车", ("2022", "A02030500")),
        ("2013：A02010105", ("2013", "A02010105")),
    ],
)
def test_a_class_may_be_typed(world: World, officer: Visitor, said: str, expected: tuple[str, str]) -> None:
    asset_id = int(
        officer.post("/assets/new", NEW | {"category": said}).headers["Location"].rpartition("/")[2]
    )
    asset = kept(world, asset_id)
    assert (asset.category_edition, asset.category_code) == expected


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize("said", ["便携式计算机", "飞船", "2022:A9"])
def test_a_class_that_could_be_several_or_none_is_asked_again(
    world: World, officer: Visitor, said: str
) -> None:
    answer = officer.post("/assets/new", NEW | {"category": said})
    assert answer.status_code == 422
    assert 'id="field-category-error"' in answer.text
    assert typed(answer.text)["category"] == said
    with world.sessions() as session:
        assert session.scalars(select(Asset)).all() == []


@pytest.mark.usefixtures("catalogue")
def test_the_part_for_vehicles_is_open_for_vehicles(officer: Visitor) -> None:
    def is_open(page: str) -> bool:
        found = re.search(r'<details class="card fold" data-opens-for="2022:A0203[^"]*"( open)?>', page)
        assert found
        return bool(found[1])

    assert not is_open(officer.get("/assets/new").text)
    assert is_open(officer.post("/assets/new", NEW | {"category": "2022:A02030500", "name": ""}).text)
    assert is_open(
        officer.post("/assets/new", NEW | {"plate_number": "皖A00001", "name": "", "category": ""}).text
    )


def test_saving_tells_history_what_changed(world: World, officer: Visitor) -> None:
    asset_id = card(world, brand="联想", acquired_on="2020-03-01", note="旧")
    form = typed(officer.get(f"/assets/{asset_id}/edit").text)
    assert form["brand"] == "联想"
    changed = form | {"brand": "华为", "original_value": "1300", "condition": "repair", "note": ""}
    assert officer.post(f"/assets/{asset_id}/edit", changed).status_code == 302
    page = officer.get(f"/assets/{asset_id}").text
    for line in (
        "品牌：联想 → 华为",
        "账面原值：¥1,200.00 → ¥1,300.00",
        "成色：良好 → 需维修",
        "备注：旧 → 未填写",
    ):
        assert line in page


def test_a_closed_card_has_no_form(world: World, officer: Visitor) -> None:
    asset_id = card(world, state=AssetState.SCRAPPED)
    assert officer.get(f"/assets/{asset_id}/edit").status_code == 409
    assert f"/assets/{asset_id}/edit" not in officer.get(f"/assets/{asset_id}").text


# Somebody else was faster


def two_forms(world: World, officer: Visitor) -> tuple[int, dict[str, str]]:
    """A form that was opened before somebody else saved another brand and another note."""
    asset_id = card(world, brand="联想", acquired_on="2020-03-01", note="原来的备注", location="一号楼")
    form = typed(officer.get(f"/assets/{asset_id}/edit").text)
    other = world.signed_in(Role.UNIT_ASSET_OFFICER, at="JY-1")
    saved = other.post(f"/assets/{asset_id}/edit", form | {"brand": "华为", "note": "别人的备注"})
    assert saved.status_code == 302
    return asset_id, form


def test_both_versions_are_shown_and_nothing_is_lost(world: World, officer: Visitor) -> None:
    asset_id, form = two_forms(world, officer)
    answer = officer.post(f"/assets/{asset_id}/edit", form | {"brand": "戴尔", "location": "二号楼"})
    assert answer.status_code == 409
    rows = re.findall(
        r'name="(\w+)" value="([^"]*)"[^>]*?aria-describedby="differs-\w+"( checked)?', answer.text
    )
    assert {(name, value): bool(on) for name, value, on in rows} == {
        ("brand", "华为"): False,
        ("brand", "戴尔"): True,
        ("note", "别人的备注"): True,
        ("note", "原来的备注"): False,
        ("location", "一号楼"): False,
        ("location", "二号楼"): True,
    }, "what I changed is kept, what only others changed is taken over, until I choose otherwise"
    assert kept(world, asset_id).brand == "华为"


def test_what_was_chosen_is_saved_on_top_of_the_newer_version(world: World, officer: Visitor) -> None:
    asset_id, form = two_forms(world, officer)
    page = officer.post(f"/assets/{asset_id}/edit", form | {"brand": "戴尔", "location": "二号楼"}).text
    again = typed(page)
    assert int(again["version"]) > int(form["version"])
    assert officer.post(f"/assets/{asset_id}/edit", again).status_code == 302
    asset = kept(world, asset_id)
    assert (asset.brand, asset.note, asset.location) == ("戴尔", "别人的备注", "二号楼")


def test_a_third_one_is_not_overwritten_either(world: World, officer: Visitor) -> None:
    asset_id, form = two_forms(world, officer)
    again = typed(officer.post(f"/assets/{asset_id}/edit", form | {"brand": "戴尔"}).text)
    third = world.signed_in(Role.UNIT_ASSET_OFFICER, at="JY-1")
    third.post(
        f"/assets/{asset_id}/edit", typed(third.get(f"/assets/{asset_id}/edit").text) | {"brand": "惠普"}
    )
    assert officer.post(f"/assets/{asset_id}/edit", again).status_code == 409
    assert kept(world, asset_id).brand == "惠普"


def test_values_in_the_form_are_exact(world: World, officer: Visitor) -> None:
    asset_id = card(world, original_value="9999999999999999.99", acquired_on="2020-03-01")
    form = typed(officer.get(f"/assets/{asset_id}/edit").text)
    assert officer.post(f"/assets/{asset_id}/edit", form).status_code == 302
    assert kept(world, asset_id).original_value == Decimal("9999999999999999.99")
