"""Search documents, built from the database in batches with a fixed number of statements."""

from __future__ import annotations

from bisect import bisect_right
from collections import namedtuple
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    SQLColumnExpression,
    and_,
    any_,
    cast,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from marketplace.db.assets import Asset, Listing, Photo
from marketplace.db.catalogue import Category
from marketplace.db.people import Unit
from marketplace.domain.assets import CLASSIFIED
from marketplace.domain.finding import VALUE_STEPS, Mode
from marketplace.domain.states import AssetState
from marketplace.domain.text import normalise
from search import facets, spellings, synonyms

EVERYONE = 0
"""Stands in ``audience`` for a listing that every unit is offered; no unit has this id."""
NAME_ORDER_BYTES = 100
LARGEST_ID = 2**63 - 1
NO_FRACTION = 1e14
"""From here on 15 digits are a whole number."""

Document = dict[str, Any]

IS_LISTED: ColumnElement[bool] = and_(
    Listing.id.is_not(None), Asset.state == AssetState.LISTED, Asset.secrecy.not_in(CLASSIFIED)
)
"""On offer: what an asset needs, joined with its open listing, to be found by others."""
OPEN_LISTING: ColumnElement[bool] = and_(Listing.asset_id == Asset.id, Listing.ended_at.is_(None))

_PHOTO_COUNT = (
    select(func.count())
    .select_from(Photo)
    .where(Photo.asset_id == Asset.id, Photo.removed_at.is_(None))
    .correlate(Asset)
    .scalar_subquery()
)
_CARDS = (
    select(
        *(Asset.id, Asset.unit_id, Asset.version, Asset.number, Asset.name, Asset.brand, Asset.model),
        *(Asset.serial_number, Asset.quantity, Asset.unit_of_measure, Asset.condition),
        *(Asset.state, Asset.original_value, Asset.net_value, Asset.acquired_on, Asset.location),
        *(Asset.created_at, Asset.category_edition, Asset.category_code),
        Category.name.label("category_name"),
        Category.path.label("category_path"),
        IS_LISTED.label("listed"),
        *(Listing.for_transfer, Listing.for_loan, Listing.audience_unit_id, Listing.place),
        Listing.quantity.label("listed_quantity"),
        Listing.listed_at,
        Photo.digest.label("cover"),
        _PHOTO_COUNT.label("photo_count"),
    )
    .outerjoin(Asset.category)
    .outerjoin(Listing, OPEN_LISTING)
    .outerjoin(Photo, and_(Photo.id == Asset.cover_photo_id, Photo.removed_at.is_(None)))
    .order_by(Asset.id)
)

# Fields of a tuple are read ten times as fast as those of a row, and a register has a million rows.
_Card: Any = namedtuple("_Card", _CARDS.selected_columns.keys())  # type: ignore[misc]


def among(column: SQLColumnExpression[int], ids: Iterable[int]) -> ColumnElement[bool]:
    """Rows with one of these ids, however many: one parameter, so always the same statement."""
    return column == any_(cast(list(ids), ARRAY(BigInteger)))


def by_ids(session: Session, ids: Iterable[int]) -> Iterator[Document]:
    """Documents of these assets as they are now, by id; an asset that is gone has none.

    Made one by one: thousands of them at once would keep the garbage collector busy.
    """
    return _documents(session, _CARDS.where(among(Asset.id, ids)))


def after(session: Session, last_id: int, limit: int, *, to: int = LARGEST_ID) -> Iterator[Document]:
    """The next documents in the order of ids, up to ``to``: for streaming the whole register."""
    return _documents(session, _CARDS.where(Asset.id > last_id, Asset.id <= to).limit(limit))


def modes(for_transfer: bool, for_loan: bool) -> list[Mode]:
    """How a listing offers its asset."""
    return [mode for mode, on in ((Mode.TRANSFER, for_transfer), (Mode.LOAN, for_loan)) if on]


def value_band(value: float) -> str:
    """The step of the value facet that an amount lies in."""
    return BANDS[bisect_right(VALUE_STEPS, value) - 1]


BANDS = (
    *(f"{low}-{high}" for low, high in pairwise(VALUE_STEPS)),
    f"{VALUE_STEPS[-1]}+",
)


@lru_cache(20_000)
def name_order(name: str) -> str:
    """Sort key of a name: GB 18030 orders the common characters by their pinyin.

    The ``x`` keeps the engine from reading it as a number.
    """
    return "x" + normalise(name).encode("gb18030", "replace")[:NAME_ORDER_BYTES].hex()


def _documents(session: Session, query: Select[*tuple[Any, ...]]) -> Iterator[Document]:
    rows: list[Any] = list(map(_Card._make, session.execute(query)))
    said = synonyms.load(session)
    units = holders(session, {row.unit_id for row in rows})
    return (_document(row, units[row.unit_id], said) for row in rows)


@dataclass(frozen=True, slots=True)
class Holder:
    """What the documents of one unit's assets have in common."""

    fields: Document
    facet: str


