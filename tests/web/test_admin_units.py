"""单位: the pages of security administrators for the tree of units."""

from __future__ import annotations

import io
import re
from html import unescape

import pytest
import xlsxwriter
from sqlalchemy import func, select

from marketplace.db.people import Unit
from marketplace.db.session import transaction
from marketplace.domain.permissions import Role
from tests import factories
from tests.web.conftest import Visitor, World, sent

NEW = {"code": "JY-3", "name": "第三中学", "kind": "unit", "parent_code": "JY"}


@pytest.fixture
def administrator(world: World) -> Visitor:
    """The security administrator of the city."""
    return world.signed_in(Role.SECURITY_ADMINISTRATOR, at="330000", home="JY")


def _unit(world: World, code: str) -> Unit:
    with transaction(world.sessions) as session:
        return session.scalars(select(Unit).where(Unit.code == code)).one()


def _count(world: World) -> int:
    with transaction(world.sessions) as session:
        return session.scalar(select(func.count(Unit.id))) or 0


def _names(page: str) -> list[str]:
    return re.findall(r'<a href="/admin/units/\d+" data-result[^>]*>([^<]+)</a>', page)


def _upload(visitor: Visitor, content: bytes, name: str = "units.csv") -> tuple[int, str]:
    visitor.get("/admin/units/import")
    answer = visitor.post("/admin/units/import", {"file": (io.BytesIO(content), name)})
    return answer.status_code, answer.text


def _csv(*lines: str, encoding: str = "utf-8-sig") -> bytes:
    return "\r\n".join(lines).encode(encoding)


def test_the_list_is_in_the_order_of_the_tree(world: World, administrator: Visitor) -> None:
    page = administrator.get("/admin/units").text
    assert _names(page) == ["江州市", "教育局", "第一中学", "第二中学", "卫生健康委员会", "中心医院"]
    assert re.search(r'class="main tree tree-1">\s*<a [^>]*>教育局', page)
    assert re.search(r'class="main tree tree-2">\s*<a [^>]*>第一中学', page)
    assert "共 6 个单位" in page


def test_the_list_counts_people_and_cards(world: World, administrator: Visitor) -> None:
    world.account(Role.STAFF, at="JY-1")
    with transaction(world.sessions) as session:
        holder = session.get_one(Unit, world.units["JY-1"])
        for _ in range(3):
            factories.asset(session, holder)
    assert "用户1，卡片3" in administrator.get("/admin/units?q=JY-1").text


@pytest.mark.parametrize("q", ["一中", "jy-1", "JY-1", "91350100m000100y43", " 第一中学 "])
def test_a_unit_is_found_by_name_code_and_credit_code(world: World, administrator: Visitor, q: str) -> None:
    with transaction(world.sessions) as session:
        unit = session.get_one(Unit, world.units["JY-1"])
        unit.credit_code, unit.short_name = "91350100M000100Y43", "一中"
    page = administrator.get("/admin/units", query_string={"q": q}).text
    assert _names(page) == ["第一中学"]
    assert "属于教育局" in page


def test_nothing_found_says_what_to_try(administrator: Visitor) -> None:
    page = administrator.get("/admin/units?q=<b>").text
    assert "没有找到“&lt;b&gt;”" in page
    assert "显示全部单位" in page


