"""Finding the header of a register: below title rows, sometimes on two levels."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from marketplace.domain.text import clean
from marketplace.registers.aliases import is_known
from marketplace.registers.cells import Cell, as_text

LOOKED_AT = 60
"""Rows at the top of a file among which the header is sought."""
LONGEST_HEADER = 60
"""Characters; longer texts above a table are its title or a remark."""

_KNOWN_WEIGHT = 10
_FIGURE = re.compile(r"[\d\s,./:-]+")

Rows = Sequence[tuple[int, Sequence[Cell]]]


@dataclass(frozen=True, slots=True)
class Header:
    """The names of the columns and the rows they were read from."""

    rows: tuple[int, ...]
    """Row numbers in the file, one, or two for a header on two levels."""
    names: tuple[str, ...]
    known: int
    """How many of the names have been met before."""


def find_header(rows: Rows) -> Header | None:
    """The most header-like of the given top rows; None when all of them are blank."""
    texts = [(number, _texts(cells)) for number, cells in rows[:LOOKED_AT]]
    scores = [_score(cells) for _, cells in texts]
    best = max(scores, default=0)
    if best == 0:
        return None
    at = scores.index(best)
    above, below = _level_above(texts, at), _level_below(texts, at)
    if above:
        return _two_levels(texts[at - 1], texts[at])
    if below:
        return _two_levels(texts[at], texts[at + 1])
    return _one_level(texts[at])


def header_at(rows: Rows, number: int) -> Header | None:
    """The header that a person pointed at, by its row number; None when there is no such row."""
    return next((_one_level((no, _texts(cells))) for no, cells in rows if no == number), None)


def tidy_name(text: str) -> str:
    """A header on one line: broken lines are joined, without a gap between Chinese characters."""
    words = clean(text).split()
    joined = words[0] if words else ""
    for word in words[1:]:
        gap = "" if _is_wide(joined[-1]) or _is_wide(word[0]) else " "
        joined += gap + word
    return joined


def _texts(cells: Sequence[Cell]) -> list[str]:
    return [tidy_name(as_text(cell)) for cell in cells]


def _may_name(text: str) -> bool:
    """A header is a short text, not a number or a day."""
    return bool(text) and len(text) <= LONGEST_HEADER and not _FIGURE.fullmatch(text)


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def _score(texts: Sequence[str]) -> int:
    """Known names count most; else the row with the most distinct short texts and no figures."""
    names = {text for text in texts if _may_name(text)}
    others = sum(1 for text in texts if text and not _may_name(text))
    return _KNOWN_WEIGHT * _known(names) + max(len(names) - 2 * others, 1 if names else 0)


def _known(names: Iterable[str]) -> int:
    return sum(map(is_known, set(names) - {""}))


def _level_above(texts: Sequence[tuple[int, list[str]]], at: int) -> bool:
    """Whether the row above names columns that the row itself leaves open."""
    if at == 0:
        return False
    upper, lower = texts[at - 1][1], texts[at][1]
    return any(is_known(name) for name in _open_names(upper, lower))


def _level_below(texts: Sequence[tuple[int, list[str]]], at: int) -> bool:
    """Whether the row below divides columns that the row itself leaves open."""
    if at + 1 >= len(texts):
        return False
    upper, lower = texts[at][1], texts[at + 1][1]
    names = [name for name in lower if name]
    opens = _open_names(lower, upper)
    return bool(opens) and all(map(_may_name, names)) and 2 * _known(names) >= len(names)


def _open_names(names: Sequence[str], against: Sequence[str]) -> list[str]:
    return [
        name
        for position, name in enumerate(names)
        if _may_name(name) and (position >= len(against) or not against[position])
    ]


def _one_level(row: tuple[int, list[str]]) -> Header:
    number, names = row
    return Header((number,), _distinct(names), _known(names))


def _two_levels(upper: tuple[int, list[str]], lower: tuple[int, list[str]]) -> Header:
    """The lower name where there is one; a name that stands under several groups carries its group."""
    width = max(len(upper[1]), len(lower[1]))
    groups = _spread(_padded(upper[1], width))
    leaves = _padded(lower[1], width)
    repeated = {name for name, count in Counter(leaves).items() if name and count > 1}
    names = [
        (f"{group}/{leaf}" if leaf in repeated and group else leaf) or alone
        for group, leaf, alone in zip(groups, leaves, _padded(upper[1], width), strict=True)
    ]
    return Header((upper[0], lower[0]), _distinct(names), _known(names))


def _padded(cells: Sequence[str], width: int) -> list[str]:
    return [*cells, *[""] * (width - len(cells))]


def _spread(cells: Sequence[str]) -> list[str]:
    """A merged cell's text over all the columns that it spans."""
    spread: list[str] = []
    for cell in cells:
        spread.append(cell or (spread[-1] if spread else ""))
    return spread


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Names that tell the columns apart: unnamed ones get their position, equal ones a number."""
    seen: Counter[str] = Counter()
    distinct: list[str] = []
    for position, name in enumerate(_trimmed(names), 1):
        base = name or f"第{position}列"
        seen[base] += 1
        distinct.append(base if seen[base] == 1 else f"{base}({seen[base]})")
    return tuple(distinct)


def _trimmed(names: Sequence[str]) -> Sequence[str]:
    last = max((position for position, name in enumerate(names, 1) if name), default=0)
    return names[:last]
