"""导入 as a browser goes through it: file, columns, preview, report; and what may go wrong on the way."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from marketplace.config import Settings
from marketplace.db.assets import Asset
from marketplace.db.imports import ImportRun, ImportState
from marketplace.db.session import transaction
from marketplace.domain.permissions import Role
from marketplace.registers.writer import FileKind, Table, blocks
from marketplace.use_cases import register_worker
from tests.web.conftest import Visitor, World

PART = {"HX-Request": "true"}
HEADER = (
    "序号",
    "资产编号",
    "资产名称",
    "数量",
    "计量单位",
    "账面原值",
    "取得日期",
    "存放地点",
    "供应商电话",
)
ROWS = (
    ("1", "ZC-1", "台式计算机", "1", "台", "4999.00", "2020-3-1", "主楼301室", "8500"),
    ("2", "ZC-2", "办公桌", "2", "张", "1280.50", "20190612", "主楼302室", ""),
)
Work = Callable[[], None]


def sheet(*rows: tuple[str, ...], header: tuple[str, ...] = HEADER) -> bytes:
    """A register as departments print it: a title above, a total and a signature below; in GBK."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerows([["第一中学固定资产明细表"], header, *rows, ["合计"], ["制表人：王芳"]])
    return text.getvalue().encode("gb18030")


@pytest.fixture
def officer(world: World) -> Visitor:
    """The asset officer of a school."""
    return world.signed_in(Role.UNIT_ASSET_OFFICER, at="JY-1")


@pytest.fixture
def work(world: World, settings: Settings) -> Work:
    """What the job process does with waiting registers, done at once."""

    def advance() -> None:
        register_worker.advance_all(world.sessions, settings, world.clock)

    return advance


def upload(
    visitor: Visitor, content: bytes, name: str = "固定资产明细.csv", unit: str = "JY-1", **options: Any
) -> TestResponse:
    visitor.get("/imports")
    return visitor.post("/imports", {"unit_code": unit, "file": (io.BytesIO(content), name)}, **options)


def begun(visitor: Visitor, content: bytes, name: str = "固定资产明细.csv") -> int:
    """The number of the import that a file begins."""
    answer = upload(visitor, content, name)
    assert answer.status_code == 302, answer.text
    found = re.search(r"/imports/(\d+)", answer.location)
    assert found
    return int(found[1])


def imported(visitor: Visitor, work: Work, content: bytes) -> int:
    """An import that is through."""
    run_id = begun(visitor, content)
    work()
    visitor.get(f"/imports/{run_id}")
    assert visitor.post(f"/imports/{run_id}/confirm").status_code == 302
    work()
    return run_id


def figures(html: str) -> dict[str, int]:
    """The numbers of the tiles by their labels."""
    pairs = re.findall(
        r'tile-label">([^<]+)</span>\s*<span class="tile-value"><span class="figure">([\d,]+)', html
    )
    return {label: int(count.replace(",", "")) for label, count in pairs}


def mapping_of(html: str) -> dict[str, str]:
    """What stands in the table of columns: target by header."""
    rows = re.findall(r'id="header-(\d+)">([^<]+)</th>.*?name="column-\1"(.*?)</select>', html, re.DOTALL)
    return {
        unescape(header): re.search(r'value="([^"]*)" selected', options)[1]  # type: ignore[index]
        for _, header, options in rows
    }


def form_of(html: str) -> dict[str, str]:
    """The mapping as the page's form would send it."""
    positions = re.findall(r'id="header-(\d+)">', html)
    return {f"column-{at}": target for at, target in zip(positions, mapping_of(html).values(), strict=True)}


def cards(world: World) -> list[Asset]:
    with world.sessions() as session:
        return list(session.scalars(select(Asset).order_by(Asset.number)))


def run_of(world: World, run_id: int) -> ImportRun:
    with world.sessions() as session:
        return session.get_one(ImportRun, run_id)


def runs(world: World) -> int:
    with world.sessions() as session:
        return session.scalar(select(func.count()).select_from(ImportRun)) or 0


def test_who_never_imported_is_told_how(officer: Visitor) -> None:
    page = officer.get("/imports")
    assert page.status_code == 200
    assert "还没有导入过" in page.text
    assert 'name="unit_code" value="JY-1"' in page.text


