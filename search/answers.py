"""From the engine's answers to what was found, asking once more in other words when nothing was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marketplace.domain.finding import Found, Wish
from search import cursors, documents, facets, highlights
from search.cursors import Behind, Cursor, Skip
from search.engine import Engine
from search.orders import Order
from search.queries import Plan, Query

Answer = dict[str, Any]


def find(engine: Engine, wish: Wish, scope: str, cursor: Cursor | None) -> Found:
    """One page; ordinarily one request.

    Raises:
        EngineDown, EngineRefused: the engine could not answer.
    """
    plan = Plan(wish, scope, cursor)
    answers = _ask(engine, plan.queries())
    if not cursor and plan.words and not answers[0]["estimatedTotalHits"]:
        meant = _meant(engine, plan)
        if meant:
            plan.ask_instead(*meant)
            answers = _ask(engine, plan.queries())
    return _found(plan, answers)


def _ask(engine: Engine, queries: Sequence[Query]) -> list[Answer]:
    return [engine.search(queries[0])] if len(queries) == 1 else engine.search_together(queries)


def _meant(engine: Engine, plan: Plan) -> tuple[str, str] | None:
    """Other words and the strategy that find something: of the best kind of guess, the one finding most."""
    kinds = plan.alternatives()
    guesses = [guess for kind in kinds for guess in kind]
    answers = engine.search_together([plan.counting(*guess) for guess in guesses])
    found = {guess: answer["estimatedTotalHits"] for guess, answer in zip(guesses, answers, strict=True)}
    best = (max(kind, key=found.__getitem__) for kind in kinds)
    return next((guess for guess in best if found[guess]), None)


def _found(plan: Plan, answers: Sequence[Answer]) -> Found:
    hits: list[Answer] = answers[0]["hits"]
    whole = answers[1] if plan.behind else answers[0]
    shown = plan.skip.hits + len(hits)
    more = hits and (answers[0]["estimatedTotalHits"] > (len(hits) if plan.order else shown))
    return Found(
        items=[_item(plan, hit) for hit in hits],
        total=whole["estimatedTotalHits"],
        facets=_facets(plan, whole, answers) if plan.wish.facets else {},
        next_cursor=cursors.write(plan.wish, _next(plan, hits[-1], shown)) if more else None,
        relaxed=plan.relaxed,
    )


def _facets(plan: Plan, whole: Answer, answers: Sequence[Answer]) -> facets.Counts:
    origin = plan.wish.origin
    counts = facets.read_counts(whole["facetDistribution"].get("facets", {}), origin)
    apart = plan.faceted()
    for facet, answer in zip(apart, answers[len(answers) - len(apart) :], strict=True):
        counts[facet] = facets.of_answer(facet, answer, origin)
    return counts


def _next(plan: Plan, last: Answer, shown: int) -> Cursor:
    if plan.order:
        return Behind(_sort_value(last, plan.order), last["id"])
    return Skip(shown, plan.q, plan.strategy) if plan.instead else Skip(shown)


def _sort_value(hit: Answer, order: Order) -> Any:
    """What a hit was sorted by; the key of its name is not among what is shown."""
    return documents.name_order(hit["name"]) if order.field == "name_order" else hit[order.field]


def _item(plan: Plan, hit: Answer) -> Answer:
    formatted = hit.pop("_formatted", None)
    hit.pop("_geoDistance", None)
    hit["highlight"] = highlights.of_hit(hit, formatted, plan.words) if formatted else {}
    return with_distance(hit, plan.wish)


def with_distance(item: Answer, wish: Wish) -> Answer:
    """The item with ``distance_km``: None where the holder's position, or the viewer's, is unknown."""
    item["distance_km"] = None
    if wish.origin and (place := item.get("_geo")):
        item["distance_km"] = round(facets.distance_km(wish.origin, (place["lat"], place["lng"])), 1)
    return item
