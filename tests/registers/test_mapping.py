"""Every header that registers are known to have ends somewhere on purpose; two for one field are weighed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from marketplace.domain.assets import FIELDS
from marketplace.domain.errors import Invalid
from marketplace.registers import mapping
from marketplace.registers.aliases import ALIASES, EXTRA, IGNORE, export_name, is_known, kept_name, target_of
from marketplace.registers.cells import Cell
from marketplace.registers.mapping import ColumnMap, Confidence
from tests.registers import samples
from tests.registers.samples import LAYOUTS

MAPPED = {
    "finance": {
        **{"资产编号": "number", "资产名称": "name", "资产来源": "acquisition_method"},
        **{"类别名称1": "category_name", "资产状态": "use_status", "入账日期": "booked_on"},
        **{"资产原值": "original_value", "累计折旧": "accumulated_depreciation"},
        **{"折旧方法": "depreciation_method", "资产数量": "quantity", "存放地点": "location"},
        **{"使用部门": "using_department", "使用人": "using_person", "计量单位": "unit_of_measure"},
        **{"备注": "note"},
    },
    "reporting": {
        **{"序号": IGNORE, "资产名称": "name", "资产类别": "category_name", "规格型号": "model"},
        **{"资产编号": "number", "使用状态": "use_status", "取得时间": "acquired_on"},
        **{"取得来源": "acquisition_method", "数量": "quantity", "原值": "original_value"},
        **{"管理使用单位（部门）": "using_department", "资产放置位置": "location"},
        **{"管理（使用人）": "using_person", "备注": "note"},
    },
    "census": {
        **{"序号": IGNORE, "资产编号": "number", "资产分类": "category_name", "资产名称": "name"},
        **{"财务入账日期": "booked_on", "价值类型": "value_type", "价值": "original_value"},
        **{"取得方式": "acquisition_method", "取得日期": "acquired_on", "使用状况": "use_status"},
        **{"使用部门": "using_department"},
    },
    "college": {
        **{"资产编号": "number", "资产名称": "name", "分类代码": "category_code", "数量": "quantity"},
        **{"账面原值": "original_value", "增加方式": "acquisition_method", "使用状况": "use_status"},
        **{"责任人": "using_person", "管理机构": "using_department", "会计凭证号": "voucher"},
        **{"入账日期": "booked_on", "备注": "note"},
    },
    "audit office": {
        **{"固定资产分类代码": "category_code", "固定资产分类名称": "category_name"},
        **{"固定资产名称": "name", "型号": "model", "竣工_购进日期": "acquired_on"},
        **{"使用管理状况名称": "use_status", "固定资产原值": "original_value", "建筑面积": "area"},
        **{"车船牌照号码": "plate_number"},
    },
    "office system": {
        **{"资产编号": "number", "资产名称": "name", "分类": "category_name", "品牌": "brand"},
        **{"型号": "model", "序列号": "serial_number", "采购价格": "original_value"},
        **{"采购日期": "acquired_on", "存放地点": "location", "状态": "use_status"},
        **{"使用人": "using_person", "部门": "using_department"},
    },
    "surplus": {
        **{"State": "location", "Agency Name": "using_department", "NSN": "model", "Item Name": "name"},
        **{"Quantity": "quantity", "UI": "unit_of_measure", "Acquisition Value": "original_value"},
        **{"Ship Date": "acquired_on"},
    },
}
"""What becomes of the columns of each known layout; those not named are kept as extras."""


def no_units(words: Iterable[str]) -> set[str]:
    return set()


def propose(headers: Sequence[str], rows: Sequence[Sequence[Cell]] = ()) -> dict[str, str]:
    """The proposed target of every mapped column, by its header."""
    proposal = mapping.propose(headers, list(enumerate(rows, 2)), no_units)
    return {headers[at]: target for at, target in proposal.mapping.columns.items()}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_column_of_a_known_layout_goes_where_it_belongs(layout: str) -> None:
    headers = LAYOUTS[layout]
    assert propose(headers, samples.rows(headers, 40)) == MAPPED[layout]
    assert propose(headers) == MAPPED[layout]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_header_of_a_known_layout_is_unknown(layout: str) -> None:
    assert [header for header in LAYOUTS[layout] if not is_known(header)] == []


def test_every_field_of_the_card_has_a_header() -> None:
    assert {field.name for field in FIELDS} <= ALIASES.keys()
    assert {field.label: target_of(field.label)[0] for field in FIELDS} == {f.label: f.name for f in FIELDS}


def test_no_header_names_two_targets() -> None:
    headers = [header for aliases in ALIASES.values() for header in aliases]
    assert sorted(headers) == sorted(set(headers))


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("* 资产名称", "name"),
        ("资产名称（必填）", "name"),
        ("资 产\n编 号", "number"),
        ("原值（万元）", "original_value"),
        ("ＳＮ", "serial_number"),
        ("设备型号", "model"),
        ("固定资产存放地点", "location"),
        ("ITEM NAME", "name"),
        ("附:资产名称", EXTRA),
        ("会议纪要", EXTRA),
    ],
)
def test_headers_are_recognised_in_the_ways_they_are_written(header: str, target: str) -> None:
    assert target_of(header)[0] == target


def test_of_two_columns_for_a_field_the_surer_name_wins_whatever_the_order() -> None:
    wanted = {"资产名称": "name", "原值": "original_value", "取得日期": "acquired_on"}
    headers = ["价值", "购置日期", "资产名称", "原值", "固定资产名称", "取得日期"]
    assert propose(headers) == propose(headers[::-1]) == wanted


def test_of_two_ways_to_write_one_header_the_same_wins_whatever_the_order() -> None:
    headers = ["资产名称(主)", "资产名称(辅)"]
    assert propose(headers) == propose(headers[::-1])
    assert len(propose(headers)) == 1


def test_of_two_columns_for_a_field_the_filled_one_wins() -> None:
    rows = [["", "2013-1-1"]] * 9 + [["2013-2-2", "2013-1-1"]]
    assert propose(["取得日期", "购置日期"], rows) == {"购置日期": "acquired_on"}


def test_of_two_columns_for_a_field_the_readable_one_wins() -> None:
    rows = [["见附件", "1200"]] * 10
    assert propose(["原值", "价值"], rows) == {"价值": "original_value"}


def test_the_class_stands_in_for_a_name_that_is_missing_or_blank() -> None:
    assert propose(["资产编号", "类别名称1"]) == {"资产编号": "number", "类别名称1": "name"}
    rows = [["A1", "", "台式计算机"]] * 5
    assert propose(["资产编号", "资产名称", "类别名称1"], rows) == {"资产编号": "number", "类别名称1": "name"}


def known(words: Iterable[str]) -> set[str]:
    return {word for word in words if word in ("市财政局", "001")}


@pytest.mark.parametrize(
    ("header", "words", "target"),
    [
        ("单位名称", ["市财政局", "市财政局", ""], "unit_name"),
        ("单位代码", ["001"], "unit_code"),
        ("单位名称", ["某某公司", "某某厂"], None),
        ("单位名称", [], None),
        ("单位", ["台", "张", "立方米"], "unit_of_measure"),
        ("单位", ["市财政局"], "unit_name"),
    ],
)
def test_a_column_of_units_counts_only_where_they_are_known(
    header: str, words: list[str], target: str | None
) -> None:
    sample = [(at, [word]) for at, word in enumerate(words)]
    proposal = mapping.propose([header], sample, known)
    assert proposal.mapping.columns.get(0) == target
    assert proposal.notes[0].message or target


def test_notes_say_how_sure_each_column_is() -> None:
    notes = mapping.propose(["资产名称", "固定资产名称", "品名颜色", "用途", "序号"], [], no_units).notes
    assert [note.confidence for note in notes] == [
        *(Confidence.SURE, Confidence.LIKELY, Confidence.NONE, Confidence.SURE, Confidence.SURE),
    ]
    assert notes[1].params == {"winner": "资产名称", "field": "资产名称"}


def test_the_signature_does_not_depend_on_the_order_of_columns() -> None:
    assert (
        mapping.signature(["甲", "乙"]) == mapping.signature(["乙", "甲"]) != mapping.signature(["甲", "丙"])
    )


def test_a_mapping_is_remembered_by_column_name() -> None:
    kept = ColumnMap({0: "name", 2: "model"}, "2013").by_header(["甲", "乙", "丙"])
    assert ColumnMap.for_headers(kept, ["丙", "乙", "甲"]) == ColumnMap({0: "model", 2: "name"}, "2013")
    assert ColumnMap.for_headers({"columns": {"甲": "renamed"}, "edition": ""}, ["甲"]) == ColumnMap()
    assert ColumnMap.from_json(ColumnMap({3: "name"}, "2013").as_json()) == ColumnMap({3: "name"}, "2013")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({0: "name", 1: "name"}, "有2列都对应“资产名称”"),
        ({0: "number"}, "没有一列对应“资产名称”"),
        ({0: "name", 7: "model"}, "与文件不符"),
        ({0: "name", 1: "colour"}, "未知的字段"),
    ],
)
def test_a_mapping_that_can_not_work_is_refused(columns: dict[int, str], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        mapping.check(ColumnMap(columns), ["甲", "乙"])


def test_several_columns_may_be_left_out() -> None:
    mapping.check(ColumnMap({0: "name", 1: IGNORE, 2: IGNORE}), ["甲", "乙", "丙"])


@pytest.mark.parametrize("name", ["资产名称", "序号", "附:资产名称", "附:", "会议纪要", "备注(2)", "单位"])
def test_an_extra_keeps_its_name_through_export_and_import(name: str) -> None:
    header = export_name(name)
    assert target_of(header)[0] == EXTRA
    assert kept_name(header) == name
