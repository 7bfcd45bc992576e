"""A wish and the viewer's reach as queries of the engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from marketplace.domain.finding import MARK_END, MARK_START, Reach, Wish
from search import facets, spellings
from search.cursors import Behind, Cursor, Past, Skip
from search.documents import EVERYONE
from search.orders import Order, is_by_distance, order_of
from search.schema import MARKED, PLACE_FIELDS, WORD_FIELDS

Query = dict[str, Any]

ALL, PARTIAL = "all", "frequency"
"""Every word must match, or as many as possible, the rarest first."""
WORDS_READ = 10
"""Words of a search that the engine reads; it leaves further ones aside."""
_NOTHING = "id < 0"


def scope(reach: Reach, *, listed: bool) -> str | None:
    """The filter for what the viewer may find: empty for everything, None for nothing at all."""
    ways = []
    if reach.everything:
        return "listed = true" if listed else ""
    if listed and reach.circles:
        ways.append(f"audience IN {_numbers({EVERYONE, *reach.circles})}")
    if reach.scopes:
        ways.append(f"unit_path IN {_numbers(reach.scopes)}")
    if not ways:
        return None
    found = f"({' OR '.join(ways)})"
    return f"listed = true AND {found}" if listed else found


def filters(wish: Wish) -> dict[str, str]:
    """The filters of a wish by the facet they belong to; ``photo`` belongs to none."""
    chosen = {
        "category": _any_of("category_path", wish.categories),
        "region": _any_of("region_code", wish.regions),
        "unit": _any_of("unit_codes", wish.units),
        "condition": _any_of("condition", wish.conditions),
        "mode": _any_of("modes", wish.modes),
        "state": _any_of("state", wish.states),
        "year": f"year IN {_numbers(wish.years)}" if wish.years else "",
        "value": _between(wish.min_value, wish.max_value),
        "distance": _near(wish),
        "photo": "photo_count > 0" if wish.has_photo else "",
    }
    return {facet: text for facet, text in chosen.items() if text}


class Plan:
    """The queries that answer one page of a wish, to be asked side by side: counts, and the hits."""

    def __init__(self, wish: Wish, of_scope: str, cursor: Cursor | None) -> None:
        self.wish = wish
        self.order = order_of(wish)
        self.words = spellings.words(wish.q)
        self.typed = " ".join(self.words)
        self.q, self.strategy, self.instead = self.typed, ALL, False
        self.skipped = cursor.hits if isinstance(cursor, Skip) else 0
        self.behind = cursor if isinstance(cursor, Behind) else None
        self.past = cursor if isinstance(cursor, Past) else None
        self.by_distance = is_by_distance(wish)
        self._scope = of_scope
        self._filters = filters(wish)
        if cursor and cursor.strategy:
            self.ask_instead(cursor.q, cursor.strategy)

    def ask_instead(self, q: str, strategy: str) -> None:
        """Look for something else than what was typed, and in the places of things as well."""
        self.q, self.strategy, self.instead = q, strategy, True

    @property
    def other_words(self) -> tuple[str, ...]:
        """What the next page has to be told to look for, where it is not what was typed."""
        return (self.q, self.strategy) if self.instead else ()

    @property
    def relaxed(self) -> bool:
        """Whether what is found need not match all the words that were typed."""
        return len(self.words) > WORDS_READ or (self.q, self.strategy) != (self.typed, ALL)

    def queries(self, *, together: bool = False) -> list[Query]:
        """The hits, then what counts all that is found, then each facet counted apart.

        Counting takes longer than finding, so it is asked for beside it; ``together``, where the engine
        has enough to do, in one query, which is less work for it. Where nothing is to be counted but the
        hits, their query does that too. Distances need the counts before the hits can be asked for.
        """
        counts = COUNT_ALL if self.wish.facets or self.by_distance else {}
        if self.by_distance:
            return [self._asked() | _NO_HITS | counts, *self._apart()]
        if not self.behind and (together or not counts):
            return [self.hits() | counts, *self._apart()]
        return [self.hits(), self._asked() | _NO_HITS | counts, *self._apart()]

    def alternatives(self) -> list[list[tuple[str, str]]]:
        """What may have been meant, as words and strategy, in kinds of guesses, the best kind first.

        The same words where things stand as well; wrong characters that sound right; one wrong
        character; some of the words.
        """
        kinds = [[(self.typed, ALL)], [(self.typed, PARTIAL)]]
        if spellings.HAN.search(self.typed):
            kinds[1:1] = [[(spellings.in_pinyin(self.typed), ALL)], _without_one(self.typed)]
        return [kind for kind in kinds if kind]

    def counting(self, q: str, strategy: str) -> Query:
        """A query that only counts what other words would find."""
        return self._asked() | _NO_HITS | _asking(q, strategy, _EVERYWHERE)

    def faceted(self) -> list[str]:
        """Facets that are counted apart, in the order of their queries."""
        return [facet for facet in self._filters if facet in facets.FIELDS] if self.wish.facets else []

    def hits(self) -> Query:
        """The query for the hits of the page; by distance, without the holders that it needs."""
        query: Query = self._asked() | {"limit": self.wish.limit, "attributesToRetrieve": ["card"]}
        if self.words and self.wish.marked:
            query |= _HIGHLIGHTED
        if self.order:
            query["sort"] = [f"{self.order.field}:{'desc' if self.order.descending else 'asc'}", "id:asc"]
        if self.behind and self.order:
            query["filter"] = [*query["filter"], _behind(self.behind, self.order)]
        return query | {"offset": self.skipped} if self.skipped else query

    def _apart(self) -> list[Query]:
        """Each filtered facet counted as if it were not: what choosing another value would give."""
        return [
            self._asked(without=facet) | _NO_HITS | {"facets": [facets.FIELDS[facet]]}
            for facet in self.faceted()
        ]

    def _asked(self, without: str = "") -> Query:
        chosen = [text for facet, text in self._filters.items() if facet != without]
        query: Query = {"filter": [self._scope, *chosen] if self._scope else chosen}
        fields = _EVERYWHERE if self.instead else WORD_FIELDS
        return query | _asking(self.q, self.strategy, fields) if self.q else query


_EVERYWHERE = (*WORD_FIELDS, *PLACE_FIELDS)
COUNT_ALL: Query = {"facets": ["facets"]}
_NO_HITS = {"limit": 0}
_HIGHLIGHTED = {
    "attributesToHighlight": MARKED,
    "highlightPreTag": MARK_START,
    "highlightPostTag": MARK_END,
}


def suggesting(q: str, of_scope: str, limit: int) -> Query:
    """A query for the distinct names of what the words find."""
    return {
        **_asking(q, ALL, WORD_FIELDS),
        "filter": [of_scope] if of_scope else [],
        "distinct": "name",
        "attributesToRetrieve": ["name"],
        "limit": limit,
    }


def _asking(q: str, strategy: str, fields: Sequence[str]) -> Query:
    return {"q": q, "matchingStrategy": strategy, "attributesToSearchOn": fields}


def _without_one(typed: str) -> list[tuple[str, str]]:
    """The words with each Chinese character left out in turn."""
    apart = spellings.chars(typed).split()
    han = [position for position, word in enumerate(apart) if spellings.HAN.match(word)]
    if not 3 <= len(han) <= LONGEST_REPAIRED:
        return []
    return [(" ".join(apart[:position] + apart[position + 1 :]), ALL) for position in han]


LONGEST_REPAIRED = 8
"""Chinese characters up to which each is tried as the wrong one."""


def _behind(row: Behind, order: Order) -> str:
    value, further = _quoted(str(row.value)), "<" if order.descending else ">"
    return f"({order.field} {further} {value} OR ({order.field} = {value} AND id > {row.id}))"


def _between(low: Decimal | None, high: Decimal | None) -> str:
    bounds = (("original_value >= ", low), ("original_value <= ", high))
    return " AND ".join(f"{text}{value:f}" for text, value in bounds if value is not None)


def _near(wish: Wish) -> str:
    """A distance without a place to measure from is no distance: nothing is that near."""
    if wish.within_km is None:
        return ""
    if wish.origin is None:
        return _NOTHING
    latitude, longitude = wish.origin
    return f"_geoRadius({latitude!r}, {longitude!r}, {wish.within_km * 1000})"


def _any_of(field: str, values: Sequence[str]) -> str:
    """A filter for any of the values. One with a backslash can't be told to the engine and is in no card."""
    if not values:
        return ""
    listed = ", ".join(_quoted(value) for value in values if "\\" not in value)
    return f"{field} IN [{listed}]" if listed else _NOTHING


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '\\"') + '"'


def _numbers(values: Iterable[int]) -> str:
    return f"[{', '.join(map(str, sorted(values)))}]"
