"""Reading the cells of one column: what each means for the card, and why it can't be taken."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from marketplace.domain import values
from marketplace.domain.assets import BY_NAME, Field, Kind, Value, read
from marketplace.domain.text import N_, clean, normalise
from marketplace.registers.aliases import CATEGORY_TARGETS, EXTRA, IGNORE, kept_name, scale_of, target_of
from marketplace.registers.cells import EXACT_DIGITS, Cell, as_text, canonical

REMEMBERED = 4096
"""Cells per column whose reading is kept: columns repeat themselves, and memory stays constant."""
LONGEST_EXTRA = 5000
LONGEST_SHOWN = 100

_BLANK_WORDS = frozenset({"-", "--", "—", "——", "–", "/", "\\", "#n/a", "n/a", "null", "#value!", "#ref!"})
_BLANK_FIGURES = _BLANK_WORDS | {"无", "不详", "未知", "0000-00-00"}
_ROUNDED_NUMBER = re.compile(r"\d(?:\.\d+)?E\+\d+", re.IGNORECASE)

Problem = Mapping[str, object]
"""Why a cell or a row is refused: ``field``, ``label``, ``value``, ``message`` and its ``params``."""


class Refused(Exception):
    """A cell can't be taken; the message is Chinese source text."""

    def __init__(self, message: str, **params: object) -> None:
        super().__init__(message)
        self.message, self.params = message, params


class Reading(NamedTuple):
    """What one cell means."""

    value: Value
    kept: str | None
    """What goes among the card's extras under the column's name."""
    problem: Problem | None
    content: str
    """The cell, named, in its canonical form; blank where it doesn't count as content."""
    exact: str
    """The same as written."""


@dataclass(frozen=True, slots=True)
class _Meaning:
    value: Value = None
    kept: str | None = None


_Interpreter = Callable[[Cell], _Meaning]


class Column:
    """A column of the register with the target that it is mapped to."""

    def __init__(self, header: str, target: str) -> None:
        self.header, self.target = header, target
        self.extra_name = kept_name(header)
        self.keeps_words = target in CATEGORY_TARGETS or (
            target in BY_NAME and BY_NAME[target].fallback is not None
        )
        """Whether words that the target does not know are kept among the extras."""
        self._counts = target_of(header)[0] != IGNORE
        self._interpret = _interpreter(header, target)
        self.readings: dict[Cell, Reading] = {}

    def read(self, cell: Cell) -> Reading:
        """What the cell means; remembered in ``readings``."""
        if len(self.readings) >= REMEMBERED:
            self.readings.clear()
        reading = self.readings[cell] = self._read(cell)
        return reading

    def _read(self, cell: Cell) -> Reading:
        text = canonical(cell)
        if not text:
            return Reading(None, None, None, "", "")
        content = f"{self.header}\x1f{text}" if self._counts else ""
        exact = f"{self.header}\x1f{as_text(cell)}" if self._counts else ""
        try:
            meaning = self._interpret(cell)
        except Refused as refused:
            problem = problem_of(
                self.target or self.header, self.header, cell, refused.message, **refused.params
            )
            return Reading(None, None, problem, content, exact)
        return Reading(meaning.value, meaning.kept, None, content, exact)


def problem_of(field: str, label: str, value: Cell, message: str, **params: object) -> Problem:
    """A problem as it is kept and shown."""
    shown = as_text(value)[:LONGEST_SHOWN].replace("\0", "")
    return {"field": field, "label": label, "value": shown, "message": message, "params": params}


def _interpreter(header: str, target: str) -> _Interpreter:
    if target == IGNORE:
        return lambda cell: _Meaning()
    if target == EXTRA:
        return _extra
    if target not in BY_NAME:
        return lambda cell: _Meaning(clean(as_text(cell)))
    field, scale = BY_NAME[target], scale_of(header)
    if field.name == "number":
        return lambda cell: _Meaning(_number(field, cell))
    return lambda cell: _value(field, cell, scale)


def _extra(cell: Cell) -> _Meaning:
    text = clean(as_text(cell))
    _check_length(text, LONGEST_EXTRA)
    return _Meaning(kept=text)


def _value(field: Field, cell: Cell, scale: int) -> _Meaning:
    if field.kind in (Kind.TEXT, Kind.LONG_TEXT):
        return _Meaning(_text(field, cell))
    word = normalise(as_text(cell))
    if field.kind is Kind.CHOICE:
        return _Meaning() if word in _BLANK_WORDS else _choice(field, cell)
    if word in _BLANK_FIGURES:
        return _Meaning()
    try:
        return _Meaning(_figure(field, cell, scale))
    except ValueError as error:
        raise Refused(str(error)) from None


def _text(field: Field, cell: Cell) -> str | None:
    text = clean(as_text(cell))
    _check_length(text, field.length)
    return text or None


def _number(field: Field, cell: Cell) -> str | None:
    """An asset number, None for a dash; one that a spreadsheet has rounded would name another asset."""
    if normalise(as_text(cell)) in _BLANK_FIGURES:
        return None
    rounded = isinstance(cell, int | float) and abs(cell) >= 10**EXACT_DIGITS
    if rounded or _ROUNDED_NUMBER.fullmatch(as_text(cell).strip()):
        raise Refused(
            N_("编号被表格软件当作数字，第15位以后已丢失。请把该列设为文本、重新填写编号后再导入"),
        )
    return _text(field, cell)


def _choice(field: Field, cell: Cell) -> _Meaning:
    """A word from the list; one that is not in it becomes the field's fallback and is kept beside it."""
    text = as_text(cell)
    try:
        return _Meaning(values.read_choice(text, field.words or {}))
    except ValueError:
        if field.fallback is None:
            accepted = "、".join(names[0] for names in (field.words or {}).values())
            raise Refused(N_("不在可选值之内，可填：%(accepted)s"), accepted=accepted) from None
        return _Meaning(field.fallback, clean(text))


def _figure(field: Field, cell: Cell, scale: int) -> Value:
    if field.kind is Kind.MONEY:
        return _money(cell, scale)
    if field.kind is Kind.INTEGER and not field.required:
        return _years(cell)
    return read(field, as_text(cell))


def _money(cell: Cell, scale: int) -> Decimal:
    """An amount in CNY; ``scale`` is what one unit is worth where the header says 万元."""
    if scale == 1:
        return values.read_money(cell)
    try:
        scaled = Decimal(normalise(as_text(cell)).replace(",", "")) * scale
    except InvalidOperation:
        return values.read_money(cell)
    return values.read_money(round(scaled, 2) if isinstance(cell, float) else scaled)


def _years(cell: Cell) -> int | None:
    """An optional whole number; registers write 0 where they mean that nothing is laid down."""
    text = normalise(as_text(cell)).removesuffix("年")
    return None if text in ("0", "0.0", "0.00") else values.read_integer(text)


def _check_length(text: str, longest: int) -> None:
    if len(text) > longest:
        raise Refused(N_("文字过长：最多%(length)d个字，现有%(count)d个"), length=longest, count=len(text))
