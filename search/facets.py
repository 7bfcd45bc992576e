"""Facets: what stands in a document for them, and how the engine's counts are read.

The engine reads every facet field of every hit, so all that is counted stands in one field,
``facets``: each value begins with a letter that says what it is, and what depends on the holder
(region, the units it belongs to, position) is one value. Fewer values per document are counted in a
third of the time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

from marketplace.domain.finding import DISTANCES
from marketplace.domain.places import Place, distance_km

Counts = dict[str, dict[str, int]]

FIELDS = {
    "category": "category_path",
    "region": "region_code",
    "unit": "unit_codes",
    "condition": "condition",
    "mode": "modes",
    "state": "state",
    "value": "value_band",
    "year": "year",
    "distance": "facets",
}
"""Facets and the field that counts each alone; distances are worked out from the holders' positions."""

_SEPARATOR, _LEVELS = "\x1f", "\x1e"
"""Control characters, which no text that was read by ``clean`` contains."""
_LETTERS = {"condition": "d", "state": "s", "mode": "m", "value": "v", "year": "y"}
_BY_LETTER = {letter: facet for facet, letter in _LETTERS.items()}
BEYOND_KM = 1e6
"""Stands for an unknown distance where things are put in order: behind all others."""


class _Value(NamedTuple):
    """One value of ``facets``, read."""

    counted: tuple[tuple[str, str], ...]
    """The facets and their values that it stands for."""
    above: str = ""
    """Of a holder: its region and what it belongs to, which many holders have in common."""
    unit: int = 0
    place: Place | None = None
    """Of a holder: who it is, and where."""


def of_holder(unit: int, code: str, region: str, above: Iterable[str], place: Place | None) -> str:
    """What all assets of one unit have in common, as one value."""
    position = f"{place[0]!r},{place[1]!r}" if place else ""
    return "u" + _SEPARATOR.join((str(unit), code, _LEVELS.join((region, *above)), position))


def of_class(edition: str, codes: Iterable[str]) -> str:
    """A class with all above it, as one value."""
    return f"c{edition}{_SEPARATOR}{_LEVELS.join(codes)}"


def of(facet: str, value: object) -> str:
    """One value of a facet that has no levels."""
    return f"{_LETTERS[facet]}{value}"


def read_counts(distribution: Mapping[str, int], origin: Place | None) -> Counts:
    """All facets from the counts of ``facets``; distances only when there is a place to measure from."""
    counts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    above: dict[str, int] = {}
    rings = [0] * (len(DISTANCES) + 1)
    for value, number in distribution.items():
        read = _read(value)
        _add(counts, read.counted, number)
        if read.above:
            above[read.above] = above.get(read.above, 0) + number
        if origin and read.place:
            rings[_ring(origin, read.place)] += number
    for text, number in above.items():
        _add(counts, _read_above(text), number)
    if within := _within(rings):
        counts["distance"] = within
    return dict(counts)


def by_distance(distribution: Mapping[str, int], origin: Place) -> list[tuple[float, int, int]]:
    """Holders as (kilometres, unit, count), the nearest first; those without a position last."""
    read = ((_read(value), number) for value, number in distribution.items() if value[0] == "u")
    return sorted(
        (distance_km(origin, value.place) if value.place else BEYOND_KM, value.unit, number)
        for value, number in read
    )


def of_answer(facet: str, answer: Mapping[str, Any], origin: Place | None) -> dict[str, int]:
    """The counts of one facet from the answer to a query that asked for its field alone."""
    distribution: dict[str, int] = answer["facetDistribution"].get(FIELDS[facet], {})
    return read_counts(distribution, origin).get(facet, {}) if facet == "distance" else distribution


@lru_cache(50_000)
def _read(value: str) -> _Value:
    kind, rest = value[0], value[1:]
    if kind == "u":
        unit, code, above, position = rest.split(_SEPARATOR)
        latitude, _, longitude = position.partition(",")
        place = (float(latitude), float(longitude)) if position else None
        return _Value((("unit", code),), above, int(unit), place)
    if kind == "c":
        edition, classes = rest.split(_SEPARATOR)
        return _Value(tuple(("category", f"{edition}:{code}") for code in classes.split(_LEVELS)))
    return _Value(((_BY_LETTER[kind], rest),))


@lru_cache(10_000)
def _read_above(text: str) -> tuple[tuple[str, str], ...]:
    region, *units = text.split(_LEVELS)
    return (("region", region), *(("unit", code) for code in units))


def _add(counts: defaultdict[str, dict[str, int]], counted: Iterable[tuple[str, str]], number: int) -> None:
    for facet, name in counted:
        of_facet = counts[facet]
        of_facet[name] = of_facet.get(name, 0) + number


@lru_cache(50_000)
def _ring(origin: Place, place: Place) -> int:
    """Index of the first step that reaches so far; one more than there are where none does."""
    return bisect_left(DISTANCES, distance_km(origin, place))


def _within(rings: Sequence[int]) -> dict[str, int]:
    """What lies within each step, nearer rings included; steps that nothing lies within are left out."""
    return {str(step): number for step, number in zip(DISTANCES, accumulate(rings), strict=False) if number}
