"""What a search asks for and what it answers, apart from whichever engine finds it.

The web and the interface speak these words; ``search`` implements :class:`Finder` and is handed in
when the application is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from marketplace.domain.permissions import Actor, Permission

PAGE_LIMIT = 100
"""Most hits one answer carries; further ones by cursor."""
MARK_START, MARK_END = "\ue000", "\ue001"
"""Private-use characters around highlighted words; the page turns them into marks after escaping."""
VALUE_STEPS = (0, 500, 1_000, 5_000, 10_000, 50_000, 200_000)
"""Lower bounds in CNY of the value facet's steps; a step is called ``1000-5000``, the last ``200000+``."""
DISTANCES = (5, 20, 50, 100, 300)
"""Steps of the distance facet, in kilometres."""


class Mode(StrEnum):
    """How a listed asset may be had."""

    TRANSFER = "transfer"
    LOAN = "loan"


class Sort(StrEnum):
    """Orders of a result; each ends in the asset's id, so that it is total."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"
    VALUE_LOW = "value_low"
    VALUE_HIGH = "value_high"
    NEAREST = "nearest"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Reach:
    """Which assets one viewer can find. Empty means nothing at all."""

    scopes: frozenset[int]
    """Every card of these units and below, listed or not."""
    circles: frozenset[int]
    """Listings offered to one of these units, or to everyone; empty: the viewer may not find listings."""
    everything: bool = False


def reach_of(actor: Actor) -> Reach:
    """What this actor can find."""
    return Reach(
        scopes=actor.scopes(Permission.READ_ASSETS), circles=actor.circles(), everything=actor.everything
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """One search. Several values of a filter mean any of them; different filters mean all of them."""

    q: str = ""
    units: tuple[str, ...] = ()
    """Unit codes; a unit includes everything below it."""
    categories: tuple[str, ...] = ()
    """``edition:code`` pairs; a class includes its sub-classes."""
    regions: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    modes: tuple[Mode, ...] = ()
    states: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    """Years in which the asset was acquired."""
    min_value: Decimal | None = None
    max_value: Decimal | None = None
    within_km: int | None = None
    origin: tuple[float, float] | None = None
    """Latitude and longitude that distances are measured from: the viewer's unit."""
    has_photo: bool = False
    listed: bool = True
    """False: every card within the viewer's scopes, listed or not."""
    sort: Sort = Sort.RELEVANCE
    limit: int = 24
    cursor: str = ""
    facets: bool = True
    marked: bool = True
    """Whether to mark what matched; it shows people why something was found, and takes time."""


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a :class:`Wish`."""

    items: list[dict[str, Any]]
    """What is shown of search documents (``search.lines.SHOWN``), each with two things more:
    ``highlight``, the marked texts of ``name number brand model`` as far as something matched there, and
    of ``alias``, the other name that was meant, empty when no marks were wished for; ``distance_km``,
    None where a position is unknown."""
    total: int
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Counts by facet (``category region unit condition mode state value year distance``) and value,
    each counted as if that facet itself were not filtered."""
    next_cursor: str | None = None
    took_ms: float = 0.0
    degraded: bool = False
    """True when the database answered because the search engine could not."""
    relaxed: bool = False
    """True when nothing matched all words and the best partial matches are shown."""


class Finder(Protocol):
    """What web and interface need of a search engine."""

    def find(self, wish: Wish, reach: Reach) -> Found:
        """Find what the viewer may see.

        Raises:
            Invalid: the cursor is not one that an earlier answer gave for the same wish.
        """
        ...

    def ids(self, wish: Wish, reach: Reach) -> Iterator[Sequence[int]]:
        """Ids of all that a wish finds, each at least once, in pieces and in any order."""
        ...

    def nodes(self) -> Mapping[str, bool]:
        """Whether each search node answers; when none does, ``find`` still does, from the database."""
        ...

    def suggest(self, q: str, reach: Reach, *, limit: int = 8) -> list[str]:
        """Names of findable assets that start or continue what was typed."""
        ...
