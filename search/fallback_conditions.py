"""A wish and the viewer's reach as conditions of the database: the twin of ``search.queries``."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Select,
    SQLColumnExpression,
    String,
    Text,
    and_,
    any_,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset, Listing, Photo
from marketplace.db.catalogue import Category
from marketplace.db.people import Unit, below
from marketplace.domain.finding import Mode, Reach, Wish
from marketplace.domain.places import EARTH_KM
from marketplace.domain.text import normalise
from search import spellings, synonyms
from search.documents import IS_LISTED, NAME_ORDER_BYTES, OPEN_LISTING
from search.facets import BEYOND_KM

Condition = ColumnElement[bool]
_LIKE_SIGNS, _ESCAPED = re.compile(r"([%_\\])"), r"\\\1"


def joined(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """The query over cards with what conditions, orders and counts refer to."""
    return (
        query.select_from(Asset)
        .join(Unit, Unit.id == Asset.unit_id)
        .outerjoin(Asset.category)
        .outerjoin(Listing, OPEN_LISTING)
    )


def in_reach(reach: Reach, *, listed: bool) -> Condition:
    """What the viewer may find."""
    ways = [true() if reach.everything else below(reach.scopes)]
    if listed and reach.circles:
        ways += [Listing.audience_unit_id.is_(None), Listing.audience_unit_id.in_(reach.circles)]
    return and_(IS_LISTED, or_(*ways)) if listed else or_(*ways)


def filters(session: Session, wish: Wish) -> dict[str, Condition]:
    """The filters of a wish by the facet they belong to; ``photo`` belongs to none."""
    wish = _storable(wish)
    return {
        facet: condition
        for facet, wanted, condition in (
            ("category", wish.categories, or_(false(), *map(_in_class, wish.categories))),
            ("region", wish.regions, Unit.region_code.in_(wish.regions)),
            ("unit", wish.units, below(_ids_of(session, wish.units))),
            ("condition", wish.conditions, cast(Asset.condition, String).in_(wish.conditions)),
            ("mode", wish.modes, and_(IS_LISTED, or_(false(), *map(_for_mode, wish.modes)))),
            ("state", wish.states, cast(Asset.state, String).in_(wish.states)),
            ("year", wish.years, func.extract("year", Asset.acquired_on).in_(wish.years)),
            ("value", (wish.min_value, wish.max_value) != (None, None), _within_value(wish)),
            ("distance", wish.within_km is not None, _near(wish)),
            ("photo", wish.has_photo, _HAS_PHOTO),
        )
        if wanted
    }


def worded(session: Session, wish: Wish) -> Condition:
    """Cards in which every word stands somewhere, by itself or by another name for the same thing."""
    said = synonyms.load(session)
    words = [word for typed in spellings.words(wish.q) for word in said.split(typed)]
    return and_(true(), *(_says(word, said.of(word)) for word in words))


def order_value(field: str) -> SQLColumnExpression[Any]:
    """What a result is sorted by, equal to the field of the same name in a document."""
    return _ORDER_VALUES[field]


def distance_km(origin: tuple[float, float]) -> SQLColumnExpression[float]:
    """Great-circle distance from a place to the holder; beyond everything where that is unknown."""
    latitude, longitude = func.radians(Unit.latitude), func.radians(Unit.longitude)
    from_latitude, from_longitude = func.radians(origin[0]), func.radians(origin[1])
    half = _squared_sine((latitude - from_latitude) / 2) + func.cos(from_latitude) * func.cos(
        latitude
    ) * _squared_sine((longitude - from_longitude) / 2)
    distance = literal(2 * EARTH_KM, Float) * func.asin(func.sqrt(func.least(1.0, half)))
    return func.coalesce(distance, literal(BEYOND_KM, Float))


def _squared_sine(angle: SQLColumnExpression[Any]) -> SQLColumnExpression[Any]:
    return func.power(func.sin(angle), 2)


def _folded(said: SQLColumnExpression[Any]) -> SQLColumnExpression[str]:
    """``normalise`` as the database does it."""
    return func.lower(func.normalize(said, text("NFKC")))


_WORDS = _folded(
    func.concat_ws(
        "\n",
        *(Asset.name, Asset.number, Asset.brand, Asset.model, Asset.serial_number, Asset.location),
        *(Category.name, Unit.name),
    )
)
_NAMES = _folded(func.concat_ws("\n", Asset.name, Category.name))
_HAS_PHOTO = select(Photo.id).where(Photo.asset_id == Asset.id, Photo.removed_at.is_(None)).exists()
_ORDER_VALUES: dict[str, SQLColumnExpression[Any]] = {
    "original_value": cast(Asset.original_value, Float),
    "listed_at": func.floor(func.extract("epoch", Listing.listed_at)),
    "created": func.floor(func.extract("epoch", Asset.created_at)),
    "name_order": "x"
    + func.encode(func.substr(func.convert_to(_folded(Asset.name), "GB18030"), 1, NAME_ORDER_BYTES), "hex"),
}


def _says(word: str, names: Iterable[str]) -> Condition:
    """The word stands somewhere, or one of its other names in the name or the class."""
    stands = func.strpos(_WORDS, word) > 0
    called = [f"%{_LIKE_SIGNS.sub(_ESCAPED, normalise(name))}%" for name in names]
    return or_(stands, _NAMES.like(any_(cast(called, ARRAY(Text))))) if called else stands


def _storable(wish: Wish) -> Wish:
    """The wish without the one character that the database has no place for: nothing is called so."""
    return dataclasses.replace(
        wish,
        units=_without_nul(wish.units),
        categories=_without_nul(wish.categories),
        regions=_without_nul(wish.regions),
        conditions=_without_nul(wish.conditions),
        states=_without_nul(wish.states),
    )


def _without_nul(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value.replace("\0", "\ufffd") for value in values)


def _in_class(pair: str) -> Condition:
    edition, _, code = pair.partition(":")
    return and_(Category.edition == edition, Category.path.any_() == code)


def _ids_of(session: Session, codes: tuple[str, ...]) -> list[int]:
    return list(session.scalars(select(Unit.id).where(Unit.code.in_(codes)))) if codes else []


def _for_mode(mode: Mode) -> Condition:
    return (Listing.for_transfer if mode == Mode.TRANSFER else Listing.for_loan).is_(True)


def _within_value(wish: Wish) -> Condition:
    low, high = wish.min_value, wish.max_value
    bounds = [] if low is None else [Asset.original_value >= low]
    return and_(true(), *bounds, *([] if high is None else [Asset.original_value <= high]))


def _near(wish: Wish) -> Condition:
    if wish.origin is None or wish.within_km is None:
        return false()
    return distance_km(wish.origin) <= wish.within_km
