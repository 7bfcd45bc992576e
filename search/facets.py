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
REMEMBERED = 50_000
"""Values that are kept read."""
BEYOND_KM = 1e6
"""Stands for an unknown distance where things are put in order: behind all others."""


class _Holder(NamedTuple):
    """A unit that holds things, read from a value of ``facets``."""

    unit: int
    code: str
    above: str
    """Its region and what it belongs to, which many holders have in common."""
    place: Place | None


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
    """All facets from the counts of ``facets``; distances only when there is a place to measure from.

    Nearly all values are holders, thousands with every letter that somebody types.
    """
    counts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    above: defaultdict[str, int] = defaultdict(int)
    units: defaultdict[str, int] = defaultdict(int)
    rings, ring_of = [0] * (len(DISTANCES) + 1), _rings_around(origin)
    for value, number in distribution.items():
        holder = _HOLDERS[value]
        if holder is None:
            _add(counts, _others(value), number)
            continue
        _, code, upper, place = holder
        units[code] += number
        above[upper] += number
        rings[ring_of[place]] += number
    if units:
        counts["unit"] = units
    for text, number in above.items():
        _add(counts, _read_above(text), number)
    if within := _within(rings):
        counts["distance"] = within
    return dict(counts)


def by_distance(distribution: Mapping[str, int], origin: Place) -> list[tuple[float, int, int]]:
    """Holders as (kilometres, unit, count), the nearest first; those without a position last."""
    holders = ((_HOLDERS[value], number) for value, number in distribution.items())
    return sorted(
        (distance_km(origin, holder.place) if holder.place else BEYOND_KM, holder.unit, number)
        for holder, number in holders
        if holder
    )


def of_answer(facet: str, answer: Mapping[str, Any], origin: Place | None) -> dict[str, int]:
    """The counts of one facet from the answer to a query that asked for its field alone."""
    distribution: dict[str, int] = answer["facetDistribution"].get(FIELDS[facet], {})
    return read_counts(distribution, origin).get(facet, {}) if facet == "distance" else distribution


class _Holders(dict[str, _Holder | None]):
    """Values that were read, None for those that are no holder. A dict answers faster than a cache does."""

    def __missing__(self, value: str) -> _Holder | None:
        if len(self) >= REMEMBERED:
            self.clear()
        self[value] = holder = _read_holder(value) if value[0] == "u" else None
        return holder


_HOLDERS = _Holders()


def _read_holder(value: str) -> _Holder:
    unit, code, above, position = value[1:].split(_SEPARATOR)
    latitude, _, longitude = position.partition(",")
    place = (float(latitude), float(longitude)) if position else None
    return _Holder(int(unit), code, above, place)


@lru_cache(10_000)
def _others(value: str) -> tuple[tuple[str, str], ...]:
    """The facets and their values that a value stands for, other than a holder."""
    kind, rest = value[0], value[1:]
    if kind == "c":
        edition, classes = rest.split(_SEPARATOR)
        return tuple(("category", f"{edition}:{code}") for code in classes.split(_LEVELS))
    return ((_BY_LETTER[kind], rest),)


@lru_cache(10_000)
def _read_above(text: str) -> tuple[tuple[str, str], ...]:
    region, *units = text.split(_LEVELS)
    return (("region", region), *(("unit", code) for code in units))


def _add(counts: defaultdict[str, dict[str, int]], counted: Iterable[tuple[str, str]], number: int) -> None:
    for facet, name in counted:
        of_facet = counts[facet]
        of_facet[name] = of_facet.get(name, 0) + number


class _Rings(dict[Place | None, int]):
    """The step that reaches as far as a place, by its index; behind the last one where none does."""

    def __init__(self, origin: Place | None) -> None:
        super().__init__()
        self._origin = origin

    def __missing__(self, place: Place | None) -> int:
        near = self._origin and place
        ring = bisect_left(DISTANCES, distance_km(self._origin, place)) if near else len(DISTANCES)
        self[place] = ring
        return ring


@lru_cache(64)
def _rings_around(origin: Place | None) -> _Rings:
    """Kept for as many places as people search from at a time."""
    return _Rings(origin)


def _within(rings: Sequence[int]) -> dict[str, int]:
    """What lies within each step, nearer rings included; steps that nothing lies within are left out."""
    return {str(step): number for step, number in zip(DISTANCES, accumulate(rings), strict=False) if number}
