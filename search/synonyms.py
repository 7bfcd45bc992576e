"""What a thing is also called: groups of words, matched against names, the longest first."""

from __future__ import annotations

import re
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.db.catalogue import SynonymGroup
from marketplace.domain.text import normalise

Groups = tuple[tuple[str, tuple[str, ...]], ...]
KEPT = 20_000
"""Distinct texts whose matches are remembered; a register repeats few names many times."""


class Synonyms:
    """All groups, compiled into one expression.

    It is matched from the end of a text: what a Chinese name means stands last, so 移动电脑桌 is a
    电脑桌 and no 移动电脑.
    """

    def __init__(self, groups: Groups) -> None:
        self._groups: dict[str, list[str]] = {}
        for canonical, words in groups:
            for word in (canonical, *words):
                self._groups.setdefault(normalise(word)[::-1], []).extend((canonical, *words))
        self._pattern = _pattern(self._groups)
        self.of = lru_cache(KEPT)(self._of)

    def _of(self, text: str) -> tuple[str, ...]:
        """All words of the groups that a text names, of the last thing named first."""
        found = self._pattern.findall(normalise(text)[::-1])
        return tuple(dict.fromkeys(word for match in found for word in self._groups[match]))

    def split(self, text: str) -> list[str]:
        """Words of a search, with known ones cut out of what is written together: 联想笔记本."""
        cut = self._pattern.sub(lambda match: f" {match[0]} ", normalise(text)[::-1])
        return cut[::-1].split()


def load(session: Session) -> Synonyms:
    """The groups as they are now; compiled once for as long as they stay the same."""
    rows = session.execute(select(SynonymGroup.canonical, SynonymGroup.words).order_by(SynonymGroup.id))
    return _compiled(tuple((canonical, tuple(words)) for canonical, words in rows))


@lru_cache(4)
def _compiled(groups: Groups) -> Synonyms:
    return Synonyms(groups)


def _pattern(words: dict[str, list[str]]) -> re.Pattern[str]:
    """Any of the words, longest first; a Latin word only where it stands alone: no ``pad`` in ThinkPad."""
    longest_first = sorted((word for word in words if len(word) > 1), key=lambda word: (-len(word), word))
    return re.compile("|".join(map(_alone, longest_first)) or r"(?!)")


def _alone(word: str) -> str:
    before = r"(?<![a-z0-9])" if _is_latin(word[0]) else ""
    after = r"(?![a-z0-9])" if _is_latin(word[-1]) else ""
    return before + re.escape(word) + after


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()
