"""Where the next page of a result begins, as a text that only this search gives out and takes back.

A page of sorted hits continues behind the last one (its sort value and id), so rows that come and
go meanwhile make neither repeats nor gaps. Only relevance, an order that the engine alone can
compute, continues by the number of hits already shown.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import NamedTuple

import orjson

from marketplace.domain.errors import invalid_field
from marketplace.domain.finding import Wish
from marketplace.domain.text import N_
from search.orders import Order, is_by_distance, order_of

LARGEST = 2**53
LONGEST = 2_000
STRATEGIES = ("", "all", "frequency")
_NAME_KEY = re.compile(r"x[0-9a-f]{0,400}")


class Behind(NamedTuple):
    """Continue behind this row of a sorted result.

    ``q`` and ``strategy``, here as below, are what was asked for instead of the words typed, when those
    found nothing.
    """

    value: float | str
    id: int
    q: str = ""
    strategy: str = ""


class Past(NamedTuple):
    """Continue behind this row of a result sorted by distance: where its holder is, the holder, the row."""

    km: float
    unit: int
    id: int
    q: str = ""
    strategy: str = ""


class Skip(NamedTuple):
    """Continue after this many hits."""

    hits: int
    q: str = ""
    strategy: str = ""


Cursor = Behind | Past | Skip


def write(wish: Wish, cursor: Cursor) -> str:
    """The text that continues this wish."""
    *place, q, strategy = cursor
    content = [_digest(wish), type(cursor).__name__, q, strategy, *place]
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
        case [digest, kind, str() as q, str() as strategy, *place] if strategy in STRATEGIES:
            return _placed(wish, kind, place, q, strategy) if digest == _digest(wish) else None
    return None


def _placed(wish: Wish, kind: object, place: list[object], q: str, strategy: str) -> Cursor | None:
    """The cursor, if it is of the kind that continues this wish's order."""
    order, by_distance = order_of(wish), is_by_distance(wish)
    match kind, place:
        case "Behind", [int() | float() | str() as value, int() as row] if order and _sorts(value, order):
            return Behind(value, row, q, strategy) if _are_counts(row) else None
        case "Past", [float() as km, int() as unit, int() as row] if by_distance:
            return Past(km, unit, row, q, strategy) if _are_counts(unit, row) else None
        case "Skip", [int() as hits] if not order and not by_distance:
            return Skip(hits, q, strategy) if _are_counts(hits) else None
    return None


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
