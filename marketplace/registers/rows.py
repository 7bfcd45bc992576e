"""Turning the rows of a register into cards to be, or into reasons why not.

Pure: units and categories are looked up through :class:`Lookup`, so this knows no database.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from marketplace.domain.assets import FIELDS, Value
from marketplace.domain.text import N_
from marketplace.registers.aliases import (
    CATEGORY_CODE,
    CATEGORY_EDITION,
    CATEGORY_NAME,
    CATEGORY_TARGETS,
    EXTRA,
    UNIT_CODE,
    UNIT_NAME,
    UNIT_TARGETS,
)
from marketplace.registers.cells import Cell, is_blank
from marketplace.registers.columns import Column, Problem, Refused, problem_of
from marketplace.registers.mapping import ColumnMap

GENERATED = "GEN"
"""Start of numbers made for rows that have none: GEN, the hash of the content, which occurrence."""

_SLOTS = {field.name: slot for slot, field in enumerate(FIELDS)}
_NAME, _NUMBER = _SLOTS["name"], _SLOTS["number"]
_VALUE, _DEPRECIATION = _SLOTS["original_value"], _SLOTS["accumulated_depreciation"]


@dataclass(frozen=True, slots=True)
class CategoryWords:
    """What a row says of its category."""

    edition: str
    code: str
    name: str
    asset_name: str


class Lookup(Protocol):
    """Finds what rows name."""

    def unit(self, code: str, name: str) -> int:
        """The unit that a row belongs to.

        Raises:
            Refused: it names none, two, or one that may not be imported to.
        """
        ...

    def category(self, words: CategoryWords) -> tuple[str, str] | None:
        """Edition and code; None when the words name no known class."""
        ...

    def explains(self, category: tuple[str, str], word: str) -> bool:
        """Whether the class, once found, says all that the word said."""
        ...


@dataclass(slots=True)
class Row:
    """A row as it is staged."""

    row_no: int
    unit_id: int | None
    number: str | None
    generated: bool
    content: str
    exact: str
    problems: list[Problem]
    extra: dict[str, str]
    category: tuple[str, str] | None
    values: list[Value]
    """In the order of ``FIELDS``; None where the row says nothing."""


def word_headers(headers: Sequence[str], mapping: ColumnMap) -> dict[str, list[str]]:
    """Names of extras that hold words which a field did not know, by that field."""
    names: dict[str, list[str]] = {}
    for column in _columns(headers, mapping):
        if column.keeps_words:
            target = CATEGORY_CODE if column.target in CATEGORY_TARGETS else column.target
            names.setdefault(target, []).append(column.extra_name)
    return names


def _columns(headers: Sequence[str], mapping: ColumnMap) -> list[Column]:
    return [Column(header, mapping.columns.get(at, EXTRA)) for at, header in enumerate(headers)]


class RowReader:
    """Reads the rows of one register."""

    def __init__(self, headers: Sequence[str], mapping: ColumnMap, lookup: Lookup) -> None:
        self._columns = _columns(headers, mapping)
        self._lookup = lookup
        self._edition = mapping.edition
        targets = mapping.targets()
        self._required = [slot for name, slot in _SLOTS.items() if name in _REQUIRED and name in targets]
        self._word_columns = [c for c in self._columns if c.target in UNIT_TARGETS + CATEGORY_TARGETS]

    def read(self, row_no: int, cells: Sequence[Cell]) -> Row:
        """The card that a row describes, with everything that speaks against taking it."""
        values: list[Value] = [None] * len(FIELDS)
        words: dict[str, str] = {}
        row = Row(row_no, None, None, False, "", "", [], {}, None, values)
        contents, exacts = [], []
        for column, cell in zip(self._columns, cells, strict=False):
            if cell == "":
                continue
            value, kept, problem, content, exact = column.readings.get(cell) or column.read(cell)
            if content:
                contents.append(content)
                exacts.append(exact)
            if problem is not None:
                row.problems.append(problem)
            elif value is not None:
                slot = _SLOTS.get(column.target)
                if slot is None:
                    words[column.target] = str(value)
                else:
                    values[slot] = value
            if kept is not None:
                _keep(row.extra, column, kept)
        row.content, row.exact = _digest(contents), _digest(exacts)
        self._complete(row, words, cells)
        return row

    def _complete(self, row: Row, words: Mapping[str, str], cells: Sequence[Cell]) -> None:
        self._check(row, cells)
        self._find_unit(row, words)
        self._find_category(row, words)
        number = row.values[_NUMBER]
        row.generated = number is None
        row.number = f"{GENERATED}-{row.content[:16].upper()}-1" if number is None else str(number)

    def _check(self, row: Row, cells: Sequence[Cell]) -> None:
        refused = {problem["field"] for problem in row.problems}
        for slot in self._required:
            field = FIELDS[slot]
            if row.values[slot] is None and field.name not in refused:
                row.problems.append(problem_of(field.name, field.label, "", N_("必填，不能空白")))
        original, depreciation = row.values[_VALUE], row.values[_DEPRECIATION]
        if isinstance(original, Decimal) and isinstance(depreciation, Decimal) and depreciation > original:
            field = FIELDS[_DEPRECIATION]
            row.problems.append(
                problem_of(field.name, field.label, str(depreciation), N_("累计折旧不能大于账面原值"))
            )
        if len(cells) > len(self._columns) and not all(map(is_blank, cells[len(self._columns) :])):
            row.problems.append(_too_wide(cells, len(self._columns)))

    def _find_unit(self, row: Row, words: Mapping[str, str]) -> None:
        try:
            row.unit_id = self._lookup.unit(words.get(UNIT_CODE, ""), words.get(UNIT_NAME, ""))
        except Refused as refused:
            named = " ".join(words[target] for target in UNIT_TARGETS if target in words)
            row.problems.append(problem_of(UNIT_CODE, N_("单位"), named, refused.message, **refused.params))

    def _find_category(self, row: Row, words: Mapping[str, str]) -> None:
        """Set the category; words that it does not account for stay among the extras."""
        if words.keys().isdisjoint(CATEGORY_TARGETS):
            return
        row.category = self._lookup.category(
            CategoryWords(
                edition=words.get(CATEGORY_EDITION, self._edition),
                code=words.get(CATEGORY_CODE, ""),
                name=words.get(CATEGORY_NAME, ""),
                asset_name=str(row.values[_NAME] or ""),
            )
        )
        for column in self._word_columns:
            word = words.get(column.target) if column.target in CATEGORY_TARGETS else None
            if word and not (row.category and self._lookup.explains(row.category, word)):
                row.extra[column.extra_name] = word


_REQUIRED = frozenset({"name", "original_value"})
"""Fields that may not be blank where the register has a column for them; a blank quantity means one."""


def _keep(extra: dict[str, str], column: Column, kept: str) -> None:
    """A word that its own column holds now outweighs one kept from an earlier import."""
    if column.keeps_words:
        extra[column.extra_name] = kept
    else:
        extra.setdefault(column.extra_name, kept)


def _digest(parts: list[str]) -> str:
    """The same for the same cells in any order of the columns."""
    parts.sort()
    return hashlib.blake2b("\x1e".join(parts).encode(), digest_size=16).hexdigest()


def _too_wide(cells: Sequence[Cell], width: int) -> Problem:
    return problem_of(
        "",
        N_("整行"),
        next(cell for cell in cells[width:] if not is_blank(cell)),
        N_("本行有%(count)d列，列名只有%(width)d个，内容可能错位。请检查是否有未加引号的逗号"),
        count=len(cells),
        width=width,
    )
