"""Which column of a register is which field of the card: proposed, corrected, remembered."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from marketplace.domain.assets import BY_NAME, Kind, read
from marketplace.domain.errors import Invalid
from marketplace.domain.text import N_, normalise
from marketplace.registers.aliases import (
    EXTRA,
    IGNORE,
    STAND_INS,
    TARGET_LABELS,
    UNIT_TARGETS,
    header_key,
    label_of,
    target_of,
)
from marketplace.registers.cells import Cell, as_text, is_blank

KnowsUnits = Callable[[Iterable[str]], set[str]]
"""Which of these codes or names belong to units, asked once per column."""

ENOUGH = 0.5
"""Share of a column's cells that must be filled, readable or known for it to be trusted."""
LONGEST_MEASURE = 4
"""Characters of a unit of measure (台, 立方米); a column 单位 with longer words names departments."""

BY_HEADER = N_("按列名对应到%(field)s")
"""The note on a column whose name is one of those that go by the field, and whose content agrees."""

Sample = Sequence[tuple[int, Sequence[Cell]]]


class Confidence(StrEnum):
    """How sure a proposal is."""

    SURE = "sure"
    LIKELY = "likely"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """What becomes of each column; one without an entry is kept as an extra."""

    columns: Mapping[int, str] = field(default_factory=dict)
    edition: str = ""
    """The edition that category codes belong to where no column says so; blank: told by the names."""

    def as_json(self) -> dict[str, Any]:
        """For keeping in the database."""
        return {"columns": {str(at): target for at, target in self.columns.items()}, "edition": self.edition}

    @staticmethod
    def from_json(kept: Mapping[str, Any]) -> ColumnMap:
        """What :meth:`as_json` gave."""
        return ColumnMap({int(at): target for at, target in kept["columns"].items()}, kept["edition"])

    def position(self, target: str) -> int | None:
        """The column that holds the target."""
        return next((at for at, named in self.columns.items() if named == target), None)

    def targets(self) -> frozenset[str]:
        """All targets that some column holds."""
        return frozenset(self.columns.values()) - {IGNORE}

    def by_header(self, headers: Sequence[str]) -> dict[str, Any]:
        """The same by column name, which a later file of the source shares in whatever order."""
        named = {headers[at]: target for at, target in self.columns.items() if at < len(headers)}
        return {"columns": named, "edition": self.edition}

    @staticmethod
    def for_headers(remembered: Mapping[str, Any], headers: Sequence[str]) -> ColumnMap:
        """What :meth:`by_header` gave, for a file with the same column names."""
        named = remembered["columns"]
        return ColumnMap(
            {at: named[header] for at, header in enumerate(headers) if named.get(header) in TARGET_LABELS},
            remembered["edition"],
        )