def test_the_list_pages_through_to_the_end_without_gaps(world: World, administrator: Visitor) -> None:
    with transaction(world.sessions) as session:
        parent = session.get_one(Unit, world.units["WS"])
        for _ in range(60):
            factories.unit(session, factories.unit(session, parent))
    path, seen, pages = "/admin/units", [], 0
    while path:
        pages += 1
        page = administrator.get(path).text
        seen += _names(page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        path = unescape(following[1]) if following else ""
    assert pages == 3
    assert len(seen) == len(set(seen)) == 126
    assert "接上页" in page
    assert "江州市 / 卫生健康委员会" in page


def test_other_regions_do_not_exist(world: World, administrator: Visitor) -> None:
    assert "云川市" not in administrator.get("/admin/units").text
    elsewhere = world.units["440000"]
    assert administrator.get(f"/admin/units/{elsewhere}").status_code == 404
    assert administrator.post(f"/admin/units/{elsewhere}", NEW | {"version": "1"}).status_code == 404
    assert administrator.post(f"/admin/units/{elsewhere}/active", {"active": "0"}).status_code == 404
    assert _unit(world, "440000").active


def test_a_new_unit(world: World, administrator: Visitor) -> None:
    page = administrator.get("/admin/units/new?parent=JY").text
    assert sent(page, "parent_code") == "JY"
    assert '<option value="JY-2" label="第二中学" data-depth="2">' in page
    assert "云川市" not in page
    answer = administrator.post("/admin/units/new", NEW | {"credit_code": "91350100m000100y43"})
    made = _unit(world, "JY-3")
    assert answer.location == f"/admin/units/{made.id}"
    assert made.path == [world.units["330000"], world.units["JY"], made.id]
    assert made.credit_code == "91350100M000100Y43"
    assert "已新增单位“第三中学”" in administrator.get(answer.location).text


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"name": ""}, "name", "必填"),
        ({"code": "有字"}, "code", "只能由字母、数字、点、横线组成"),
        ({"code": "JY-1"}, "code", "单位编码“JY-1”已被使用"),
        ({"kind": "region"}, "kind", "应为主管部门、单位或下属单位"),
        ({"parent_code": "NOPE"}, "parent_code", "没有编码为“NOPE”的上级单位"),
        ({"credit_code": "91350100M000100Y44"}, "credit_code", "末位校验码相符"),
        ({"headcount": "many"}, "headcount", "应为数字"),
        ({"latitude": "91", "longitude": "0"}, "latitude", "应为数字"),
        ({"latitude": "30.2"}, "longitude", "经度和纬度须同时填写"),
        ({"longitude": "120.1"}, "latitude", "经度和纬度须同时填写"),
    ],
)
def test_a_mistake_is_shown_at_its_field_and_what_was_typed_stays(
    world: World, administrator: Visitor, changed: dict[str, str], field: str, message: str
) -> None:
    administrator.get("/admin/units/new")
    before = _count(world)
    data = NEW | {"address": "学府路<1>号"} | changed
    answer = administrator.post("/admin/units/new", data)
    assert answer.status_code == 422
    assert f'href="#field-{field}"' in answer.text
    error = answer.text.partition(f'id="field-{field}-error"')[2].partition("</p>")[0]
    assert message in error
    assert sent(answer.text, "address") == "学府路<1>号"
    for name in changed.keys() - {"kind"}:
        assert sent(answer.text, name) == changed[name]
    assert _count(world) == before


def test_a_unit_is_not_put_below_one_of_another_region(world: World, administrator: Visitor) -> None:
    administrator.get("/admin/units/new")
    answer = administrator.post("/admin/units/new", NEW | {"parent_code": "440000"})
    assert answer.status_code == 403
    assert sent(answer.text, "name") == "第三中学"
    assert _count(world) == len(world.units)


def test_a_changed_unit_is_saved_and_moved(world: World, administrator: Visitor) -> None:
    address = f"/admin/units/{world.units['JY-1']}"
    page = administrator.get(address).text
    assert (sent(page, "name"), sent(page, "parent_code")) == ("第一中学", "JY")
    moved = {"code": "JY-1", "name": "第一中学", "kind": "unit", "parent_code": "WS", "headcount": "236"}
    answer = administrator.post(address, moved | {"version": sent(page, "version")})
    assert answer.location == address
    assert "已保存“第一中学”" in administrator.get(address).text
    unit = _unit(world, "JY-1")
    assert (unit.parent_id, unit.headcount) == (world.units["WS"], 236)


