"""Where a fault happens, and what it finds."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from drill.installation import Installation, seconds_until, standing_still
from drill.people import Crowd
from drill.surroundings import PLAIN, Surroundings
from drill.town import Town

PATIENCE = 60
"""Seconds for anything to happen. Machines differ: only what never happens counts as lost."""


@dataclass
class Scene:
    """A running installation with people at work."""

    here: Installation
    town: Town
    crowd: Crowd
    lost: list[str] = field(default_factory=list)
    """What the fault itself found lost."""

    def must(self, otherwise: str, holds: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Note it where something doesn't happen in time."""
        if seconds_until(holds, most=seconds) is None:
            self.lost.append(otherwise)

    def must_work(self, when: str, some: int = 3) -> None:
        """Note it where nobody's writes are taken."""
        if self.crowd.works(some, most=PATIENCE) is None:
            self.lost.append(f"no writes were taken {when}")

    def must_search_the_database(self) -> None:
        """Note it where searches were not answered by the database instead."""
        self.must("the database answered no search", lambda: self.crowd.book.degraded > 0)

    def gone(self, part: str) -> None:
        """End a process without a word; another one has to take its place."""
        before = len(self.here.find(part))
        ended = self.here.end(part)
        self.must(
            f"no other {part} took its place", lambda: any(pid != ended for pid in self.here.find(part))
        )
        self.must(f"more than one {part} is left", lambda: len(self.here.find(part)) == before)

    def stopped(self, part: str) -> AbstractContextManager[None]:
        """The processes of a part don't move meanwhile."""
        return standing_still(self.here.find(part))


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that happens."""

    name: str
    act: Callable[[Scene], None]
    where: Surroundings = PLAIN
    refusals: bool = False
    """Whether people may be refused, as when an offer has run out by a moved clock."""
