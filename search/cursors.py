"""Where the next page of a result begins, as a text that only this search gives out and takes back.

A page of sorted hits continues behind the last one (its sort value and id), so rows that come and
go meanwhile make neither repeats nor gaps. Only relevance, an order that the engine alone can
compute, continues by the number of hits already shown.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import hashlib
import re
from dataclasses import dataclass
from typing import TypeGuard

import orjson

from marketplace.domain.errors import invalid_field
from marketplace.domain.finding import Wish
from marketplace.domain.text import N_
from search.orders import Order, is_by_distance, order_of

LARGEST = 2**53
LONGEST = 2_000
STRATEGIES = ("", "all", "frequency")
_NAME_KEY = re.compile(r"x[0-9a-f]{0,400}")


@dataclass(frozen=True, slots=True)
class Behind:
    """Continue behind this row of a sorted result."""

    value: float | str
    id: int


@dataclass(frozen=True, slots=True)
class Skip:
    """Continue after this many hits.

    ``q`` and ``strategy`` are what was asked for instead of the words typed, when those found nothing.
    """

    hits: int
    q: str = ""
    strategy: str = ""


@dataclass(frozen=True, slots=True)
class Past:
    """Continue behind this row of a result sorted by distance: where its holder is, the holder, the row.

    ``q`` and ``strategy`` as in :class:`Skip`.
    """

    km: float
    unit: int
    id: int
    q: str = ""
    strategy: str = ""


Cursor = Behind | Skip | Past


def write(wish: Wish, cursor: Cursor) -> str:
    """The text that continues this wish."""
    content = [_digest(wish), type(cursor).__name__, *dataclasses.astuple(cursor)]
    return base64.urlsafe_b64encode(orjson.dumps(content)).decode().rstrip("=")


def read(wish: Wish) -> Cursor | None:
    """Where this wish is to be continued; None for its first page.

    Raises:
        Invalid: no earlier page of the same wish gave this cursor.
    """
    if not wish.cursor:
        return None
    cursor = _cursor(wish, _decode(wish.cursor))
    if cursor is None:
        raise invalid_field("cursor", N_("翻页位置无效，或条件已改变。请从第一页重新查看。"))
    return cursor


def _cursor(wish: Wish, content: object) -> Cursor | None:
    match content:
        case [digest, *_] if digest != _digest(wish):
            return None
        case [_, "Behind", int() | float() | str() as value, int() as row]:
            order = order_of(wish)
            return Behind(value, row) if order and _sorts(value, order) and _are_counts(row) else None
        case [_, "Skip", int() as hits, str() as q, str() as strategy] if strategy in STRATEGIES:
            ranked = not order_of(wish) and not is_by_distance(wish)
            return Skip(hits, q, strategy) if ranked and _are_counts(hits) else None
        case [_, "Past", float() as km, int() as unit, int() as row, *rest] if is_by_distance(wish):
            return Past(km, unit, row, *rest) if _are_counts(unit, row) and _are_words(rest) else None
    return None


def _are_words(rest: list[object]) -> TypeGuard[tuple[str, str]]:
    match rest:
        case [str(), str() as strategy]:
            return strategy in STRATEGIES
    return False


def _are_counts(*numbers: int) -> bool:
    return all(not isinstance(number, bool) and 0 <= number <= LARGEST for number in numbers)


def _sorts(value: object, order: Order) -> bool:
    """Whether this can be a value of the field that the result is sorted by."""
    if order.field == "name_order":
        return isinstance(value, str) and bool(_NAME_KEY.fullmatch(value))
    return isinstance(value, int | float) and not isinstance(value, bool)


def _decode(text: str) -> object:
    if len(text) > LONGEST:
        return None
    try:
        return orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, orjson.JSONDecodeError, ValueError):
        return None


def _digest(wish: Wish) -> str:
    """What must be the same on every page: all that decides about the order and the rows in it."""
    same = (
        *(wish.q, wish.units, wish.categories, wish.regions, wish.conditions, wish.modes, wish.states),
        *(wish.years, wish.min_value, wish.max_value, wish.within_km, wish.origin, wish.has_photo),
        *(wish.listed, wish.sort),
    )
    return hashlib.blake2b(repr(same).encode(), digest_size=9).hexdigest()