def test_a_lost_update_shows_what_the_other_saved(world: World, administrator: Visitor) -> None:
    address = f"/admin/units/{world.units['JY-1']}"
    version = sent(administrator.get(address).text, "version")
    same = {"code": "JY-1", "name": "第一中学", "kind": "unit", "parent_code": "JY", "version": version}
    assert administrator.post(address, same | {"address": "甲路1号"}).status_code == 302
    refused = administrator.post(address, same | {"address": "乙路2号"})
    assert refused.status_code == 409
    assert "地址：甲路1号" in refused.text
    assert sent(refused.text, "address") == "乙路2号"
    assert _unit(world, "JY-1").address == "甲路1号"
    again = same | {"address": "乙路2号", "version": sent(refused.text, "version")}
    assert administrator.post(address, again).status_code == 302
    assert _unit(world, "JY-1").address == "乙路2号"


def test_a_credit_code_that_another_unit_has_is_refused_in_words(
    world: World, administrator: Visitor
) -> None:
    with transaction(world.sessions) as session:
        session.get_one(Unit, world.units["JY-2"]).credit_code = "91350100M000100Y43"
    address = f"/admin/units/{world.units['JY-1']}"
    version = sent(administrator.get(address).text, "version")
    data = {"code": "JY-1", "name": "第一中学", "kind": "unit", "parent_code": "JY", "version": version}
    answer = administrator.post(address, data | {"credit_code": "91350100M000100Y43"})
    assert answer.status_code == 422
    assert "已登记在另一单位名下" in answer.text


def test_who_looks_after_a_department_can_save_it_where_it_stands(world: World) -> None:
    administrator = world.signed_in(Role.SECURITY_ADMINISTRATOR, at="JY")
    page = administrator.get("/admin/units").text
    assert _names(page) == ["教育局", "第一中学", "第二中学"]
    address = f"/admin/units/{world.units['JY']}"
    page = administrator.get(address).text
    assert '<option value="330000" label="江州市"' in page
    data = {
        "code": "JY",
        "name": "教育局",
        "kind": "department",
        "parent_code": "330000",
        "address": "府前街",
    }
    assert administrator.post(address, data | {"version": sent(page, "version")}).status_code == 302
    assert _unit(world, "JY").address == "府前街"


def test_a_region_keeps_its_place(world: World, administrator: Visitor) -> None:
    address = f"/admin/units/{world.units['330000']}"
    page = administrator.get(address).text
    assert 'name="parent_code"' not in page
    data = {"code": "330000", "name": "江州新区", "version": sent(page, "version")}
    assert administrator.post(address, data).status_code == 302
    assert (_unit(world, "330000").name, _unit(world, "330000").parent_id) == ("江州新区", None)


def test_closing_asks_by_name_and_can_be_undone(world: World, administrator: Visitor) -> None:
    address = f"/admin/units/{world.units['JY-1']}"
    assert 'data-confirm="停用“第一中学”吗？"' in administrator.get(address).text
    assert administrator.post(f"{address}/active", {"active": "0"}).location == address
    page = administrator.get(address).text
    assert "已停用“第一中学”" in page
    assert 'data-confirm="重新启用“第一中学”吗？"' in page
    assert "已停用" in administrator.get("/admin/units?q=JY-1").text
    administrator.post(f"{address}/active", {"active": "1"})
    assert _unit(world, "JY-1").active


def test_a_unit_with_open_ones_below_stays_open(world: World, administrator: Visitor) -> None:
    address = f"/admin/units/{world.units['JY']}"
    administrator.get(address)
    administrator.post(f"{address}/active", {"active": "0"})
    assert "“教育局”还有启用中的下级单位" in administrator.get(address).text
    assert _unit(world, "JY").active


def test_the_template_file_goes_back_in(world: World, administrator: Visitor) -> None:
    template = administrator.get("/admin/units/import/template.csv")
    assert template.data.startswith(b"\xef\xbb\xbf")
    assert 'filename="units.csv"' in template.headers["Content-Disposition"]
    header = template.data.decode("utf-8-sig").strip()
    assert header.split(",")[:4] == ["单位编码", "单位名称", "级别", "上级单位编码"]
    row = "A1,甲馆,单位,JY,,,学府路1号,12,30.2741,120.1551"
    status, _ = _upload(administrator, _csv(header, row))
    assert status == 302
    made = _unit(world, "A1")
    assert (made.headcount, made.latitude, made.longitude) == (12, 30.2741, 120.1551)
    assert "已新增1个、更新0个单位" in administrator.get("/admin/units").text


