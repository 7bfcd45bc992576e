"""Labels as somebody prints them from the register."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader
from werkzeug.test import TestResponse

from marketplace.db.people import Unit
from marketplace.db.session import transaction
from marketplace.domain.permissions import Role
from tests import factories
from tests.web.conftest import Visitor, World

LAYOUT = {"sheet": "70x37", "first": "1", "shift_x": "0", "shift_y": "0"}


@pytest.fixture
def ids(world: World) -> dict[str, int]:
    """Two cards of one school, one of another."""
    with transaction(world.sessions) as session:
        cards = [
            factories.asset(session, session.get_one(Unit, world.units[at]), name, number=number)
            for at, name, number in (
                *(("JY-1", "会议椅", "A-1"), ("JY-1", "投影仪", "A-2")),
                *(("JY-2", "碎纸机", "B-1"),),
            )
        ]
        return {card.number: card.id for card in cards}


@pytest.fixture
def officer(world: World) -> Visitor:
    return world.signed_in(Role.UNIT_ASSET_OFFICER, at="JY-1")


def text_of(answer: TestResponse) -> str:
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/pdf"
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)


def sheets(visitor: Visitor, *ids: int, **changes: str) -> TestResponse:
    return visitor.post("/assets/labels/sheets.pdf", {**LAYOUT, "ids": ",".join(map(str, ids)), **changes})


def test_ticked_rows_become_labels(officer: Visitor, ids: dict[str, int]) -> None:
    page = officer.post("/assets/labels", {"asset": [ids["A-2"], ids["A-1"]]})
    assert page.status_code == 200
    assert f'name="ids" value="{ids["A-2"]},{ids["A-1"]}"' in page.text
    text = text_of(sheets(officer, ids["A-2"], ids["A-1"]))
    assert all(said in text for said in ("A-1", "会议椅", "A-2", "投影仪", "第一中学"))


def test_an_address_names_the_assets(officer: Visitor, ids: dict[str, int]) -> None:
    page = officer.get(f"/assets/labels?ids={ids['A-1']},x,{ids['A-1']}").text
    assert f'name="ids" value="{ids["A-1"]}"' in page
    assert "没有要打印的标签" in officer.get("/assets/labels").text


def test_nobody_labels_what_they_may_not_read(officer: Visitor, ids: dict[str, int]) -> None:
    page = officer.get(f"/assets/labels?ids={ids['A-1']},{ids['B-1']}").text
    assert "碎纸机" not in page
    assert "有1项不在您的查看范围内" in page
    assert "碎纸机" not in text_of(sheets(officer, ids["A-1"], ids["B-1"]))
    assert sheets(officer, ids["B-1"]).status_code == 422


def test_too_many_and_none_are_refused(officer: Visitor, ids: dict[str, int]) -> None:
    for chosen, said in (([], "请先勾选"), (list(range(1, 502)), "一次最多打印500张")):
        answer = officer.post("/assets/labels", {"asset": chosen, "back": "/assets?q=x"})
        assert (answer.status_code, answer.location) == (302, "/assets?q=x")
        assert said in officer.get("/assets").text


@pytest.mark.parametrize(
    ("field", "wrong", "said"),
    [
        ("sheet", "letter", "请选择标签纸规格"),
        ("first", "25", "请填1到24"),
        ("first", "x", "请填1到24"),
        ("shift_x", "21", "偏移请填-20到20毫米"),
        ("shift_y", "nan", "偏移请填-20到20毫米"),
        ("shift_y", "上", "偏移请填-20到20毫米"),
    ],
)
def test_what_was_typed_stays_beside_the_mistake(
    officer: Visitor, ids: dict[str, int], field: str, wrong: str, said: str
) -> None:
    answer = sheets(officer, ids["A-1"], **{"shift_x": "1.5", field: wrong})
    assert answer.status_code == 422
    assert said in answer.text
    if field != "sheet":
        assert f'value="{wrong}"' in answer.text
    if field != "shift_x":
        assert 'value="1.5"' in answer.text


def test_the_printer_is_remembered(officer: Visitor, ids: dict[str, int]) -> None:
    assert (
        sheets(officer, ids["A-1"], sheet="99x38", first="3", shift_x="1.5", shift_y="-2").status_code == 200
    )
    page = officer.get(f"/assets/labels?ids={ids['A-1']}").text
    assert '<option value="99x38" selected>' in page
    assert all(value in page for value in ('value="1.5"', 'value="-2"', 'name="first"'))
    officer.client.set_cookie("label_layout", "[nonsense", path="/assets")
    assert '<option value="70x37" selected>' in officer.get(f"/assets/labels?ids={ids['A-1']}").text


def test_a_scanned_code_leads_to_the_asset(world: World, officer: Visitor, ids: dict[str, int]) -> None:
    answer = officer.get(f"/a/{ids['A-1']}")
    assert (answer.status_code, answer.location) == (302, f"/assets/{ids['A-1']}")
    asked = world.visitor().get(f"/a/{ids['A-1']}")
    assert asked.status_code == 302
    assert "/login" in asked.location


@pytest.mark.parametrize("role", [Role.SECURITY_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR])
def test_administrators_have_no_labels(world: World, ids: dict[str, int], role: Role) -> None:
    visitor = world.signed_in(role, at="JY")
    assert visitor.get(f"/assets/labels?ids={ids['A-1']}").status_code == 403
    assert visitor.post("/assets/labels", {"asset": [ids["A-1"]]}).status_code == 403
    assert sheets(visitor, ids["A-1"]).status_code == 403
