"""The orders of a result: which field decides, and in which direction. The id always comes last."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.domain.finding import Sort, Wish
from search import spellings


@dataclass(frozen=True, slots=True)
class Order:
    """A field of the document that a result is sorted by; equal ones by id, ascending."""

    field: str
    descending: bool = False


_BY_VALUE = {
    Sort.VALUE_LOW: Order("original_value"),
    Sort.VALUE_HIGH: Order("original_value", descending=True),
    Sort.NAME: Order("name_order"),
}


def order_of(wish: Wish) -> Order | None:
    """The field order of a wish; None where relevance or distance decides.

    Without words nothing is more relevant than another, so the newest come first; the same when
    there is no place to measure distances from.
    """
    if wish.sort in _BY_VALUE:
        return _BY_VALUE[wish.sort]
    if is_by_distance(wish) or (wish.sort is Sort.RELEVANCE and has_words(wish)):
        return None
    return Order("listed_at" if wish.listed else "created", descending=wish.sort is not Sort.OLDEST)


def is_by_distance(wish: Wish) -> bool:
    """Whether the nearest holder comes first; then its id and the asset's."""
    return wish.sort is Sort.NEAREST and wish.origin is not None


def has_words(wish: Wish) -> bool:
    """Whether there is anything to look for in words."""
    return bool(spellings.words(wish.q))