@dataclass(frozen=True, slots=True)
class ColumnNote:
    """Why a column was mapped as proposed, for the page."""

    confidence: Confidence
    message: str = ""
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A mapping with a note on every column."""

    mapping: ColumnMap
    notes: tuple[ColumnNote, ...]


@dataclass(frozen=True, slots=True)
class _Claim:
    """A column that may hold a target, with what speaks for it."""

    at: int
    header: str
    target: str
    rank: int
    filled: bool
    readable: bool

    @property
    def order(self) -> tuple[bool, bool, int, str]:
        """Best first; the header decides last, so the order of the columns never does."""
        return (not self.filled, not self.readable, self.rank, self.header)


def signature(headers: Sequence[str]) -> str:
    """The same for files of the same source, whatever the order of their columns."""
    return hashlib.sha256("\n".join(sorted(headers)).encode()).hexdigest()


def propose(headers: Sequence[str], sample: Sample, knows_units: KnowsUnits) -> Proposal:
    """Map the columns by their names, and by what stands in them where two claim one field."""
    claims = [
        _claim(at, header, [cells[at] for _, cells in sample if at < len(cells)], knows_units)
        for at, header in enumerate(headers)
    ]
    winners: dict[str, _Claim] = {}
    for claim in sorted(claims, key=lambda claim: claim.order):
        if claim.target not in (EXTRA, IGNORE):
            winners.setdefault(claim.target, claim)
    _stand_in(claims, winners)
    columns = {claim.at: target for target, claim in winners.items()}
    columns |= {claim.at: IGNORE for claim in claims if claim.target == IGNORE}
    notes = tuple(_note(claim, columns.get(claim.at, EXTRA), winners) for claim in claims)
    return Proposal(ColumnMap(dict(sorted(columns.items()))), notes)


def check(mapping: ColumnMap, headers: Sequence[str]) -> None:
    """Refuse a mapping that can't be worked with.

    Raises:
        Invalid: a target is unknown or used twice, a column does not exist, or none holds the name.
    """
    if not all(0 <= at < len(headers) for at in mapping.columns):
        raise Invalid(N_("列的对应关系与文件不符，请重新上传文件。"))
    if not set(mapping.columns.values()) <= TARGET_LABELS.keys():
        raise Invalid(N_("列的对应关系中有未知的字段，请刷新页面后再试。"))
    for target, count in Counter(mapping.columns.values()).items():
        if count > 1 and target not in (IGNORE, EXTRA):
            raise Invalid(
                N_("有%(count)d列都对应“%(field)s”，请只保留一列。"), count=count, field=label_of(target)
            )
    if mapping.position("name") is None:
        raise Invalid(N_("没有一列对应“资产名称”。请在列的对应关系中选定它。"))


def _claim(at: int, header: str, cells: Sequence[Cell], knows_units: KnowsUnits) -> _Claim:
    target, rank = target_of(header)
    texts = [as_text(cell).strip() for cell in cells if not is_blank(cell)]
    if target in UNIT_TARGETS:
        target = _unit_target(target, header, texts, knows_units)
    return _Claim(
        at,
        header,
        target,
        rank,
        filled=len(texts) > ENOUGH * len(cells) or not cells,
        readable=_readable(target, texts),
    )


def _unit_target(target: str, header: str, texts: Sequence[str], knows_units: KnowsUnits) -> str:
    """A column of departments counts only where most of them are units here; else it may hold 台 or 件."""
    words = set(texts)
    if words and len(knows_units(words)) >= ENOUGH * len(words):
        return target
    if header_key(header) == "单位" and words and all(len(word) <= LONGEST_MEASURE for word in words):
        return "unit_of_measure"
    return EXTRA


def _readable(target: str, texts: Sequence[str]) -> bool:
    card_field = BY_NAME.get(target)
    if card_field is None or card_field.kind in (Kind.TEXT, Kind.LONG_TEXT, Kind.CHOICE):
        return True
    return sum(_can_read(target, text) for text in texts) >= ENOUGH * len(texts)


def _can_read(target: str, text: str) -> bool:
    try:
        read(BY_NAME[target], text)
    except ValueError:
        return False
    return True


def _stand_in(claims: Sequence[_Claim], winners: dict[str, _Claim]) -> None:
    """Give a required field that no filled column names the column that can stand in for it."""
    for target, stand_in in STAND_INS.items():
        named, other = winners.get(target), winners.get(stand_in)
        if other is not None and other.filled and (named is None or not named.filled):
            winners[target] = other
            rest = [c for c in claims if c.target == stand_in and c.at != other.at]
            if rest:
                winners[stand_in] = min(rest, key=lambda claim: claim.order)
            else:
                del winners[stand_in]


def _note(claim: _Claim, target: str, winners: Mapping[str, _Claim]) -> ColumnNote:
    if target == IGNORE:
        return ColumnNote(Confidence.SURE, N_("序号等不属于资产信息，不导入"))
    if target != EXTRA:
        return _note_on_mapped(claim, target)
    if claim.target != EXTRA:
        return ColumnNote(
            Confidence.LIKELY,
            N_("“%(winner)s”列已用作%(field)s，本列作为附加信息保留"),
            {"winner": winners[claim.target].header, "field": label_of(claim.target)},
        )
    named, rank = target_of(claim.header)
    if named in UNIT_TARGETS:
        return ColumnNote(Confidence.LIKELY, N_("列中不是本平台的单位，作为附加信息保留；资产归入所选单位"))
    known = rank == 0
    return ColumnNote(Confidence.SURE if known else Confidence.NONE, N_("没有对应的字段，作为附加信息保留"))


def _note_on_mapped(claim: _Claim, target: str) -> ColumnNote:
    if not claim.readable:
        return ColumnNote(
            Confidence.LIKELY, N_("列中多数内容不能作为%(field)s读出，请核对"), {"field": label_of(target)}
        )
    if normalise(label_of(target)) == normalise(claim.header) or claim.rank == 0:
        return ColumnNote(Confidence.SURE)
    return ColumnNote(Confidence.LIKELY, BY_HEADER, {"field": label_of(target)})
