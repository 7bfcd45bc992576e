"""Facets counted by the database: one statement per facet, each without that facet's own filter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, Numeric, Row, SQLColumnExpression, cast, func, select
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset, Listing
from marketplace.db.catalogue import Category
from marketplace.domain.finding import VALUE_STEPS
from search import documents, facets
from search.fallback_conditions import Condition, joined

Rows = Sequence[Row[*tuple[Any, ...]]]
_BAND = func.width_bucket(Asset.original_value, cast(list(VALUE_STEPS), ARRAY(Numeric)))
_HOLDER = (Asset.unit_id,)
_KEYS: Mapping[str, tuple[SQLColumnExpression[Any], ...]] = {
    "category": (Category.edition, Category.path),
    "region": _HOLDER,
    "unit": _HOLDER,
    "distance": _HOLDER,
    "condition": (Asset.condition,),
    "state": (Asset.state,),
    "mode": (documents.IS_LISTED, Listing.for_transfer, Listing.for_loan),
    "value": (_BAND,),
    "year": (func.extract("year", Asset.acquired_on),),
}


def counts(
    session: Session,
    always: Condition,
    filters: Mapping[str, Condition],
    origin: facets.Place | None,
) -> facets.Counts:
    """All facets of the cards that meet ``always`` and, but for a facet's own, the filters."""
    found: facets.Counts = {}
    for facet, keys in _KEYS.items():
        others = [condition for name, condition in filters.items() if name != facet]
        query = joined(select(*keys, func.count())).where(always, *others).group_by(*keys)
        distribution = _distribution(session, facet, session.execute(query).all())
        found[facet] = facets.read_counts(distribution, origin).get(facet, {})
    return found


def _distribution(session: Session, facet: str, rows: Rows) -> Counter[str]:
    """The counts in the form in which the engine gives them."""
    units = documents.holders(session, [row[0] for row in rows]) if _KEYS[facet] is _HOLDER else {}
    summed: Counter[str] = Counter()
    for *key, number in rows:
        for value in _values(facet, key, units):
            summed[value] += number
    return summed


def _values(facet: str, key: list[Any], units: Mapping[int, documents.Holder]) -> list[str]:
    """What documents with this key carry in ``facets``."""
    if units:
        return [units[key[0]].facet]
    match facet, key:
        case "category", [edition, path]:
            return [facets.of_class(edition, path)] if edition else []
        case "mode", [listed, *offered]:
            return [facets.of(facet, mode) for mode in documents.modes(*offered)] if listed else []
        case "value", [step]:
            return [facets.of(facet, documents.BANDS[step - 1])]
        case _, [value]:
            return [] if value is None else [facets.of(facet, value)]
    return []
