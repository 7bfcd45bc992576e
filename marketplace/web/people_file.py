"""Small files of units and accounts: read whole, with a header row in Chinese or by field name."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from werkzeug.datastructures import FileStorage

from marketplace.domain.errors import invalid_field
from marketplace.domain.text import N_, normalise
from marketplace.registers.cells import Cell
from marketplace.registers.reader import Choice, find_register, read_rows

UNIT_COLUMNS: dict[str, tuple[str, ...]] = {
    "code": (N_("单位编码"), "编码", "单位代码"),
    "name": (N_("单位名称"), "名称"),
    "kind": (N_("级别"), "类型", "单位级别"),
    "parent_code": (N_("上级单位编码"), "上级编码", "上级单位"),
    "credit_code": (N_("统一社会信用代码"), "信用代码"),
    "short_name": (N_("简称"),),
    "address": (N_("地址"),),
    "headcount": (N_("在编人数"), "编制内实有人数", "人数"),
    "latitude": (N_("纬度"),),
    "longitude": (N_("经度"),),
}
USER_COLUMNS: dict[str, tuple[str, ...]] = {
    "username": (N_("用户名"), "账号", "登录名"),
    "name": (N_("姓名"),),
    "unit_code": (N_("单位编码"), "单位代码"),
    "roles": (N_("角色"),),
    "email": (N_("邮箱"), "电子邮箱"),
    "phone": (N_("电话"), "手机", "联系电话"),
}
MAX_ROWS = 5000


def read_people_file(
    file: FileStorage | None, columns: Mapping[str, tuple[str, ...]]
) -> list[dict[str, str]]:
    """The rows of a small file by field name.

    Raises:
        Invalid: no file, no header row that is understood, or more than ``MAX_ROWS`` rows.
    """
    if file is None or not file.filename:
        raise invalid_field("file", N_("请选择要导入的文件。"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(file.filename).name
        file.save(path)
        found = find_register(path, Choice(header_row=1))
        places = _places(found.headers, columns)
        rows: list[dict[str, str]] = []
        for _number, cells, _share in read_rows(path, found.layout):
            rows.append({field: _text(cells[place]) for field, place in places.items() if place < len(cells)})
            if len(rows) > MAX_ROWS:
                raise invalid_field("file", N_("一次最多导入%(limit)d行,请分成几个文件。"), limit=MAX_ROWS)
    return rows


def _text(cell: Cell) -> str:
    """A cell as text; a whole number that a spreadsheet kept as 12.0 is 12."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)


def _places(headers: Sequence[str], columns: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    words = {normalise(header): place for place, header in reversed(list(enumerate(headers)))}
    places: dict[str, int] = {}
    for field, names in columns.items():
        for name in (field, *names):
            if normalise(name) in words:
                places.setdefault(field, words[normalise(name)])
    if "name" not in places:
        raise invalid_field("file", N_("没有找到表头。请按模板准备文件,首行为列名。"))
    return places
