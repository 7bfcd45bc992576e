"""What a row says: values in all their shapes, words that no list has, reasons why a row is not taken."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from marketplace.domain.assets import FIELDS, AcquisitionMethod, Secrecy, UseStatus
from marketplace.registers import mapping
from marketplace.registers.cells import Cell
from marketplace.registers.columns import Refused
from marketplace.registers.noise import Noise, NoiseFilter
from marketplace.registers.rows import CategoryWords, Row, RowReader
from tests.registers.samples import FINANCE

OWN = 7


class Lookup:
    """One unit of one's own, one that is known, and one class."""

    def unit(self, code: str, name: str) -> int:
        if not code and not name:
            return OWN
        if code == "001":
            return 8
        raise Refused("没有这个单位")

    def category(self, words: CategoryWords) -> tuple[str, str] | None:
        return ("2022", "A02010105") if "台式计算机" in (words.name, words.code) else None

    def explains(self, category: tuple[str, str], word: str) -> bool:
        return word in ("台式计算机", "A02010105", "2022")


def read(headers: Sequence[str], cells: Sequence[Cell]) -> Row:
    """One row below these headers, mapped as proposed where units are known."""
    proposal = mapping.propose(headers, [(2, cells)], set)
    return RowReader(headers, proposal.mapping, Lookup()).read(2, cells)


def values(row: Row) -> dict[str, Any]:
    return {field.name: value for field, value in zip(FIELDS, row.values, strict=True) if value is not None}


def value(header: str, cell: Cell) -> Any:
    """What one cell becomes."""
    row = read(["资产名称", header], ["办公桌", cell])
    assert row.problems == []
    return next((found for name, found in values(row).items() if name != "name"), None)


@pytest.mark.parametrize(
    "cell",
    [
        *(
            "2013-1-1",
            "2013/01/01",
            "2013.1.1",
            "20130101",
            "2013年1月1日",
            "2013年1月",
            "2013-01",
            "2013",
        ),
        *("2013-01-01 00:00:00", "41275", 41275, 41275.0, 20130101.0, dt.date(2013, 1, 1)),
        dt.datetime(2013, 1, 1, 8, 30),  # noqa: DTZ001 - sheets have no zones
    ],
)
def test_days_are_read_in_every_shape(cell: Cell) -> None:
    assert value("取得日期", cell) == dt.date(2013, 1, 1)


@pytest.mark.parametrize(
    ("header", "cell", "amount"),
    [
        ("原值", "1,698.56", "1698.56"),
        ("原值", 1698.5599999999999, "1698.56"),
        ("原值", "¥12,800.00元", "12800.00"),
        ("原值", 0, "0.00"),
        ("原值", "0.00", "0.00"),
        ("原值(万元)", "1.28", "12800.00"),
        ("原值(万元)", 0.123456, "1234.56"),
        ("原值(万元)", "1.28万元", "12800.00"),
        ("金额（千元）", "3", "3000.00"),
    ],
)
def test_amounts_are_read_in_the_unit_that_the_header_names(header: str, cell: Cell, amount: str) -> None:
    assert value(header, cell) == Decimal(amount)


@pytest.mark.parametrize(
    ("header", "cell", "expected"),
    [
        ("资产编号", "00123", "00123"),
        ("资产编号", 20130001.0, "20130001"),
        ("资产编号", "无", None),
        ("型号", 2320, "2320"),
        ("数量", "20.0", 20),
        ("使用年限", "6年", 6),
        ("使用年限", 0, None),
        ("面积", "120.50", Decimal("120.50")),
        ("取得日期", "-", None),
        ("保修期至", "/", None),
        ("取得方式", "政府采购", AcquisitionMethod.PURCHASE),
        ("密级", "无", Secrecy.NONE),
        ("使用状况", "—", None),
    ],
)
def test_cells_are_read_as_their_field_asks(header: str, cell: Cell, expected: object) -> None:
    assert value(header, cell) == expected


def test_an_unknown_word_becomes_the_fallback_and_is_kept() -> None:
    row = read(["资产名称", "使用状况"], ["桌", "长期外调"])
    assert values(row) == {"name": "桌", "use_status": UseStatus.OTHER}
    assert row.extra == {"使用状况": "长期外调"}


def test_a_class_is_found_or_its_words_are_kept() -> None:
    found = read(["资产名称", "分类名称", "分类代码"], ["电脑", "台式计算机", "X99"])
    assert found.category == ("2022", "A02010105")
    assert found.extra == {"分类代码": "X99"}
    unknown = read(["资产名称", "分类名称"], ["桌", "家具之属"])
    assert unknown.category is None
    assert unknown.extra == {"分类名称": "家具之属"}


def test_a_row_goes_to_the_unit_that_it_names() -> None:
    assert read(["资产名称", "单位编码"], ["桌", "001"]).unit_id == 8
    assert read(["资产名称", "单位编码"], ["桌", ""]).unit_id == OWN
    refused = read(["资产名称", "单位编码"], ["桌", "404"])
    assert refused.unit_id is None
    assert [(problem["field"], problem["value"]) for problem in refused.problems] == [("unit_code", "404")]