def test_whoever_keeps_several_units_chooses_one(world: World) -> None:
    page = world.signed_in(Role.UNIT_ASSET_OFFICER, at="JY").get("/imports").text
    assert 'option value="JY-1"' in page
    assert 'option value="JY-2"' in page
    assert 'option value="WS-1"' not in page


@pytest.mark.parametrize("role", [Role.STAFF, Role.WAREHOUSE_MANAGER, Role.AUDITOR])
def test_only_officers_import(world: World, role: Role) -> None:
    visitor = world.signed_in(role, at="JY-1")
    assert visitor.get("/imports").status_code == 403
    assert visitor.post("/imports", {"unit_code": "JY-1"}).status_code == 403


def test_a_register_goes_in_step_by_step(world: World, officer: Visitor, work: Work) -> None:
    run_id = begun(officer, sheet(*ROWS))

    columns = officer.get(f"/imports/{run_id}?step=mapping").text
    assert mapping_of(columns) == {
        "序号": "ignore",
        "资产编号": "number",
        "资产名称": "name",
        "数量": "quantity",
        "计量单位": "unit_of_measure",
        "账面原值": "original_value",
        "取得日期": "acquired_on",
        "存放地点": "location",
        "供应商电话": "",
    }
    assert "列名在第2行" in columns
    assert "GB18030" in columns
    assert "主楼301室" in columns

    reading = officer.get(f"/imports/{run_id}").text
    assert "正在读取和检查" in reading
    assert f'hx-get="/imports/{run_id}/progress"' in reading

    work()
    preview = officer.get(f"/imports/{run_id}").text
    assert figures(preview) == {"将新建": 2, "将更新": 0, "无变化": 0, "不能导入": 0}
    assert "合计行1" in preview
    assert "¥1,280.50" in preview
    assert cards(world) == []

    assert officer.post(f"/imports/{run_id}/confirm").location == f"/imports/{run_id}"
    assert "正在写入资产卡片" in officer.get(f"/imports/{run_id}").text
    work()
    report = officer.get(f"/imports/{run_id}").text
    assert figures(report) == {"新建卡片": 2, "更新卡片": 0, "无变化": 0, "未导入": 0}
    assert "/assets?unit=JY-1" in unescape(report)
    desk = cards(world)[1]
    assert (desk.number, desk.name, desk.quantity, str(desk.original_value)) == (
        "ZC-2",
        "办公桌",
        2,
        "1280.50",
    )
    assert cards(world)[0].extra == {"供应商电话": "8500"}


def test_the_same_register_again_changes_nothing(world: World, officer: Visitor, work: Work) -> None:
    imported(officer, work, sheet(*ROWS))
    before = [(card.id, card.version) for card in cards(world)]
    run_id = begun(officer, sheet(*ROWS))
    work()
    preview = officer.get(f"/imports/{run_id}").text
    assert figures(preview) == {"将新建": 0, "将更新": 0, "无变化": 2, "不能导入": 0}
    assert "完全一致" in preview
    officer.post(f"/imports/{run_id}/confirm")
    work()
    assert "没有变化" in officer.get(f"/imports/{run_id}").text
    assert [(card.id, card.version) for card in cards(world)] == before


def test_rows_without_a_number_are_things_of_their_own(world: World, officer: Visitor, work: Work) -> None:
    content = "资产名称,账面原值\n办公椅,300\n办公椅,300\n".encode()
    imported(officer, work, content)
    assert [card.name for card in cards(world)] == ["办公椅", "办公椅"]


def test_a_corrected_column_is_read_anew_and_remembered(world: World, officer: Visitor, work: Work) -> None:
    run_id = begun(officer, sheet(*ROWS))
    work()
    form = form_of(officer.get(f"/imports/{run_id}?step=mapping").text)
    form["column-8"] = "note"
    assert officer.post(f"/imports/{run_id}/mapping", form).location == f"/imports/{run_id}"
    work()
    officer.get(f"/imports/{run_id}")
    officer.post(f"/imports/{run_id}/confirm")
    work()
    assert [card.note for card in cards(world)] == ["8500", None]

    answer = upload(
        officer, sheet(*ROWS, ("3", "ZC-3", "文件柜", "1", "组", "860", "2021-1-1", "库房", "8501"))
    )
    assert "step" not in answer.location
    page = officer.get(f"{answer.location}?step=mapping").text
    assert mapping_of(page)["供应商电话"] == "note"
    assert "沿用了上次确认的对应关系" in page


