"""Registers as departments really export them, made up here: layouts, rows, and files of every kind."""

from __future__ import annotations

import csv
import datetime as dt
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import xlsxwriter

Value = str | int | float | dt.date

FINANCE = (
    *("资产编号", "资产名称", "资产来源", "管理类别", "类别名称1", "资产状态", "是否计提折旧", "入账日期"),
    *("资产原值", "累计折旧", "折旧方法", "资产数量", "净残值率(%)", "净残值", "月折旧率(%)", "月折旧额"),
    *("年折旧率(%)", "年折旧额", "存放地点", "部门名称", "责任人", "入账时累计折旧", "减值准备", "已提月份"),
    *("未计提月份", "单位名称", "使用部门", "使用人", "使用月份", "计量单位", "备注", "实际数量"),
)
REPORTING = (
    *("数据来源", "填报单位", "序号", "资产名称", "资产类别", "规格型号", "有无资产编号", "资产编号"),
    *("使用状态", "取得时间", "取得来源", "数量", "原值", "管理使用单位（部门）", "资产放置位置"),
    *("管理（使用人）", "备注"),
)
CENSUS = (
    *("序号", "资产编号", "资产国标大类", "资产分类", "资产名称", "财务入账日期", "价值类型", "价值"),
    *("取得方式", "取得日期", "使用状况", "使用部门", "管理部门"),
)
COLLEGE = (
    *("已上报", "资产编号", "资产名称", "分类代码", "数量", "账面原值", "增加方式", "资金来源", "条形码"),
    *("使用状况", "责任人", "管理机构", "会计凭证号", "入账年度", "入账日期", "录入日期", "录入人", "备注"),
)
AUDIT_OFFICE = (
    *("年度", "单位代码", "单位名称", "固定资产大类", "固定资产分类代码", "固定资产分类名称", "固定资产名称"),
    *("型号", "类别代码", "类别名称", "竣工_购进日期", "投入使用日期", "使用管理状况代码"),
    *("使用管理状况名称", "固定资产原值", "建筑面积", "使用面积", "费用开支渠道", "车船牌照号码", "用途"),
)
OFFICE_SYSTEM = (
    *("资产编号", "资产名称", "分类", "品牌", "型号", "序列号", "采购价格", "采购日期", "供应商", "存放地点"),
    *("状态", "使用人", "部门", "当前价值", "EOL日期"),
)
SURPLUS = (
    *("State", "Agency Name", "NSN", "Item Name", "Quantity", "UI", "Acquisition Value", "DEMIL Code"),
    *("DEMIL IC", "Ship Date", "Station Type"),
)
LAYOUTS = {
    "finance": FINANCE,
    "reporting": REPORTING,
    "census": CENSUS,
    "college": COLLEGE,
    "audit office": AUDIT_OFFICE,
    "office system": OFFICE_SYSTEM,
    "surplus": SURPLUS,
}

GOODS = (
    ("台式计算机", "联想", "启天M430", "台", 4999.0),
    ("便携式计算机", "华为", "MateBook 14", "台", 6899.5),
    ("激光打印机", "惠普", "M405dw", "台", 2350.0),
    ("办公桌", "震旦", "1.6米", "张", 1280.0),
    ("文件柜", "虎牌", "五节", "组", 860.0),
    ("空调机", "格力", "KFR-72LW", "台", 7200.0),
    ("投影仪", "爱普生", "CB-X50", "台", 5400.25),
)
SURPLUS_GOODS = ("TRUCK,UTILITY", "GIMBAL", "DESK, OFFICE", 'CHAIR, 18" SEAT', "RADIO SET")


def rows(layout: Sequence[str], count: int, *, seed: int = 1) -> list[list[Value]]:
    """``count`` rows for these columns; the same for the same seed."""
    chance = random.Random(seed)
    return [_row(layout, number, chance) for number in range(1, count + 1)]


def _row(layout: Sequence[str], number: int, chance: random.Random) -> list[Value]:
    goods = chance.choice(GOODS)
    day = dt.date(2012, 1, 1) + dt.timedelta(days=chance.randrange(4000))
    return [_CELLS.get(header, _other)(number, goods, day, chance) for header in layout]


Goods = tuple[str, str, str, str, float]
_Cell = Callable[[int, Goods, dt.date, random.Random], Value]


def _other(number: int, goods: Goods, day: dt.date, chance: random.Random) -> Value:
    return chance.choice(["", "是", "否", "自筹"])


def _pick(*choices: str) -> _Cell:
    return lambda number, goods, day, chance: chance.choice(choices)


_number: _Cell = lambda number, goods, day, chance: f"TY{day.year}{number:06d}"  # noqa: E731
_name: _Cell = lambda number, goods, day, chance: goods[0]  # noqa: E731
_brand: _Cell = lambda number, goods, day, chance: goods[1]  # noqa: E731
_model: _Cell = lambda number, goods, day, chance: goods[2]  # noqa: E731
_measure: _Cell = lambda number, goods, day, chance: goods[3]  # noqa: E731
_value: _Cell = lambda number, goods, day, chance: goods[4]  # noqa: E731
_day: _Cell = lambda number, goods, day, chance: f"{day.year}-{day.month}-{day.day}"  # noqa: E731
_serial: _Cell = lambda number, goods, day, chance: number  # noqa: E731
_person = _pick("张伟", "王芳", "李娜", "刘洋", "陈静", "")
_section = _pick("办公室", "财务科", "信息中心", "人事处", "后勤服务中心")
_place = _pick("主楼301室", "主楼1205室", "附楼库房", "档案室", "一楼大厅")

