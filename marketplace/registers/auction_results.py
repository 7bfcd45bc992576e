"""Results of an auction as the platform that held it hands them out: a small table under whatever names."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from marketplace.domain.errors import invalid_field
from marketplace.domain.text import N_
from marketplace.registers.aliases import SCALES, header_key, scale_of
from marketplace.registers.cells import Cell, as_text
from marketplace.registers.header import LOOKED_AT, tidy_name
from marketplace.registers.noise import NoiseFilter
from marketplace.registers.reader import Layout, find_register, read_rows

MAX_BYTES = 5 * 1024 * 1024
MAX_ROWS = 2000
LONGEST = 300
"""Characters of a cell that are read."""

ALIASES: dict[str, tuple[str, ...]] = {
    "lot": (
        *("标的号", "标的编号", "标的序号", "拍品编号", "拍品号", "标号", "标的", "项目标的编号"),
        *("资产包编号", "lot", "lot no", "lot number"),
    ),
    "name": ("标的名称", "拍品名称", "标的物名称", "标的物", "名称", "资产名称", "lot name", "title"),
    "auction": ("公告编号", "拍卖编号", "场次编号", "拍卖会编号", "auction", "auction number"),
    "state": ("成交状态", "拍卖结果", "竞价结果", "交易结果", "交易状态", "状态", "结果", "status", "result"),
    "price": (
        *("成交价", "成交价格", "成交金额", "成交总价", "最终成交价", "落槌价", "最终报价", "成交额"),
        *("hammer price", "price", "sold price"),
    ),
    "day": ("成交日期", "成交时间", "拍卖日期", "竞价结束时间", "结束时间", "交易日期", "date", "sold on"),
    "winner": (
        *("竞得人", "买受人", "竞得人名称", "竞得人姓名", "竞买人", "受让方", "受让人", "成交人", "买方"),
        *("竞得者", "buyer", "winner"),
    ),
    "way": ("成交方式", "交易方式", "竞价方式", "拍卖方式", "sale way", "method"),
}
"""Headers by field, as platforms call them."""
TEMPLATE = ("标的号", "标的名称", "拍卖结果", "成交价", "成交日期", "竞得人", "成交方式")
"""The header of the file that is offered to fill in."""
_FIELDS = {header_key(alias): name for name, aliases in ALIASES.items() for alias in aliases}
_BRACKETS = re.compile(r"[(\[【][^)\]】]*[)\]】]")
_FEWEST = 2
"""Known headers by which a row is taken for the header."""


@dataclass(frozen=True, slots=True)
class ResultRow:
    """A line of the file, by the names of ``ALIASES``; a column that isn't there is missing."""

    line: int
    """As spreadsheets count."""
    cells: Mapping[str, str]
    """The cells as people read them."""
    scale: int = 1
    """What one unit of the price is in CNY."""

    def text(self, name: str) -> str:
        """One cell; "" where there is none."""
        return self.cells.get(name, "")


@dataclass(frozen=True, slots=True)
class _Head:
    layout: Layout
    line: int
    fields: dict[int, str] = field(default_factory=dict)
    names: tuple[str, ...] = ()


def read_results(path: Path) -> list[ResultRow]:
    """The rows of a file of results; blank lines, totals and remarks are passed over.

    Raises:
        Invalid: it can't be read, is too large, or no row names the lot and what became of it.
    """
    if path.stat().st_size > MAX_BYTES:
        raise invalid_field(
            "file", N_("文件超过%(limit)dMB，请只保留成交结果一张表。"), limit=MAX_BYTES >> 20
        )
    head = _head(path, find_register(path).layout)
    noise = NoiseFilter(head.names)
    lines = (
        _row(head, line, cells)
        for line, cells, _share in read_rows(path, replace(head.layout, header_rows=(head.line,)))
        if noise.kind(cells) is None
    )
    rows = list(itertools.islice(lines, MAX_ROWS + 1))
    if len(rows) > MAX_ROWS:
        raise invalid_field("file", N_("一次最多导入%(limit)d行，请分成几个文件。"), limit=MAX_ROWS)
    if not rows:
        raise invalid_field("file", N_("文件中只有表头，没有可以导入的行。"))
    return rows


def _head(path: Path, layout: Layout) -> _Head:
    """The header among the top rows of all sheets: the row with the most names that are known here."""
    layouts = [replace(layout, sheet=sheet, header_rows=(0,)) for sheet in layout.sheets or (layout.sheet,)]
    found = [head for one in layouts for head in _heads(path, one)]
    best = max(found, key=lambda head: len(head.fields), default=None)
    if best is None or not {"lot", "price"} <= set(best.fields.values()):
        raise invalid_field("file", N_("没有找到“标的号”和“成交价”两列。请按模板准备文件，或核对列名。"))
    return best


def _heads(path: Path, layout: Layout) -> Iterator[_Head]:
    for line, cells, _share in itertools.islice(read_rows(path, layout), LOOKED_AT):
        names = tuple(tidy_name(as_text(cell)) for cell in cells)
        fields: dict[int, str] = {}
        for at, name in enumerate(names):
            if (known := field_of(name)) and known not in fields.values():
                fields[at] = known
        if len(fields) >= _FEWEST:
            yield _Head(layout, line, fields, names)


def field_of(header: str) -> str:
    """The field that a header names, with or without a remark in brackets; "" for any other."""
    key = header_key(header)
    return _FIELDS.get(key) or _FIELDS.get(_BRACKETS.sub("", key), "")


def _row(head: _Head, line: int, cells: Sequence[Cell]) -> ResultRow:
    texts = {name: as_text(cells[at]).strip() for at, name in head.fields.items() if at < len(cells)}
    price = next((head.names[at] for at, name in head.fields.items() if name == "price"), "")
    return ResultRow(line, {name: text[:LONGEST] for name, text in texts.items() if text}, scale_of(price))


def packed(rows: Sequence[ResultRow]) -> str:
    """Rows as text, to be carried from the preview to the confirmation."""
    return json.dumps([[row.line, dict(row.cells), row.scale] for row in rows], ensure_ascii=False)


def unpacked(text: str) -> list[ResultRow]:
    """What :func:`packed` gave.

    Raises:
        Invalid: it is something else.
    """
    try:
        rows = [
            ResultRow(int(line), {str(name): str(cell)[:LONGEST] for name, cell in cells.items()}, int(scale))
            for line, cells, scale in json.loads(text)
        ]
    except (ValueError, TypeError, AttributeError):
        raise invalid_field("file", N_("预览已失效，请重新选择文件。")) from None
    if not 0 < len(rows) <= MAX_ROWS or any(row.scale not in (1, *SCALES.values()) for row in rows):
        raise invalid_field("file", N_("预览已失效，请重新选择文件。"))
    return rows
