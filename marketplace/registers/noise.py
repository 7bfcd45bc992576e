"""Rows of a register that are no assets: totals, repeated headers, notes of who drew up the list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from marketplace.registers.cells import Cell, as_text, is_blank
from marketplace.registers.header import tidy_name

_TOTAL = re.compile(
    r"(?:本页|本表|本单位|单位|部门|类别)?(?:合计|小计|总计|共计|累计|总合计)(?:[(（].{0,20}[)）])?[:：]?"
    r"|(?:sub|grand )?totals?:?",
    re.IGNORECASE,
)
_NOTE = re.compile(
    r"(?:制表|填表|编制|审核|复核|经办|记账|盘点|监盘|打印|导出|填报|报送|单位负责|财务负责|资产管理|联系|负责)"
    r"(?:人|员|单位|部门|日期|时间|电话|人签字)?(?:[(（].{0,10}[)）])?[:：].*"
    r"|(?:备注|注|说明|单位|金额单位|编制单位|填表说明|日期|时间|电话|盖章)[:：].*"
    r"|第\s*\d+\s*页.*|共\s*\d+\s*[页条].*|[(（]?以下(?:空白|无正文)[)）]?|page \d+.*",
    re.IGNORECASE | re.DOTALL,
)
_FIGURE = re.compile(r"[\d,.¥￥%元\s/—–-]*")
_SAME_HEADER = 0.8


class Noise(StrEnum):
    """Why a row is not read as an asset."""

    BLANK = "blank"
    TOTAL = "total"
    HEADER = "header"
    NOTE = "note"


class NoiseFilter:
    """Tells such rows from assets, by the header of the register and the column of asset numbers."""

    def __init__(self, headers: Sequence[str], number_column: int | None = None) -> None:
        self._headers = frozenset(headers)
        self._few = max(2, len(headers) // 2)
        self._number_column = number_column

    def kind(self, cells: Sequence[Cell]) -> Noise | None:
        """What kind of noise the row is; None for an asset."""
        first = next((cell for cell in cells if cell != "" and not is_blank(cell)), None)
        if first is None:
            return Noise.BLANK
        if not isinstance(first, str):
            return None
        text = "".join(first.split())
        if tidy_name(first) in self._headers and self._repeats_header(cells):
            return Noise.HEADER
        if _TOTAL.fullmatch(text) and self._is_total(first, cells):
            return Noise.TOTAL
        if _NOTE.fullmatch(text) and len(_filled(cells)) <= self._few and not self._has_number(first, cells):
            return Noise.NOTE
        return None

    def _repeats_header(self, cells: Sequence[Cell]) -> bool:
        texts = [tidy_name(cell) if isinstance(cell, str) else "" for cell in _filled(cells)]
        return len(texts) > 1 and sum(text in self._headers for text in texts) >= _SAME_HEADER * len(texts)

    def _is_total(self, first: Cell, cells: Sequence[Cell]) -> bool:
        """A total has nothing but figures beside its word, or at least no asset number of its own."""
        if all(_FIGURE.fullmatch(as_text(cell)) for cell in _filled(cells)[1:]):
            return True
        return self._number_column is not None and not self._has_number(first, cells)

    def _has_number(self, first: Cell, cells: Sequence[Cell]) -> bool:
        """Whether an asset number stands in its column, other than the word that the row starts with."""
        at = self._number_column
        return at is not None and at < len(cells) and not is_blank(cells[at]) and cells[at] != first


def _filled(cells: Sequence[Cell]) -> list[Cell]:
    return [cell for cell in cells if not is_blank(cell)]
