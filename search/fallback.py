"""The same search answered by the database, for the time in which the engine can't answer.

Slower, and without forgiving mistakes; what may be found, and the filters, are the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Select, SQLColumnExpression, and_, func, or_, select
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset, Listing
from marketplace.domain.finding import Found, Reach, Wish
from search import cursors, documents, fallback_counts, highlights, lines, spellings
from search import fallback_conditions as conditions
from search.answers import Answer, with_distance
from search.cursors import Behind, Cursor, Past, Skip
from search.fallback_conditions import Condition
from search.orders import Order, is_by_distance, order_of

ROUNDING_KM = 1e-7
"""Distances that differ by less are equal: database and program may round the last digit differently."""

IDS_AT_ONCE = 10_000


def find(session: Session, wish: Wish, reach: Reach, cursor: Cursor | None) -> Found:
    """One page, as the engine would find it but for wrong spellings and the order of relevance."""
    filters = conditions.filters(session, wish)
    always = and_(conditions.in_reach(reach, listed=wish.listed), conditions.worded(session, wish))
    meeting = (always, *filters.values())
    rows = session.execute(_page(wish, cursor).where(*meeting).limit(wish.limit + 1)).all()
    shown, more = rows[: wish.limit], len(rows) > wish.limit
    total, facets = (
        fallback_counts.total_and_facets(session, always, filters, wish.origin)
        if wish.facets
        else (fallback_counts.total(session, always, filters), {})
    )
    return Found(
        items=_items(session, wish, [row.id for row in shown]),
        total=total,
        facets=facets,
        next_cursor=cursors.write(wish, _next(wish, cursor, shown)) if more else None,
        degraded=True,
    )


def ids(session: Session, wish: Wish, reach: Reach) -> Iterator[Sequence[int]]:
    """Ids of all that the wish finds, in pieces, from a cursor on the server."""
    meeting = (
        conditions.in_reach(reach, listed=wish.listed),
        conditions.worded(session, wish),
        *conditions.filters(session, wish).values(),
    )
    query = conditions.joined(select(Asset.id)).where(*meeting)
    yield from session.scalars(query.execution_options(yield_per=IDS_AT_ONCE)).partitions()


def suggest(session: Session, q: str, reach: Reach, limit: int) -> list[str]:
    """Names of findable listings in which the words stand."""
    meeting = (conditions.in_reach(reach, listed=True), conditions.worded(session, Wish(q=q)))
    names = conditions.joined(select(Asset.name)).where(*meeting).distinct().order_by(Asset.name)
    return list(session.scalars(names.limit(limit)))


def _page(wish: Wish, cursor: Cursor | None) -> Select[*tuple[Any, ...]]:
    """Ids and sort values of the cards from the cursor on."""
    order = order_of(wish)
    if order:
        value = conditions.order_value(order.field)
        query = conditions.joined(select(Asset.id, value.label("value")))
        query = query.order_by(value.desc() if order.descending else value, Asset.id)
        return query.where(_behind(cursor, order)) if isinstance(cursor, Behind) else query
    if wish.origin and is_by_distance(wish):
        distance = conditions.distance_km(wish.origin)
        query = conditions.joined(select(Asset.id, Asset.unit_id, distance.label("value")))
        query = query.order_by(distance, Asset.unit_id, Asset.id)
        return query.where(_past(cursor, distance)) if isinstance(cursor, Past) else query
    query = conditions.joined(select(Asset.id)).order_by(Listing.listed_at.desc().nulls_last(), Asset.id)
    return query.offset(cursor.hits) if isinstance(cursor, Skip) else query


def _behind(row: Behind, order: Order) -> Condition:
    value = conditions.order_value(order.field)
    further = value < row.value if order.descending else value > row.value
    return or_(further, and_(value == row.value, Asset.id > row.id))


def _past(row: Past, distance: SQLColumnExpression[float]) -> Condition:
    """Behind the row in the order of distance; its holder's other cards by id, however far that is."""
    of_holder = and_(Asset.unit_id == row.unit, Asset.id > row.id)
    as_far = func.abs(distance - row.km) < ROUNDING_KM
    further = or_(distance > row.km + ROUNDING_KM, and_(as_far, Asset.unit_id > row.unit))
    return or_(of_holder, and_(Asset.unit_id != row.unit, further))


def _next(wish: Wish, cursor: Cursor | None, shown: Sequence[Any]) -> Cursor:
    last = shown[-1]
    if order_of(wish):
        return Behind(last.value if isinstance(last.value, str | float) else int(last.value), last.id)
    if is_by_distance(wish):
        return Past(last.value, last.unit_id, last.id)
    return Skip((cursor.hits if isinstance(cursor, Skip) else 0) + len(shown))


def _items(session: Session, wish: Wish, ids: list[int]) -> list[Answer]:
    """Items in the order of ``ids``, as the engine gives them."""
    found = {document["id"]: document for document in documents.by_ids(session, ids)}
    return [_item(wish, found[asset_id]) for asset_id in ids if asset_id in found]


def _item(wish: Wish, document: documents.Document) -> Answer:
    item = lines.item_like(document)
    item["highlight"] = highlights.in_parts(item, spellings.words(wish.q)) if wish.marked else {}
    return with_distance(item, wish)