def test_the_template_speaks_the_language_of_its_reader(administrator: Visitor) -> None:
    administrator.post("/locale", {"locale": "en"})
    assert b"code,name,kind,parent_code" in administrator.get("/admin/units/import/template.csv").data


def test_a_workbook_is_read_as_well(world: World, administrator: Visitor) -> None:
    book = io.BytesIO()
    with xlsxwriter.Workbook(book, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, ["单位编码", "单位名称", "级别", "上级单位编码", "人数"])
        sheet.write_row(1, 0, [700101, "数字编码馆", "单位", "JY", 12.0])
    status, _ = _upload(administrator, book.getvalue(), "units.xlsx")
    assert (status, _unit(world, "700101").headcount) == (302, 12)


def test_mistakes_in_a_file_are_named_by_line_and_nothing_is_imported(
    world: World, administrator: Visitor
) -> None:
    before = _count(world)
    file = _csv(
        "编码,名称,级别,上级编码,经度",
        "A1,甲,单位,NOPE,",
        ",,,,",
        "A2,,什么,JY,",
        "A3,丙,单位,JY,120",
        "A4,丁,单位,JY,",
        "A4,丁二,单位,JY,",
        "B1,循环一,单位,B2,",
        "B2,循环二,单位,B1,",
        encoding="gb18030",
    )
    status, page = _upload(administrator, file)
    assert status == 422
    assert "文件中有6行需要修改" in page
    problems = re.findall(r'<td class="num">(\d+)</td><td class="tight">([^<]*)</td><td>([^<]*)</td>', page)
    assert problems == [
        ("2", "上级单位编码", "没有编码为“NOPE”的上级单位"),
        ("4", "单位名称", "必填"),
        ("4", "级别", "应为主管部门、单位或下属单位"),
        ("5", "纬度", "经度和纬度须同时填写，或都不填"),
        ("7", "单位编码", "单位编码“A4”在文件中重复"),
        ("8", "上级单位编码", "上级单位互相循环"),
        ("9", "上级单位编码", "上级单位互相循环"),
    ]
    assert _count(world) == before


def test_a_taken_credit_code_in_a_file_is_one_problem_among_the_others(
    world: World, administrator: Visitor
) -> None:
    with transaction(world.sessions) as session:
        session.get_one(Unit, world.units["JY-2"]).credit_code = "91350100M000100Y43"
    header = "编码,名称,级别,上级编码,信用代码"
    rows = ["JY-1,第一中学,单位,JY,91350100M000100Y43", "A1,甲,单位,NOPE,", "A2,乙,单位,JY,"]
    status, page = _upload(administrator, _csv(header, *rows))
    assert status == 422
    assert "已登记在另一单位名下" in page
    assert "没有编码为“NOPE”的上级单位" in page
    assert _count(world) == len(world.units)


def test_units_of_another_region_are_not_changed_by_a_file(world: World, administrator: Visitor) -> None:
    status, page = _upload(administrator, _csv("编码,名称,级别,上级编码", "440000,抢来的,单位,JY"))
    assert (status, "单位编码“440000”已被使用" in page) == (422, True)
    assert _unit(world, "440000").name == "云川市"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "文件是空的"),
        ("编码,名称\nA1,甲".encode(), "首行没有“级别”一列"),
        ("编码,名称,级别,上级编码\n,,,\n".encode(), "只有表头"),
        (b"%PDF-1.7 and so on", "这不是表格文件"),
    ],
)
def test_a_file_that_is_none_is_refused(
    world: World, administrator: Visitor, content: bytes, message: str
) -> None:
    status, page = _upload(administrator, content)
    assert (status, message in page) == (422, True)
    assert _count(world) == len(world.units)


def test_no_file_at_all_is_refused(administrator: Visitor) -> None:
    administrator.get("/admin/units/import")
    answer = administrator.post("/admin/units/import", {})
    assert (answer.status_code, "请选择要导入的文件" in answer.text) == (422, True)
