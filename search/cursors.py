"""Where the next page of a result begins, as a text that only this search gives out and takes back.

A page of sorted hits continues behind the last one (its sort value and id), so rows that come and
go meanwhile make neither repeats nor gaps. Only the orders that the engine alone can compute,
relevance and distance, continue by the number of hits already shown.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

import orjson

from marketplace.domain.errors import invalid_field
from marketplace.domain.finding import Wish
from marketplace.domain.text import N_
from search.orders import Order, order_of

LARGEST = 2**53
LONGEST = 2_000
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


Cursor = Behind | Skip


def write(wish: Wish, cursor: Cursor) -> str:
    """The text that continues this wish."""
    content = (
        ["b", cursor.value, cursor.id]
        if isinstance(cursor, Behind)
        else ["s", cursor.hits, cursor.q, cursor.strategy]
    )
    return base64.urlsafe_b64encode(orjson.dumps([_digest(wish), *content])).decode().rstrip("=")


def read(wish: Wish) -> Cursor | None:
    """Where this wish is to be continued; None for its first page.

    Raises:
        Invalid: no earlier page of the same wish gave this cursor.
    """
    if not wish.cursor:
        return None
    order = order_of(wish)
    match _decode(wish.cursor):
        case [digest, *_] if digest != _digest(wish):
            pass
        case [_, "b", int() | float() | str() as value, int() as row] if (
            order and _sorts(value, order) and _is_count(row)
        ):
            return Behind(value, row)
        case [_, "s", int() as hits, str() as q, "" | "all" | "frequency" as strategy] if (
            not order and _is_count(hits)
        ):
            return Skip(hits, q, strategy)
    raise invalid_field("cursor", N_("翻页位置无效,或条件已改变。请从第一页重新查看。"))


def _is_count(number: int) -> bool:
    return not isinstance(number, bool) and 0 <= number <= LARGEST


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