def holders(session: Session, ids: Iterable[int]) -> dict[int, Holder]:
    """What documents of these units' assets have in common, by unit."""
    above = aliased(Unit)
    codes = (
        select(func.array_agg(above.code))
        .where(above.id == any_(Unit.path))
        .correlate(Unit)
        .scalar_subquery()
    )
    query = select(
        *(Unit.id, Unit.path, Unit.code, Unit.name, Unit.region_code, Unit.region_name),
        *(Unit.latitude, Unit.longitude),
        codes.label("codes"),
    ).where(among(Unit.id, ids))
    return {row.id: _holder(row) for row in session.execute(query)}


def _holder(row: Row[*tuple[Any, ...]]) -> Holder:
    known = row.latitude is not None and row.longitude is not None
    place = (_sent(row.latitude), _sent(row.longitude)) if known else None
    fields = {
        "unit_id": row.id,
        "unit_code": row.code,
        "unit_name": row.name,
        "unit_path": row.path,
        "unit_codes": sorted(row.codes or [row.code]),
        "region_code": row.region_code,
        "region_name": row.region_name,
    }
    fields["_geo"] = {"lat": place[0], "lng": place[1]} if place else None
    above = [code for code in fields["unit_codes"] if code != row.code]
    return Holder(fields, facets.of_holder(row.id, row.code, row.region_code, above, place))


@dataclass(frozen=True, slots=True)
class _Spelled:
    """The words by which things of one name and class are found."""

    aliases: list[str]
    chars: list[str]
    pinyin: list[str]
    initials: list[str]


@lru_cache(10_000)
def _spelled(name: str, category: str | None, said: synonyms.Synonyms) -> _Spelled:
    also = dict.fromkeys((*said.of(name), *((category, *said.of(category)) if category else ())))
    also.pop(name, None)
    own = spellings.syllables(name)
    words = [own, *(spellings.syllables(word) for word in also)]
    pinyin = [*spellings.endings(own), *("".join(word) for word in words[1:]), *map(" ".join, words)]
    initials = [tuple(syllable[0] for syllable in word) for word in words]
    return _Spelled(
        aliases=list(also),
        chars=[spellings.chars(text) for text in (name, *also)],
        pinyin=[text for text in dict.fromkeys(pinyin) if text],
        initials=sorted({*spellings.endings(initials[0]), *map("".join, initials[1:])} - {""}),
    )


@lru_cache(20_000)
def _model_parts(model: str) -> frozenset[str]:
    return frozenset(spellings.number_parts(model, shortest=2))


@lru_cache(20_000)
def _make(brand: str, model: str) -> list[str]:
    """Brand in pinyin, and the words of the model in which a typo is forgiven."""
    syllables = spellings.syllables(brand)
    return [*(["".join(syllables), " ".join(syllables)] if syllables else ()), *spellings.letters_only(model)]


def _sent(number: float | Decimal) -> float:
    """A number that the engine gives back as it was sent.

    Where there are more than 15 digits, a zero behind the point included, it may read the last one
    differently, and the document would look wrong whenever it was compared.
    """
    rounded = float(f"{number:.15g}")
    return rounded if rounded < NO_FRACTION else int(rounded)


def _document(row: Any, holder: Holder, said: synonyms.Synonyms) -> Document:
    spelled = _spelled(row.name, row.category_name, said)
    edition, value = row.category_edition, _sent(row.original_value)
    year = row.acquired_on.year if row.acquired_on else None
    offered = modes(row.for_transfer, row.for_loan) if row.listed else []
    band = value_band(value)
    return {
        "id": row.id,
        "version": row.version,
        "number": row.number,
        "name": row.name,
        "brand": row.brand,
        "model": row.model,
        "serial_number": row.serial_number,
        "aliases": spelled.aliases,
        "chars": spelled.chars,
        "pinyin": [*spelled.pinyin, *_make(row.brand or "", row.model or "")],
        "initials": spelled.initials,
        "parts": sorted(spellings.number_parts(row.number) | _model_parts(row.model or "")),
        "category": f"{edition}:{row.category_code}" if edition else None,
        "category_name": row.category_name,
        "category_path": [f"{edition}:{code}" for code in row.category_path or ()],
        **holder.fields,
        "condition": row.condition,
        "state": row.state,
        "listed": row.listed,
        "modes": offered,
        "audience": [row.audience_unit_id or EVERYONE] if row.listed else [],
        "quantity": row.quantity,
        "listed_quantity": row.listed_quantity if row.listed else None,
        "unit_of_measure": row.unit_of_measure,
        "original_value": value,
        "original_value_text": str(row.original_value),
        "net_value_text": str(row.net_value),
        "value_band": band,
        "acquired_on": row.acquired_on,
        "year": year,
        "location": row.location,
        "place": row.place if row.listed else None,
        "listed_at": int(row.listed_at.timestamp()) if row.listed else None,
        "created": int(row.created_at.timestamp()),
        "name_order": name_order(row.name),
        "cover": row.cover,
        "photo_count": row.photo_count,
        "facets": _facets(row, holder, offered, band, year),
    }


def _facets(row: Any, holder: Holder, offered: list[Mode], band: str, year: int | None) -> list[str]:
    found = [holder.facet, facets.of("condition", row.condition), facets.of("state", row.state)]
    found += [facets.of("value", band), *(facets.of("mode", mode) for mode in offered)]
    if row.category_path:
        found.append(facets.of_class(row.category_edition, row.category_path))
    return [*found, facets.of("year", year)] if year else found
