"""From the engine's answers to what was found, asking once more in other words when nothing was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from marketplace.domain.finding import Found, Wish
from search import cursors, documents, facets, highlights, lines
from search.cursors import Behind, Cursor, Past, Skip
from search.engine import Engine
from search.nearest import Ranking
from search.orders import Order
from search.queries import Plan

Answer = dict[str, Any]


def find(engine: Engine, wish: Wish, scope: str, cursor: Cursor | None) -> Found:
    """One page; ordinarily by queries side by side, in the order of distance by some after others.

    Raises:
        EngineDown, EngineRefused: the engine could not answer.
    """
    plan = Plan(wish, scope, cursor)
    page = _page(engine, plan)
    if not cursor and plan.words and not page.total and (meant := _meant(engine, plan)):
        plan.ask_instead(*meant)
        page = _page(engine, plan)
    return Found(
        items=page.items,
        total=page.total,
        facets=page.facets,
        next_cursor=cursors.write(wish, page.following) if page.following else None,
        relaxed=plan.relaxed,
    )


@dataclass(frozen=True, slots=True)
class _Page:
    items: list[Answer]
    following: Cursor | None
    """Where the next page begins."""
    total: int
    facets: facets.Counts


def _page(engine: Engine, plan: Plan) -> _Page:
    return _nearest(engine, plan) if plan.by_distance else _in_order(engine, plan)


def _meant(engine: Engine, plan: Plan) -> tuple[str, str] | None:
    """Other words and the strategy that find something: of the best kind of guess, the one finding most."""
    kinds = plan.alternatives()
    guesses = [guess for kind in kinds for guess in kind]
    answers = engine.search(*(plan.counting(*guess) for guess in guesses))
    found = {guess: answer["estimatedTotalHits"] for guess, answer in zip(guesses, answers, strict=True)}
    best = (max(kind, key=found.__getitem__) for kind in kinds)
    return next((guess for guess in best if found[guess]), None)


def _in_order(engine: Engine, plan: Plan) -> _Page:
    """The hits are quickly found; they are read while the engine still counts."""
    answers = engine.search(plan.hits(), *plan.counts())
    found = next(answers)
    items = _items(plan, found)
    following = _following(plan, items, found["estimatedTotalHits"])
    counted = list(answers)
    return _Page(items, following, (counted or [found])[0]["estimatedTotalHits"], _facets(plan, counted))


def _following(plan: Plan, items: Sequence[Answer], total: int) -> Cursor | None:
    """Where the next page begins; ``total`` does not count what an order leaves behind."""
    shown = plan.skipped + len(items)
    if not items or total <= shown:
        return None
    if plan.order:
        return Behind(_sort_value(items[-1], plan.order), items[-1]["id"], *plan.other_words)
    return Skip(shown, *plan.other_words)


def _nearest(engine: Engine, plan: Plan) -> _Page:
    """In the order of distance: the hits can be asked for when it is known who holds what is found."""
    counted = list(engine.search(*plan.counts()))
    limit = plan.wish.limit
    ranking = Ranking(_distribution(counted[0]), plan.wish.origin or (0, 0), plan.past)
    answers = engine.search(*ranking.queries(plan.hits(), limit + 1))
    found = ranking.order([item for answer in answers for item in _items(plan, answer)])
    items, following = found[:limit], None
    if len(found) > limit:
        last = items[-1]
        following = Past(ranking.km(last), last["unit_id"], last["id"], *plan.other_words)
    return _Page(items, following, counted[0]["estimatedTotalHits"], _facets(plan, counted))


def _facets(plan: Plan, counted: Sequence[Answer]) -> facets.Counts:
    """From the answers to ``plan.counts()``."""
    if not plan.wish.facets:
        return {}
    origin = plan.wish.origin
    counts = facets.read_counts(_distribution(counted[0]), origin)
    for facet, answer in zip(plan.faceted(), counted[1:], strict=True):
        counts[facet] = facets.of_answer(facet, answer, origin)
    return counts


def _distribution(answer: Answer) -> dict[str, int]:
    counts: dict[str, int] = answer["facetDistribution"].get("facets", {})
    return counts


def _sort_value(item: Answer, order: Order) -> Any:
    """What an item was sorted by; the key of its name is not among what is shown."""
    return documents.name_order(item["name"]) if order.field == "name_order" else item[order.field]


def _items(plan: Plan, answer: Answer) -> list[Answer]:
    hits: list[Answer] = answer["hits"]
    items = lines.items_of(hits)
    for item, hit in zip(items, hits, strict=True):
        formatted = hit.get("_formatted")
        item["highlight"] = highlights.of_hit(item, formatted, plan.words) if formatted else {}
        with_distance(item, plan.wish)
    return items


def with_distance(item: Answer, wish: Wish) -> Answer:
    """The item with ``distance_km``: None where the holder's position, or the viewer's, is unknown."""
    item["distance_km"] = None
    if wish.origin and (place := item.get("_geo")):
        item["distance_km"] = round(facets.distance_km(wish.origin, (place["lat"], place["lng"])), 1)
    return item
