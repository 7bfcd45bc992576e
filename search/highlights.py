"""Marks around what a search matched."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from marketplace.domain.finding import MARK_END, MARK_START
from search import spellings

_FIELDS = ("name", "number", "brand", "model")
_TOUCHING = MARK_END + MARK_START
_MARKED_PART = re.compile(f"{MARK_START}[^{MARK_END}]*{MARK_END}")


def of_hit(item: Mapping[str, Any], formatted: Mapping[str, Any], words: Sequence[str]) -> dict[str, str]:
    """The marked texts of an item, by field; only those with a mark in them.

    ``alias`` is the other name of the thing that was meant, where its own was not.
    ``formatted`` is the engine's copy with marks. What it found by the parts of a word has none: such
    words are looked for literally.
    """
    marked = {
        field: text.replace(_TOUCHING, "")
        for field in _FIELDS
        if (text := formatted.get(field)) and MARK_START in text
    }
    marked = in_parts(item, words, besides=marked) | marked
    if "name" not in marked and (alias := _best_marked(formatted.get("aliases") or ())):
        marked["alias"] = alias
    return marked


def in_parts(
    item: Mapping[str, Any], words: Sequence[str], besides: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Fields in which a word stands literally, marked; ``besides`` are done already."""
    pattern = _any_of(tuple(words))
    return {
        field: pattern.sub(_mark, text)
        for field in _FIELDS
        if field not in (besides or ()) and (text := item.get(field)) and pattern.search(text)
    }


def _best_marked(texts: Iterable[str]) -> str:
    """The text of which the least is without a mark; empty when none has any."""
    marked = (text.replace(_TOUCHING, "") for text in texts if MARK_START in text)
    return min(marked, key=lambda text: len(_MARKED_PART.sub("", text)), default="")


@lru_cache(1_000)
def _any_of(words: tuple[str, ...]) -> re.Pattern[str]:
    """Any of the words, the longest first; a single letter says nothing within a word."""
    telling = (word for word in words if len(word) > 1 or spellings.HAN.match(word))
    return re.compile(
        "|".join(map(re.escape, sorted(telling, key=len, reverse=True))) or "(?!)", re.IGNORECASE
    )


def _mark(match: re.Match[str]) -> str:
    return f"{MARK_START}{match[0]}{MARK_END}"