def test_columns_left_as_proposed_are_not_read_again(world: World, officer: Visitor, work: Work) -> None:
    run_id = begun(officer, sheet(*ROWS))
    work()
    form = form_of(officer.get(f"/imports/{run_id}?step=mapping").text)
    officer.post(f"/imports/{run_id}/mapping", form)
    assert run_of(world, run_id).state is ImportState.PREVIEW


def test_a_mapping_without_names_is_refused_and_stays_as_chosen(
    world: World, officer: Visitor, work: Work
) -> None:
    run_id = begun(officer, sheet(*ROWS))
    work()
    form = form_of(officer.get(f"/imports/{run_id}?step=mapping").text)
    form |= {"column-2": "", "column-8": "brand"}
    answer = officer.post(f"/imports/{run_id}/mapping", form)
    assert answer.status_code == 422
    assert "没有一列对应“资产名称”" in answer.text
    assert mapping_of(answer.text)["供应商电话"] == "brand"
    assert run_of(world, run_id).mapping["columns"]["2"] == "name"


def test_two_columns_for_one_field_are_refused(officer: Visitor) -> None:
    run_id = begun(officer, sheet(*ROWS))
    form = form_of(officer.get(f"/imports/{run_id}?step=mapping").text)
    answer = officer.post(f"/imports/{run_id}/mapping", form | {"column-8": "number"})
    assert answer.status_code == 422
    assert "都对应“资产编号”" in answer.text


def test_a_file_whose_names_are_not_recognised_asks_for_them(officer: Visitor, work: Work) -> None:
    run_id = begun(officer, "代号,内容\n1,椅子\n2,桌子\n".encode())
    page = officer.get(f"/imports/{run_id}").text
    assert "没有认出哪一列是资产名称" in page
    officer.post(f"/imports/{run_id}/mapping", {"column-0": "number", "column-1": "name"})
    work()
    assert figures(officer.get(f"/imports/{run_id}").text)["将新建"] == 2


def test_the_header_can_be_looked_for_elsewhere(world: World, officer: Visitor, work: Work) -> None:
    run_id = begun(officer, sheet(*ROWS))
    officer.get(f"/imports/{run_id}?step=mapping")
    answer = officer.post(f"/imports/{run_id}/layout", {"header_row": "3", "encoding": "gb18030"})
    assert answer.location == f"/imports/{run_id}?step=mapping"
    assert run_of(world, run_id).headers[2] == "台式计算机"
    officer.post(f"/imports/{run_id}/layout", {"header_row": "2", "encoding": "gb18030"})
    assert run_of(world, run_id).headers[2] == "资产名称"


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"header_row": "第二行", "encoding": "gb18030"}, "应为大于0的整数"),
        ({"header_row": "2", "encoding": "utf-8"}, "不能按 utf-8 编码读出"),
    ],
)
def test_a_place_without_a_register_is_refused(
    world: World, officer: Visitor, choice: dict[str, str], said: str
) -> None:
    run_id = begun(officer, sheet(*ROWS))
    officer.get(f"/imports/{run_id}?step=mapping")
    answer = officer.post(f"/imports/{run_id}/layout", choice)
    assert answer.status_code == 422
    assert said in answer.text
    assert run_of(world, run_id).headers == list(HEADER)


