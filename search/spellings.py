"""The ways in which people spell a name or a number: character by character, in pinyin, in part."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from pypinyin import constants, lazy_pinyin, phrases_dict

from marketplace.domain.text import normalise

HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_BORDERS = re.compile(
    r"(?<=[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])(?=[a-z0-9])"
    r"|(?<=[a-z0-9])(?=[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])"
)
_SIGNS = re.compile(r'[\x00-\x1f\x7f"]')
_RUNS = re.compile(r"[a-z0-9]+")
_ATOMS = re.compile(r"[a-z]+|[0-9]+")


def _share_readings() -> None:
    """Keep each of the dictionary's 1,249 readings once, not with every phrase: 20 MB less."""
    shared: dict[str, list[str]] = {}
    loaded = phrases_dict.phrases_dict
    for phrase, readings in loaded.items():
        loaded[phrase] = [shared.setdefault(",".join(reading), reading) for reading in readings]
    constants.PHRASES_DICT.update(loaded)


_share_readings()

LONGEST_RUN = 32
"""Letters and digits of one number that are taken apart; what follows is found by its beginning only."""


def spaced(text: str) -> str:
    """Normalised text with a space where Chinese meets Latin letters or digits.

    The engine would take digits beside Chinese characters one by one.
    """
    return _BORDERS.sub(" ", normalise(text))


@lru_cache(1_000)
def words(typed: str) -> tuple[str, ...]:
    """The words of a search, without control characters and what the engine would take for operators."""
    found = (word.lstrip("-") for word in spaced(_SIGNS.sub(" ", typed)).split())
    return tuple(word for word in found if word)


@lru_cache(20_000)
def chars(text: str) -> str:
    """The text with every Chinese character a word of its own: finds 汽车 within 小汽车."""
    return HAN.sub(lambda run: " ".join(run[0]), spaced(text))


@lru_cache(20_000)
def syllables(text: str) -> tuple[str, ...]:
    """Pinyin without tones of the Chinese characters of a text, in order."""
    return tuple(word for run in HAN.findall(normalise(text)) for word in lazy_pinyin(run))


def in_pinyin(text: str) -> str:
    """The text with its Chinese characters as separate syllables; homophones become the same."""
    return HAN.sub(lambda run: f" {' '.join(lazy_pinyin(run[0]))} ", normalise(text)).strip()


def endings(parts: tuple[str, ...]) -> list[str]:
    """``a b c`` joined from every part on: ``abc``, ``bc``; the last one alone says too little."""
    return ["".join(parts[start:]) for start in range(max(1, len(parts) - 1))] if parts else []


def letters_only(text: str) -> list[str]:
    """Latin words of at least four letters, in which a typo is forgiven: ``optiplex`` of OptiPlex7090."""
    return [atom for atom in _ATOMS.findall(normalise(text)) if len(atom) > 3 and atom.isalpha()]


def number_parts(text: str, *, shortest: int = 3) -> set[str]:
    """Words under which parts of a model or number are found, with its punctuation or without.

    All that begins where letters, digits or punctuation meet, and all of at least ``shortest`` characters
    that begins at any other digit. Nothing begins within a word of letters. What is typed has to be one
    of these words: the engine follows a beginning of words without typos to 1,000 of them and no further,
    and a register has more numbers than that in common.
    """
    runs = [run[:LONGEST_RUN] for run in _RUNS.findall(normalise(text))]
    whole = "".join(runs)[:LONGEST_RUN]
    return {
        run[start:end]
        for run in {*runs, whole}
        for start, least in _starts(run, shortest)
        for end in range(start + least, len(run) + 1)
    }


def _starts(run: str, shortest: int) -> Iterator[tuple[int, int]]:
    """Where a part of a number may begin, and how many characters it has at least."""
    for at, sign in enumerate(run):
        if at == 0 or sign.isdigit() != run[at - 1].isdigit():
            yield at, 1
        elif sign.isdigit():
            yield at, shortest
