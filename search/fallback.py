"""The same search answered by the database, for the time in which the engine can't answer.

Slower, and without forgiving mistakes; what may be found, and the filters, are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset, Listing
from marketplace.domain.finding import Found, Reach, Sort, Wish
from search import cursors, documents, highlights, spellings
from search import fallback_conditions as conditions
from search.answers import Answer, with_distance
from search.cursors import Behind, Cursor, Skip
from search.fallback_conditions import Condition
from search.fallback_counts import counts
from search.orders import Order, order_of
from search.queries import SHOWN


def find(session: Session, wish: Wish, reach: Reach, cursor: Cursor | None) -> Found:
    """One page, as the engine would find it but for wrong spellings and the order of relevance."""
    filters = conditions.filters(session, wish)
    always = and_(conditions.in_reach(reach, listed=wish.listed), conditions.worded(session, wish))
    meeting = (always, *filters.values())
    rows = session.execute(_page(wish, cursor).where(*meeting).limit(wish.limit + 1)).all()
    shown, more = rows[: wish.limit], len(rows) > wish.limit
    return Found(
        items=_items(session, wish, [row.id for row in shown]),
        total=session.scalar(conditions.joined(select(func.count())).where(*meeting)) or 0,
        facets=counts(session, always, filters, wish.origin) if wish.facets else {},
        next_cursor=cursors.write(wish, _next(wish, cursor, shown)) if more else None,
        degraded=True,
    )


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
    query = conditions.joined(select(Asset.id))
    if wish.sort is Sort.NEAREST and wish.origin:
        query = query.order_by(conditions.distance_km(wish.origin).nulls_last(), Asset.id)
    else:
        query = query.order_by(Listing.listed_at.desc().nulls_last(), Asset.id)
    return query.offset(cursor.hits) if isinstance(cursor, Skip) else query


def _behind(row: Behind, order: Order) -> Condition:
    value = conditions.order_value(order.field)
    further = value < row.value if order.descending else value > row.value
    return or_(further, and_(value == row.value, Asset.id > row.id))


def _next(wish: Wish, cursor: Cursor | None, shown: Sequence[Any]) -> Cursor:
    if order_of(wish):
        value = shown[-1].value
        return Behind(value if isinstance(value, str | float) else int(value), shown[-1].id)
    return Skip((cursor.hits if isinstance(cursor, Skip) else 0) + len(shown))


def _items(session: Session, wish: Wish, ids: list[int]) -> list[Answer]:
    """Items in the order of ``ids``, as the engine gives them."""
    found = {document["id"]: document for document in documents.by_ids(session, ids)}
    return [_item(wish, found[asset_id]) for asset_id in ids if asset_id in found]


def _item(wish: Wish, document: documents.Document) -> Answer:
    shown = {name: document[name] for name in SHOWN if name in document}
    item: Answer = orjson.loads(orjson.dumps(shown))
    item["highlight"] = highlights.in_parts(item, spellings.words(wish.q))
    return with_distance(item, wish)
