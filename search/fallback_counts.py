"""The total and the facets counted by the database, in one reading of the register."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Numeric,
    Row,
    and_,
    cast,
    func,
    literal_column,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset, Listing
from marketplace.db.catalogue import Category
from marketplace.domain.finding import VALUE_STEPS
from marketplace.domain.places import Place
from search import documents, facets
from search.fallback_conditions import Condition, joined

_COLUMNS = {
    "unit": Asset.unit_id,
    "edition": Category.edition,
    "path": Category.path,
    "condition": Asset.condition,
    "state": Asset.state,
    "listed": documents.IS_LISTED,
    "for_transfer": Listing.for_transfer,
    "for_loan": Listing.for_loan,
    "band": func.width_bucket(Asset.original_value, cast(list(VALUE_STEPS), ARRAY(Numeric))),
    "year": func.extract("year", Asset.acquired_on),
}
_SETS: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("unit",): ("region", "unit", "distance"),
    ("edition", "path"): ("category",),
    ("condition",): ("condition",),
    ("state",): ("state",),
    ("listed", "for_transfer", "for_loan"): ("mode",),
    ("band",): ("value",),
    ("year",): ("year",),
}
"""What cards are grouped by, and the facets that are counted so."""
_FACETS = tuple(facet for of_set in _SETS.values() for facet in of_set)

Numbers = tuple[int, facets.Counts]


def total(session: Session, always: Condition, filters: Mapping[str, Condition]) -> int:
    """How many cards meet the conditions."""
    return session.scalar(joined(select(func.count())).where(always, *filters.values())) or 0


def total_and_facets(
    session: Session, always: Condition, filters: Mapping[str, Condition], origin: Place | None
) -> Numbers:
    """The same, with each facet counted without its own filter."""
    rows = session.execute(_counting(always, filters)).all()
    units = documents.holders(session, [row.unit for row in rows if row.unit is not None])
    found: facets.Counts = {}
    for position, (keys, of_set) in enumerate(_SETS.items()):
        of_keys = [row for row in rows if row.grouped == _mask(position)]
        for facet in of_set:
            counted = Counter[str]()
            for row in of_keys:
                for value in _values(keys[0], row, units):
                    counted[value] += getattr(row, f"count_{facet}")
            found[facet] = facets.read_counts(+counted, origin).get(facet, {})
    return next((row.count_total for row in rows if row.grouped == _mask(None)), 0), found


def _counting(always: Condition, filters: Mapping[str, Condition]) -> Any:
    meets = {name: condition.label(f"meets_{name}") for name, condition in filters.items()}
    named: list[Any] = [column.label(name) for name, column in _COLUMNS.items()]
    cards = joined(select(*named, *meets.values())).where(always).subquery()
    sets = [tuple_(*(cards.c[key] for key in keys)) for keys in _SETS]
    return select(
        func.grouping(*(cards.c[keys[0]] for keys in _SETS)).label("grouped"),
        *(cards.c[name] for name in _COLUMNS),
        *(_count(cards, meets, facet).label(f"count_{facet}") for facet in (*_FACETS, "total")),
    ).group_by(func.grouping_sets(*sets, literal_column("()")))


def _count(cards: FromClause, meets: Mapping[str, object], facet: str) -> ColumnElement[int]:
    others = [cards.c[f"meets_{name}"] for name in meets if name != facet]
    return func.count().filter(and_(true(), *others))


def _mask(position: int | None) -> int:
    """What ``GROUPING`` says of one set: a bit per set, zero for the one that is grouped by."""
    everything = (1 << len(_SETS)) - 1
    return everything if position is None else everything - (1 << (len(_SETS) - 1 - position))


def _values(key: str, row: Row[*tuple[Any, ...]], units: Mapping[int, documents.Holder]) -> Sequence[str]:
    """What documents of this group carry in ``facets``."""
    match key:
        case "unit":
            return [units[row.unit].facet]
        case "edition":
            return [facets.of_class(row.edition, row.path)] if row.edition else []
        case "listed":
            offered = documents.modes(row.for_transfer, row.for_loan) if row.listed else []
            return [facets.of("mode", mode) for mode in offered]
        case "band":
            return [facets.of("value", documents.BANDS[row.band - 1])]
    value = getattr(row, key)
    return [] if value is None else [facets.of(key, value)]
