"""Results in the order of distance: holder by holder, the nearest first.

The engine could sort by distance itself, but among the many assets at one place its order is its
own and not kept from page to page. Distance depends on the holder alone, and the counts by holder
are known, so the holders of a page can be named: an exact order, and pages that continue behind a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marketplace.domain.places import Place
from search import facets
from search.cursors import Past
from search.queries import Query

Item = dict[str, Any]
Ranked = list[tuple[float, int, int]]
"""Holders as (kilometres, unit, count), the nearest first."""
AT_ONCE = 1_000
"""Hits of whole holders that one query may bring; more than fit in a page."""


class Ranking:
    """The holders of all that is found, and which of them a page needs."""

    def __init__(self, distribution: Mapping[str, int], origin: Place, past: Past | None) -> None:
        ranked = facets.by_distance(distribution, origin)
        self._km = {unit: km for km, unit, _ in ranked}
        self._past = past
        behind = (self._km.get(past.unit, past.km), past.unit) if past else ()
        self._rest = [holder for holder in ranked if holder[:2] > behind]

    def queries(self, hits: Query, needed: int) -> list[Query]:
        """Queries that bring the next ``needed`` hits in any order, made from one without holders."""
        whole, partial, missing = _covering(self._rest, needed)
        wanted = []
        if self._past:
            wanted.append((f"unit_id = {self._past.unit} AND id > {self._past.id}", needed))
        if whole:
            wanted.append((f"unit_id IN {sorted(whole)}", AT_ONCE))
        if partial is not None:
            wanted.append((f"unit_id = {partial}", missing))
        return [
            hits | {"filter": [*hits["filter"], text], "sort": ["id:asc"], "limit": limit}
            for text, limit in wanted
        ]

    def order(self, items: Sequence[Item]) -> list[Item]:
        """The items as they follow one another."""
        return sorted(items, key=lambda item: (self.km(item), item["unit_id"], item["id"]))

    def km(self, item: Item) -> float:
        """How far an item is; of a holder that came in between the two requests, beyond everything."""
        return self._km.get(item["unit_id"], facets.BEYOND_KM)


def _covering(rest: Ranked, needed: int) -> tuple[list[int], int | None, int]:
    """The holders whose hits are all needed, the one of which only the first are, and how many of it."""
    whole: list[int] = []
    for _, unit, count in rest:
        if count >= needed:
            return whole, unit, needed
        whole.append(unit)
        needed -= count
    return whole, None, 0