def test_what_is_wrong_is_named_and_can_be_downloaded(world: World, officer: Visitor, work: Work) -> None:
    wrong = ("3", "ZC-3", "空调机", "1", "台", "待定", "二〇一八年", "库房", "")
    run_id = begun(officer, sheet(*ROWS, wrong))
    work()
    preview = officer.get(f"/imports/{run_id}").text
    assert figures(preview)["不能导入"] == 1
    assert "“待定”" in preview
    assert "“二〇一八年”" in preview
    assert "应为日期" in preview

    officer.post(f"/imports/{run_id}/confirm")
    work()
    assert figures(officer.get(f"/imports/{run_id}").text) == {
        "新建卡片": 2,
        "更新卡片": 0,
        "无变化": 0,
        "未导入": 1,
    }
    refused = officer.get(f"/imports/{run_id}/refused.csv")
    assert refused.headers["Content-Disposition"] == f'attachment; filename="import-{run_id}-refused.csv"'
    header, row = csv.reader(io.StringIO(refused.data.decode("utf-8-sig")))
    assert header == ["原行号", "未导入原因", *HEADER]
    assert row[0] == "5"
    assert "待定" in row[1]
    assert tuple(row[2:]) == wrong
    book = CalamineWorkbook.from_filelike(io.BytesIO(officer.get(f"/imports/{run_id}/refused.xlsx").data))
    assert book.get_sheet_by_index(0).to_python()[1][3] == "ZC-3"
    assert len(cards(world)) == 2


def test_the_mended_file_of_refusals_goes_in(world: World, officer: Visitor, work: Work) -> None:
    wrong = ("3", "ZC-3", "空调机", "1", "台", "待定", "2018-5-1", "库房", "")
    run_id = imported(officer, work, sheet(*ROWS, wrong))
    refused = officer.get(f"/imports/{run_id}/refused.csv").data.decode("utf-8-sig")
    mended = refused.replace("“待定”", "").replace("待定", "7200")
    imported(officer, work, mended.encode("utf-8-sig"))
    assert [card.number for card in cards(world)] == ["ZC-1", "ZC-2", "ZC-3"]


def test_a_double_click_writes_once(world: World, officer: Visitor, work: Work) -> None:
    run_id = begun(officer, sheet(*ROWS))
    work()
    officer.get(f"/imports/{run_id}")
    assert officer.post(f"/imports/{run_id}/confirm").status_code == 302
    assert officer.post(f"/imports/{run_id}/confirm").status_code == 302
    work()
    assert figures(officer.get(f"/imports/{run_id}").text)["新建卡片"] == 2
    assert officer.post(f"/imports/{run_id}/confirm").status_code == 409
    assert len(cards(world)) == 2


def test_the_same_file_sent_twice_is_one_import(world: World, officer: Visitor) -> None:
    assert begun(officer, sheet(*ROWS)) == begun(officer, sheet(*ROWS))
    assert runs(world) == 1


def test_an_import_can_be_stopped_and_goes_on(world: World, officer: Visitor, work: Work) -> None:
    run_id = begun(officer, sheet(*ROWS))
    officer.get(f"/imports/{run_id}")
    officer.post(f"/imports/{run_id}/stop")
    work()
    page = officer.get(f"/imports/{run_id}").text
    assert "已停止" in page
    assert "还没有写入任何资产卡片" in page
    assert cards(world) == []
    officer.post(f"/imports/{run_id}/resume")
    work()
    assert figures(officer.get(f"/imports/{run_id}").text)["将新建"] == 2


def test_what_was_stopped_while_writing_says_how_much_is_written(
    world: World, officer: Visitor, work: Work
) -> None:
    run_id = begun(officer, sheet(*ROWS))
    work()
    with transaction(world.sessions) as session:
        run = session.get_one(ImportRun, run_id)
        run.state, run.merged_to, run.merged_rows, run.created = ImportState.STOPPED, 3, 1, 1
    page = officer.get(f"/imports/{run_id}").text
    assert "停下前已新建1张" in page
    assert '<progress aria-label="已处理" max="2" value="1">' in page


def test_progress_is_a_piece_that_asks_for_itself_until_it_is_through(officer: Visitor, work: Work) -> None:
    run_id = begun(officer, sheet(*ROWS))
    piece = officer.get(f"/imports/{run_id}/progress", headers=PART).text
    assert "<html" not in piece
    assert 'hx-trigger="every 1s"' in piece
    work()
    assert 'hx-trigger="every 1s"' not in officer.get(f"/imports/{run_id}/progress", headers=PART).text


def test_watching_is_no_sign_of_life(world: World, officer: Visitor) -> None:
    run_id = begun(officer, sheet(*ROWS))
    for _ in range(3):
        world.clock.advance(minutes=4)
        answer = officer.get(f"/imports/{run_id}/progress", headers=PART)
    assert answer.status_code == 401


