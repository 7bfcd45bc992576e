"""From the engine's answers to what was found, asking once more in other words when nothing was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from marketplace.domain.finding import Found, Wish
from marketplace.domain.places import distance_km
from search import cursors, documents, facets, highlights, lines
from search.cursors import Behind, Cursor, Past, Skip
from search.engine import Engine
from search.nearest import Ranking
from search.orders import Order
from search.queries import Plan

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Answered:
    """What the queries of a plan brought."""

    counts: Sequence[Answer]
    """What counts all that is found, then each facet counted apart."""
    items: list[Answer]
    following: Cursor | None

    @property
    def total(self) -> int:
        return int(self.counts[0]["estimatedTotalHits"])


def find(engine: Engine, wish: Wish, scope: str, cursor: Cursor | None) -> Found:
    """One page; ordinarily by queries side by side, in the order of distance by some after others.

    Raises:
        EngineDown, EngineRefused: the engine could not answer.
    """
    plan = Plan(wish, scope, cursor)
    answered = _ask(engine, plan)
    if not cursor and plan.words and not answered.total:
        meant = _meant(engine, plan)
        if meant:
            plan.ask_instead(*meant)
            answered = _ask(engine, plan)
    items, following = answered.items, answered.following
    if plan.by_distance:
        items, following = _nearest(engine, plan, answered.counts[0])
    return Found(
        items=items,
        total=answered.total,
        facets=_facets(plan, answered.counts) if wish.facets else {},
        next_cursor=cursors.write(wish, following) if following else None,
        relaxed=plan.relaxed,
    )


def _ask(engine: Engine, plan: Plan) -> _Answered:
    """Hits are read while the engine still counts."""
    answers = engine.search(*plan.queries(together=engine.is_busy))
    if plan.by_distance:
        return _Answered(list(answers), [], None)
    hits = next(answers)
    items, following = _page(plan, hits)
    counts = list(answers)
    has_counted = "facetDistribution" in hits or not counts
    return _Answered([hits, *counts] if has_counted else counts, items, following)


def _meant(engine: Engine, plan: Plan) -> tuple[str, str] | None:
    """Other words and the strategy that find something: of the best kind of guess, the one finding most."""
    kinds = plan.alternatives()
    guesses = [guess for kind in kinds for guess in kind]
    answers = list(engine.search(*(plan.counting(*guess) for guess in guesses)))
    found = {guess: answer["estimatedTotalHits"] for guess, answer in zip(guesses, answers, strict=True)}
    best = (max(kind, key=found.__getitem__) for kind in kinds)
    return next((guess for guess in best if found[guess]), None)


def _page(plan: Plan, answer: Answer) -> tuple[list[Answer], Cursor | None]:
    """The items that an answer brings, and where the next page begins."""
    items = _items(plan, answer)
    shown = plan.skipped + len(items)
    if not items or answer["estimatedTotalHits"] <= shown:
        return items, None
    if plan.order:
        return items, Behind(_sort_value(items[-1], plan.order), items[-1]["id"], *plan.other_words)
    return items, Skip(shown, *plan.other_words)


def _nearest(engine: Engine, plan: Plan, counted: Answer) -> tuple[list[Answer], Cursor | None]:
    """The same in the order of distance: asked for when it is known who holds what is found."""
    limit = plan.wish.limit
    ranking = Ranking(_distribution(counted), plan.wish.origin or (0, 0), plan.past)
    answers = engine.search(*ranking.queries(plan.hits(), limit + 1))
    found = ranking.order([item for answer in answers for item in _items(plan, answer)])
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], Past(ranking.km(last), last["unit_id"], last["id"], *plan.other_words)


def _facets(plan: Plan, answers: Sequence[Answer]) -> facets.Counts:
    origin = plan.wish.origin
    counts = facets.read_counts(_distribution(answers[0]), origin)
    for facet, answer in zip(plan.faceted(), answers[1:], strict=False):
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
        item["distance_km"] = round(distance_km(wish.origin, (place["lat"], place["lng"])), 1)
    return item