_CELLS: dict[str, _Cell] = {
    **dict.fromkeys(("资产编号",), _number),
    **dict.fromkeys(("资产名称", "固定资产名称"), _name),
    **dict.fromkeys(("类别名称1", "资产类别", "资产分类", "固定资产分类名称", "类别名称", "分类"), _name),
    **dict.fromkeys(("品牌",), _brand),
    **dict.fromkeys(("规格型号", "型号"), _model),
    **dict.fromkeys(("计量单位",), _measure),
    **dict.fromkeys(("资产原值", "原值", "价值", "账面原值", "固定资产原值", "采购价格"), _value),
    **dict.fromkeys(("入账日期", "取得时间", "财务入账日期", "取得日期", "竣工_购进日期", "采购日期"), _day),
    **dict.fromkeys(("录入日期", "投入使用日期", "EOL日期"), _day),
    **dict.fromkeys(("序号", "条形码"), _serial),
    **dict.fromkeys(("使用人", "责任人", "管理（使用人）", "录入人"), _person),
    **dict.fromkeys(("使用部门", "部门", "部门名称", "管理部门", "管理机构"), _section),
    "管理使用单位（部门）": _section,
    **dict.fromkeys(("存放地点", "资产放置位置"), _place),
    **dict.fromkeys(("资产数量", "数量", "实际数量"), _pick("1", "1", "1", "2", "10")),
    **dict.fromkeys(("资产来源", "取得来源", "取得方式", "增加方式"), _pick("新购", "调拨", "接受捐赠")),
    **dict.fromkeys(("资产状态", "使用状态", "使用状况", "使用管理状况名称", "状态"), _pick("在用", "闲置")),
    "累计折旧": _pick("0", "120.5", "300"),
    "折旧方法": _pick("年限平均法"),
    "价值类型": _pick("原值", "名义金额"),
    "建筑面积": _pick("", "", "120.5"),
    "单位名称": _pick("某某局机关"),
    "单位代码": _pick("001001"),
    "分类代码": _pick("A02010104", "2010104"),
    "State": _pick("AL", "TX", "CA"),
    "Agency Name": _pick("ALBANY POLICE DEPT", "COUNTY SHERIFF'S OFFICE"),
    "NSN": lambda number, goods, day, chance: (
        f"{chance.randrange(1000, 9999)}-01-{chance.randrange(9999):04d}"
    ),
    "Item Name": _pick(*SURPLUS_GOODS),
    "Quantity": _pick("1", "1", "2", "4"),
    "UI": _pick("Each", "Kit"),
    "Acquisition Value": lambda number, goods, day, chance: chance.choice([0, 62627, 9042.25, 138]),
    "Ship Date": lambda number, goods, day, chance: f"{day.isoformat()} 00:00:00",
    "DEMIL Code": _pick("A", "C", "D", "Q"),
    "DEMIL IC": _pick("1", "3", "7", ""),
    "Station Type": _pick("State"),
}


def surplus(count: int, *, seed: int = 7) -> list[list[Value]]:
    """A register without numbers: identical rows that are separate items, zero values, quoted commas."""
    made = rows(SURPLUS, count * 3 // 4, seed=seed)
    chance = random.Random(seed)
    made += [list(chance.choice(made[:50])) for _ in range(count - len(made))]
    chance.shuffle(made)
    return made


def finance_sheet(count: int, *, seed: int = 1) -> list[list[Value]]:
    """The finance export as it is handed over: two title rows, the header on row 3, a total below."""
    body = rows(FINANCE, count, seed=seed)
    total = sum(float(str(row[FINANCE.index("资产原值")])) for row in body)
    last: list[Value] = [""] * len(FINANCE)
    last[0], last[FINANCE.index("资产原值")] = "合计", total
    return [["固定资产明细表"], ["编制单位:某某局"], list(FINANCE), *body, last]


def write_csv(
    path: Path, table: Iterable[Sequence[Value]], *, encoding: str = "utf-8", delimiter: str = ","
) -> Path:
    """The table as a text file."""
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(table)
    return path


def write_xlsx(path: Path, *sheets: Sequence[Sequence[Value]], hidden: Sequence[int] = ()) -> Path:
    """The tables as the sheets of a workbook; texts stay texts, days become days."""
    book = xlsxwriter.Workbook(str(path))
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for position, table in enumerate(sheets):
        sheet = book.add_worksheet()
        if position in hidden:
            sheet.hide()
        for row_no, row in enumerate(table):
            for column, value in enumerate(row):
                if isinstance(value, dt.date):
                    sheet.write_datetime(row_no, column, value, day)
                elif isinstance(value, str):
                    sheet.write_string(row_no, column, value)
                else:
                    sheet.write_number(row_no, column, value)
    book.close()
    return path