def test_the_list_follows_what_moves(officer: Visitor, work: Work) -> None:
    run_id = begun(officer, sheet(*ROWS))
    page = officer.get("/imports").text
    assert "检查中" in page
    assert 'hx-get="/imports/recent"' in page
    work()
    piece = officer.get("/imports/recent", headers=PART).text
    assert "待确认" in piece
    assert f'id="run-{run_id}"' in piece
    assert "hx-trigger" not in piece


def test_the_list_goes_on(world: World, officer: Visitor) -> None:
    for number in range(22):
        begun(officer, f"资产名称\n椅子{number}\n".encode(), f"第{number}份.csv")
    first = officer.get("/imports").text
    link = re.search(r'href="(/imports\?before=\d+)"', first)
    assert link
    second = officer.get(link[1]).text
    seen = re.findall(r'id="run-(\d+)"', first) + re.findall(r'id="run-(\d+)"', second)
    assert len(seen) == len(set(seen)) == 22


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "文件是空的"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "网页"),
        (b"\x89PNG\r\n\x1a\n" + bytes(60), "不是表格文件"),
    ],
)
def test_a_wrong_file_keeps_the_page(world: World, content: bytes, said: str) -> None:
    officer = world.signed_in(Role.UNIT_ASSET_OFFICER, at="JY")
    answer = upload(officer, content, unit="JY-2")
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="JY-2"' in answer.text
    assert "data-error-message" in answer.text
    assert runs(world) == 0


def test_no_file_and_no_unit_are_asked_for(world: World) -> None:
    officer = world.signed_in(Role.UNIT_ASSET_OFFICER, at="JY")
    officer.get("/imports")
    assert "请选择要导入的文件" in officer.post("/imports", {"unit_code": "JY-1"}).text
    answer = upload(officer, sheet(*ROWS), unit="没有")
    assert answer.status_code == 422
    assert "没有编码为“没有”的单位" in answer.text
    assert runs(world) == 0


def test_nobody_imports_for_another_unit(world: World, officer: Visitor) -> None:
    answer = upload(officer, sheet(*ROWS), unit="WS-1")
    assert answer.status_code == 403
    assert runs(world) == 0


def test_an_upload_by_the_page_is_told_where_to_go(officer: Visitor) -> None:
    answer = upload(officer, sheet(*ROWS), headers=PART)
    assert answer.status_code == 204
    assert re.fullmatch(r"/imports/\d+\?step=mapping", answer.headers["HX-Redirect"])


def test_others_do_not_see_an_import(world: World, officer: Visitor, work: Work) -> None:
    run_id = begun(officer, sheet(*ROWS))
    work()
    stranger = world.signed_in(Role.UNIT_ASSET_OFFICER, at="WS-1")
    for path in ("", "/progress", "/refused.csv"):
        assert stranger.get(f"/imports/{run_id}{path}").status_code == 404
    for action in ("mapping", "layout", "confirm", "stop", "resume"):
        assert stranger.post(f"/imports/{run_id}/{action}").status_code == 404
    assert f'id="run-{run_id}"' not in stranger.get("/imports").text
    assert run_of(world, run_id).state is ImportState.PREVIEW


def test_rows_go_to_the_units_that_they_name(world: World, work: Work) -> None:
    officer = world.signed_in(Role.UNIT_ASSET_OFFICER, at="JY")
    header, rows = (
        ("资产编号", "资产名称", "单位名称"),
        [["A-1", "桌子", "第一中学"], ["A-2", "椅子", "第二中学"]],
    )
    content = b"".join(blocks(Table(header, [*rows, ["A-3", "柜子", "中心医院"]]), FileKind.XLSX))
    run_id = begun(officer, content, "全系统.xlsx")
    columns = officer.get(f"/imports/{run_id}?step=mapping").text
    assert "按表中的单位列归入各单位" in columns
    assert "取自工作表" in columns
    work()
    preview = officer.get(f"/imports/{run_id}").text
    assert figures(preview)["不能导入"] == 1
    assert "您不能向这个单位导入资产" in preview
    officer.post(f"/imports/{run_id}/confirm")
    work()
    with world.sessions() as session:
        holders = dict(session.execute(select(Asset.number, Asset.unit_id)).all())
    assert holders == {"A-1": world.units["JY-1"], "A-2": world.units["JY-2"]}
