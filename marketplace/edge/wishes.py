"""A search as an address says it: the same names on pages and in the interface.

Values of one filter may be repeated or separated by commas, so that a link stays readable.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from marketplace.db.catalogue import Category
from marketplace.domain import values
from marketplace.domain.errors import invalid_field
from marketplace.domain.finding import PAGE_LIMIT, Sort, Wish
from marketplace.domain.listings import read_modes
from marketplace.domain.text import N_
from marketplace.edge.context import db, identity

MAX_QUERY = 200


def wish_from(
    args: MultiDict[str, str], *, listed: bool = True, limit: int = 24, marked: bool = True
) -> Wish:
    """Read a search from an address.

    Raises:
        Invalid: a value can't be read; the field is named.
    """
    found = identity()
    return Wish(
        q=args.get("q", "")[:MAX_QUERY],
        units=_words(args, "unit"),
        categories=_category_keys(_words(args, "category")),
        regions=_words(args, "region"),
        conditions=_words(args, "condition"),
        modes=tuple(sorted(read_modes(_words(args, "mode")))),
        states=_words(args, "state"),
        years=_years(_words(args, "year")),
        min_value=_amount("min_value", args.get("min_value", "")),
        max_value=_amount("max_value", args.get("max_value", "")),
        within_km=_number("within_km", args.get("within_km", ""), 1, 20_000),
        origin=found.home_position if found else None,
        has_photo=_flag(args.get("has_photo", ""), False),
        listed=_flag(args.get("listed", ""), listed),
        sort=_sort(args.get("sort", "")),
        limit=_number("limit", args.get("limit", ""), 1, PAGE_LIMIT) or limit,
        cursor=args.get("cursor", ""),
        facets=_flag(args.get("facets", ""), True),
        marked=marked,
    )


def _words(args: MultiDict[str, str], name: str) -> tuple[str, ...]:
    given = (word.strip() for text in args.getlist(name) for word in text.split(","))
    return tuple(dict.fromkeys(word for word in given if word))


def _category_keys(words: Iterable[str]) -> tuple[str, ...]:
    """``edition:code`` pairs; a bare code stands for every edition that has it."""
    whole = tuple(words)
    bare = [word for word in whole if ":" not in word]
    if not bare:
        return whole
    found = db().execute(select(Category.edition, Category.code).where(Category.code.in_(bare)))
    pairs = tuple(f"{edition}:{code}" for edition, code in found)
    # A code that nobody knows must find nothing, not everything.
    return tuple(word for word in whole if ":" in word) + pairs or whole


def _years(words: Iterable[str]) -> tuple[int, ...]:
    whole = tuple(words)
    if not all(word.isascii() and word.isdecimal() and len(word) == 4 for word in whole):
        raise invalid_field("year", N_("年份应为四位数字，如 2020。"))
    return tuple(int(word) for word in whole)


def _amount(field: str, text: str) -> Decimal | None:
    if not text.strip():
        return None
    try:
        return values.read_money(text)
    except ValueError as error:
        raise invalid_field(field, str(error)) from None


def _number(field: str, text: str, low: int, high: int) -> int | None:
    if not text.strip():
        return None
    if not (text.isascii() and text.isdecimal() and low <= int(text[:9]) <= high and len(text) < 10):
        raise invalid_field(field, N_("应为%(low)d到%(high)d之间的整数。"), low=low, high=high)
    return int(text)


def _flag(text: str, default: bool) -> bool:
    return default if not text else text.casefold() in {"1", "true", "yes", "on"}


def _sort(text: str) -> Sort:
    if not text:
        return Sort.RELEVANCE
    try:
        return Sort(text)
    except ValueError:
        raise invalid_field(
            "sort", N_("排序应为其中之一：%(words)s。"), words=", ".join(sort.value for sort in Sort)
        ) from None
