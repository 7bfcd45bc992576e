"""Small files of units and accounts: read whole, with a header row in Chinese or by field name."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from flask import Response
from flask_babel import get_locale, gettext
from werkzeug.datastructures import FileStorage

from marketplace.domain.errors import Invalid, RuleError, invalid_field
from marketplace.domain.text import N_, normalise
from marketplace.edge.i18n import message_of
from marketplace.registers.cells import as_text
from marketplace.registers.reader import Choice, find_register, read_rows


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it may be called, the name we use first, and what it says."""

    field: str
    names: tuple[str, ...]
    help: str
    example: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class PeopleFile:
    """The rows of a file by field name, and the line of the file that each stands on."""

    rows: list[dict[str, str]]
    lines: list[int]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a line; ``column`` is empty where the whole line is refused."""

    line: int
    column: str
    message: str


UNIT_COLUMNS = (
    Column(
        "code",
        (N_("单位编码"), "编码", "单位代码"),
        N_("全系统唯一，由字母、数字、点、横线组成；已有的编码表示更新该单位"),
        "JY0101",
        required=True,
    ),
    Column("name", (N_("单位名称"), "名称"), N_("全称"), "江州市第一中学", required=True),
    Column("kind", (N_("级别"), "类型", "单位级别"), N_("主管部门、单位或下属单位"), "单位", required=True),
    Column(
        "parent_code",
        (N_("上级单位编码"), "上级编码", "上级单位"),
        N_("可以是同一文件中的单位，先后不限"),
        "JY01",
        required=True,
    ),
    Column(
        "credit_code",
        (N_("统一社会信用代码"), "信用代码"),
        N_("18位，末位校验码须相符（GB 32100-2015）"),
        "91350100M000100Y43",
    ),
    Column("short_name", (N_("简称"),), N_("显示在窄处"), "一中"),
    Column("address", (N_("地址"),), N_("取货、看样的地方"), "江州市学府路1号"),
    Column("headcount", (N_("在编人数"), "编制内实有人数", "人数"), N_("编制内实有人数，整数"), "236"),
    Column("latitude", (N_("纬度"),), N_("十进制度，与经度同时填写"), "30.2741"),
    Column("longitude", (N_("经度"),), N_("十进制度，与纬度同时填写"), "120.1551"),
)
USER_COLUMNS = (
    Column(
        "username",
        (N_("用户名"), "账号", "登录名"),
        N_("小写字母、数字、点、横线、下划线，全系统唯一"),
        "wang.xiaolan",
        required=True,
    ),
    Column("name", (N_("姓名"),), N_("真实姓名"), "王晓岚", required=True),
    Column(
        "unit_code", (N_("单位编码"), "单位代码"), N_("所属单位；角色也在该单位生效"), "JY0101", required=True
    ),
    Column("roles", (N_("角色"),), N_("角色名称，多个用顿号或逗号分开，可留空"), "单位资产管理员、申请人"),
    Column("email", (N_("邮箱"), "电子邮箱"), N_("接收通知用"), "wang@example.org"),
    Column("phone", (N_("电话"), "手机", "联系电话"), N_("办公电话"), "0571-85000000"),
)
MAX_UNITS = 5000
MAX_USERS = 300
"""Fewer, because hashing a first password is slow on purpose: about a tenth of a second each."""


def read_people_file(file: FileStorage | None, columns: Sequence[Column], limit: int) -> PeopleFile:
    """The rows of a small file; empty lines are passed over.

    Raises:
        Invalid: no file, no header row that is understood, no rows, or more than ``limit``.
    """
    if file is None or not file.filename:
        raise invalid_field("file", N_("请选择要导入的文件。"))
    found = PeopleFile([], [])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people"
        file.save(path)
        register = find_register(path, Choice(header_row=1))
        places = _places(register.headers, columns)
        for line, cells, _share in read_rows(path, register.layout):
            row = {field: as_text(cells[at]).strip() for field, at in places.items() if at < len(cells)}
            if not any(row.values()):
                continue
            found.rows.append(row)
            found.lines.append(line)
            if len(found.rows) > limit:
                raise invalid_field("file", N_("一次最多导入%(limit)d行，请分成几个文件。"), limit=limit)
    if not found.rows:
        raise invalid_field("file", N_("文件中只有表头，没有可以导入的行。"))
    return found


def problems_in(error: RuleError, file: PeopleFile | None, columns: Iterable[Column]) -> list[Problem]:
    """What is wrong, line by line; nothing when the file as a whole was refused."""
    if file is None or not isinstance(error, Invalid):
        return []
    names = {column.field: gettext(column.names[0]) for column in columns}
    return [
        Problem(file.lines[place.row - 1], names.get(place.field, ""), message_of(place))
        for place in error.fields
        if place.row
    ]


def template_file(columns: Iterable[Column], name: str) -> Response:
    """An empty file with the right header; its mark tells spreadsheet programs that it is UTF-8."""
    chinese = str(get_locale()).startswith("zh")
    header = ",".join(column.names[0] if chinese else column.field for column in columns)
    return Response(
        f"\ufeff{header}\r\n",
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _places(headers: Sequence[str], columns: Sequence[Column]) -> dict[str, int]:
    """Where each field stands.

    Raises:
        Invalid: a column that must be there is not.
    """
    words = {normalise(header): place for place, header in reversed(list(enumerate(headers)))}
    places: dict[str, int] = {}
    for column in columns:
        called = map(normalise, (column.field, *column.names))
        found = next((words[name] for name in called if name in words), None)
        if found is not None:
            places[column.field] = found
        elif column.required:
            raise invalid_field(
                "file", N_("首行没有“%(name)s”一列。请按模板准备文件，首行为列名。"), name=column.names[0]
            )
    return places