@pytest.mark.parametrize(
    ("header", "cell", "message"),
    [
        ("数量", "1.5", "应为大于0的整数"),
        ("数量", "若干", "应为整数，如 1"),
        ("取得日期", "2013-13-40", "应为日期，如 2013-01-01"),
        ("原值", "八千", "应为金额，如 12,800.00"),
        ("原值", "", "必填，不能空白"),
        ("原值", "-", "必填，不能空白"),
        ("资产名称 ", "", "必填，不能空白"),
        ("资产编号", 1.2345678901234567e17, "编号被表格软件当作数字"),
        ("资产编号", "1.23457E+17", "编号被表格软件当作数字"),
        ("密级", "半公开", "不在可选值之内，可填：%(accepted)s"),
        ("型号", "长" * 201, "文字过长：最多%(length)d个字，现有%(count)d个"),
        ("用途", "长" * 5001, "文字过长：最多%(length)d个字，现有%(count)d个"),
    ],
)
def test_what_can_not_be_read_is_refused_with_the_cell_and_what_would_do(
    header: str, cell: Cell, message: str
) -> None:
    headers, cells = (["名称", header], ["", cell]) if "名称" not in header else ([header], [cell])
    if "名称" not in header:
        cells[0] = "办公桌"
    [problem] = read(headers, cells).problems
    assert problem["label"] in (header, "账面原值", "资产名称")
    assert str(problem["message"]).startswith(message)
    assert isinstance(problem["params"], dict)
    assert str(problem["message"]) % problem["params"] if problem["params"] else True


def test_all_problems_of_a_row_are_named() -> None:
    row = read(["资产名称", "原值", "累计折旧", "数量"], ["桌", "100", "200", "半"])
    assert [problem["field"] for problem in row.problems] == ["quantity", "accumulated_depreciation"]


def test_a_row_with_more_cells_than_columns_is_refused_only_when_they_are_filled() -> None:
    assert read(["资产名称", "型号"], ["桌", "甲", "", " "]).problems == []
    [problem] = read(["资产名称", "型号"], ["桌", "甲", "乙"]).problems
    assert problem["params"] == {"count": 3, "width": 2}


def test_a_short_row_is_read() -> None:
    assert values(read(["资产名称", "型号", "备注"], ["桌"])) == {"name": "桌"}


def test_unmapped_columns_are_kept_and_running_numbers_are_not() -> None:
    row = read(["序号", "资产名称", "用途", "附:资产名称"], ["1", "桌", "会议\n室", "旧名"])
    assert row.extra == {"用途": "会议\n室", "资产名称": "旧名"}


def test_a_number_is_made_from_the_content_alone() -> None:
    headers = ["序号", "资产名称", "原值", "取得日期"]
    text = read(headers, ["1", "办公桌", "1,200.00", "2013/1/1"])
    sheet = read(headers, [2, "办公桌", 1200.0, dt.date(2013, 1, 1)])
    turned = read(headers[::-1], ["2013年1月1日", 1200, "办公桌", ""])
    assert text.generated
    assert text.number is not None
    assert text.number.startswith("GEN-")
    assert text.number == sheet.number == turned.number
    assert text.number != read(headers, ["1", "办公桌", "1,200.01", "2013/1/1"]).number
    unmapped = RowReader(headers, mapping.ColumnMap({1: "name"}), Lookup()).read(
        2, ["1", "办公桌", 1200, "2013/1/1"]
    )
    assert unmapped.number == text.number


TOTAL_ROW = ["合计", *[""] * 7, 123456.78, 2000, *[""] * 22]
DATA_ROW = ["TY001", "办公桌", *[""] * 6, 1200.0, 0, *[""] * 22]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["", " ", "　"], Noise.BLANK),
        ([], Noise.BLANK),
        (TOTAL_ROW, Noise.TOTAL),
        (["总  计:", "", "12", "3,400.00"], Noise.TOTAL),
        (["", "小计", "", "5"], Noise.TOTAL),
        (["小计", "通用设备", "", "5"], Noise.TOTAL),
        (["Total", "", "12"], Noise.TOTAL),
        (list(FINANCE), Noise.HEADER),
        (["制表人:张三", "", "审核人:李四", "", "日期:2026年6月30日"], Noise.NOTE),
        (["备注：以上资产均已核实"], Noise.NOTE),
        (["单位:元"], Noise.NOTE),
        (["第 2 页 共 9 页"], Noise.NOTE),
        (DATA_ROW, None),
        (["A1", "合计器", "", "5"], None),
        (["A1", "合计", "", "5"], None),
        (["ZB-1", "说明书", "1"], None),
        ([1.0, "办公桌"], None),
    ],
)
def test_rows_that_are_no_assets_are_told_from_assets(cells: list[Cell], kind: Noise | None) -> None:
    assert NoiseFilter(FINANCE, number_column=0).kind(cells) == kind


def test_a_card_with_such_a_name_is_an_asset_where_it_has_a_number() -> None:
    noise = NoiseFilter(["资产名称", "资产编号", "存放地点"], number_column=1)
    assert noise.kind(["合计", "A1", "主楼"]) is None
    assert noise.kind(["合计", "", "主楼"]) is Noise.TOTAL
    assert noise.kind(["备注:无", "A1", ""]) is None
    assert noise.kind(["备注:无", "", ""]) is Noise.NOTE
