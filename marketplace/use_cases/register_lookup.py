"""What the rows of a register name: units and categories, found by code or by any of their names.

Both tables are read once per run: they grow with the organisation and the standard, not with registers.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.db.catalogue import Category, SynonymGroup
from marketplace.db.people import Unit
from marketplace.domain.permissions import Actor, Permission
from marketplace.domain.text import N_, normalise
from marketplace.registers.columns import Refused
from marketplace.registers.rows import CategoryWords

K = TypeVar("K")
V = TypeVar("V")

CategoryKey = tuple[str, str]
"""Edition and code."""

_REMEMBERED = 10_000
"""Answers kept before they are forgotten, so that memory does not grow with the register."""
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_CODE = re.compile(r"([A-Z]\d{4,}|\d{6,8})(?![\d.])[\s_:,，-]*(.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Place:
    id: int
    path: tuple[int, ...]
    active: bool


class Units:
    """All units, by what files call them."""

    def __init__(self, session: Session) -> None:
        self._by_word: dict[str, set[_Place]] = defaultdict(set)
        columns = (Unit.code, Unit.credit_code, Unit.name, Unit.short_name)
        for unit_id, path, active, *words in session.execute(
            select(Unit.id, Unit.path, Unit.active, *columns)
        ):
            place = _Place(unit_id, tuple(path), active)
            for word in filter(None, words):
                self._by_word[normalise(word)].add(place)

    def known(self, words: Iterable[str]) -> set[str]:
        """Those of the words that name units."""
        return {word for word in words if normalise(word) in self._by_word}

    def named(self, word: str) -> set[_Place]:
        """The units with this code or name; names may be shared."""
        return self._by_word.get(normalise(word), set()) if word else set()


class Classes:
    """All categories of every edition, by code, by name and by colloquial names."""

    def __init__(self, session: Session) -> None:
        self._names: dict[CategoryKey, str] = {}
        self._by_code: dict[str, list[str]] = defaultdict(list)
        self._by_name: dict[str, list[CategoryKey]] = defaultdict(list)
        newest_first = select(Category.edition, Category.code, Category.name).order_by(
            Category.edition.desc(), Category.code
        )
        for edition, code, name in session.execute(newest_first):
            self._names[edition, code] = name
            self._by_code[normalise(code)].append(edition)
            self._by_name[normalise(name)].append((edition, code))
        self._editions = {edition for edition, _ in self._names}
        self._synonyms: dict[str, list[str]] = {}
        for canonical, words in session.execute(select(SynonymGroup.canonical, SynonymGroup.words)):
            group = [normalise(word) for word in (canonical, *words)]
            self._synonyms |= dict.fromkeys(group, group)

    def find(self, said: CategoryWords) -> CategoryKey | None:
        """The class that a row names; None when that can't be told for sure.

        A code counts with its edition, or in the newest edition where it goes by the name that the row
        gives too: the same code names other things in other editions.
        """
        code, name = _code_and_name(said.code, said.name)
        if code:
            edition = self._edition(said.edition)
            if edition is not None and (edition, code) in self._names:
                return edition, code
            for edition in self._by_code.get(normalise(code), ()):
                if self._goes_by((edition, code), name or said.asset_name):
                    return edition, code
        return self._by_word(name) if name else None

    def explains(self, key: CategoryKey, word: str) -> bool:
        """Whether a word says no more than what the class itself says."""
        if normalise(word) == normalise(key[0]) or self._edition(word) == key[0]:
            return True
        code, name = _code_and_name(word, "")
        return (not code or code == key[1]) and (not name or self._goes_by(key, name))

    def _edition(self, word: str) -> str | None:
        return next((edition for edition in (word, *_YEAR.findall(word)) if edition in self._editions), None)

    def _goes_by(self, key: CategoryKey, name: str) -> bool:
        wanted = normalise(name)
        called = self._names.get(key)
        return called is not None and normalise(called) in self._synonyms.get(wanted, [wanted])

    def _by_word(self, name: str) -> CategoryKey | None:
        wanted = normalise(name)
        for word in (wanted, *self._synonyms.get(wanted, ())):
            found = self._by_name.get(word, [])
            if found:
                newest = [key for key in found if key[0] == found[0][0]]
                return newest[0] if len(newest) == 1 else None
        return None


class Directory:
    """Answers what rows ask, for one actor and the unit that the register is imported for."""

    def __init__(self, session: Session, actor: Actor, unit_id: int) -> None:
        self._units, self._classes = Units(session), Classes(session)
        self._actor, self._own = actor, unit_id
        self._found_units: dict[tuple[str, str], int] = {}
        self._found_classes: dict[CategoryWords, CategoryKey | None] = {}
        self._explained: dict[tuple[CategoryKey, str], bool] = {}

    def unit(self, code: str, name: str) -> int:
        """The unit of a row; the register's own where the row names none.

        Raises:
            Refused: no unit, or several, go by what the row says, or the actor may not import there.
        """
        if not code and not name:
            return self._own
        found = self._found_units.get((code, name))
        if found is None:
            found = _remember(self._found_units, (code, name), self._named_unit(code, name))
        return found

    def category(self, words: CategoryWords) -> CategoryKey | None:
        """The class that a row names, if it can be told."""
        if words.code and words.name:
            words = CategoryWords(words.edition, words.code, words.name, "")
        if words in self._found_classes:
            return self._found_classes[words]
        return _remember(self._found_classes, words, self._classes.find(words))

    def explains(self, category: CategoryKey, word: str) -> bool:
        """Whether the class, once found, says all that the word said."""
        if (category, word) in self._explained:
            return self._explained[category, word]
        return _remember(self._explained, (category, word), self._classes.explains(category, word))

    def _named_unit(self, code: str, name: str) -> int:
        by_code, by_name = self._units.named(code), self._units.named(name)
        both = by_code & by_name or by_code or by_name
        if not both:
            raise Refused(N_("没有这个单位，请核对单位编码或名称"))
        if by_code and by_name and not by_code & by_name:
            raise Refused(N_("单位编码与单位名称不是同一个单位，请核对"))
        if len(both) > 1:
            raise Refused(N_("有多个单位叫这个名称，请填写单位编码"))
        place = next(iter(both))
        if not place.active:
            raise Refused(N_("单位已停用，不能导入"))
        if not self._actor.may(Permission.IMPORT_ASSETS, place.path):
            raise Refused(N_("您不能向这个单位导入资产，请由该单位资产管理员导入"))
        return place.id


def _code_and_name(code: str, name: str) -> tuple[str, str]:
    """A class's code and name, whichever cell they stand in, together or apart."""
    for cell, other in ((code, name), (name, "")):
        if match := _CODE.fullmatch(cell.strip()):
            return match[1].upper(), (other or match[2]).strip()
    return "", (name or code).strip()


def _remember(answers: dict[K, V], question: K, answer: V) -> V:
    if len(answers) >= _REMEMBERED:
        answers.clear()
    answers[question] = answer
    return answer
