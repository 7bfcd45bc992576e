"""Which search node is asked: one that answers, and that lacks nothing which another one has."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence

from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from marketplace.db import search_nodes
from marketplace.db.search_nodes import Standing
from marketplace.db.session import SessionFactory
from search.engine import Engine

PAUSE_SECONDS = 2.0
"""After a failure a node is left alone for this long, so that not every search waits for it."""
LONGEST_PAUSE_SECONDS = 30.0
"""The pause doubles with every further failure up to this, as long as there are others to ask."""
MOST_FAILURES = 10
"""More in a row are not counted."""
LOOK_SECONDS = 2.0
"""How often a process asks the database how the nodes stand."""
LAG_SECONDS = 5.0
"""A node further than this behind the best is not asked."""

Clock = Callable[[], float]
log = get_logger()


class Choice:
    """The nodes of one process, and what it knows of them. Safe to share between threads."""

    def __init__(self, engines: Sequence[Engine], sessions: SessionFactory, clock: Clock) -> None:
        longest = PAUSE_SECONDS if len(engines) == 1 else LONGEST_PAUSE_SECONDS
        self._nodes = [_Node(engine, clock, longest) for engine in engines]
        self._sessions, self._clock = sessions, clock
        self._turn = itertools.count()
        self._fit: frozenset[str] | None = None
        self._look_at, self._looking = float("-inf"), threading.Lock()

    def in_turn(self) -> Iterator[_Node]:
        """The nodes that may be asked, each search beginning with another one.

        Where none of them answers, also those whose pause has only grown so long because there were others.
        """
        if len(self._nodes) == 1:
            candidates = self._nodes
        else:
            fit = self._known_fit()
            candidates = [node for node in self._nodes if node.engine.name in fit]
        first = next(self._turn) % len(candidates) if candidates else 0
        in_turn = [*candidates[first:], *candidates[:first]]
        yield from (node for node in in_turn if node.may_be_asked())
        yield from (node for node in in_turn if node.may_be_tried())

    def _known_fit(self) -> frozenset[str]:
        """Names of the nodes that are complete and not behind, as was known a moment ago."""
        if self._fit is None:
            with self._looking:
                if self._fit is None:
                    self._look()
        elif self._clock() >= self._look_at and self._looking.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._looking.release()
        return self._fit or frozenset()

    def _look(self) -> None:
        self._look_at = self._clock() + LOOK_SECONDS
        try:
            with self._sessions() as session:
                self._fit = fit(search_nodes.standings(session), self._nodes[0].engine.name)
        except SQLAlchemyError as error:
            log.warning("search_nodes_not_known", error=str(error))


def fit(standings: Sequence[Standing], first: str) -> frozenset[str]:
    """Which nodes may be asked. Before any is known to the job process, that is the one named ``first``."""
    if not standings:
        return frozenset({first})
    complete = [node for node in standings if node.complete]
    best = min((node.lag for node in complete), default=0.0)
    return frozenset(node.name for node in complete if node.lag <= best + LAG_SECONDS)


class _Node:
    """A node and how it did when it was asked."""

    def __init__(self, engine: Engine, clock: Clock, longest_pause: float) -> None:
        self.engine = engine
        self._clock, self._longest_pause = clock, longest_pause
        self._failures = 0
        self._failed_at = self._paused_until = float("-inf")

    def may_be_asked(self) -> bool:
        """Whether it is not left alone. After a pause a single search tries it first."""
        if self._clock() < self._paused_until:
            return False
        if self._failures:
            self._paused_until = self._clock() + PAUSE_SECONDS
        return True

    def may_be_tried(self) -> bool:
        """Whether it failed, and was left alone for as long as a single node would be."""
        return bool(self._failures) and self._clock() >= self._failed_at + PAUSE_SECONDS

    def answered(self) -> None:
        """It did."""
        if self._failures:
            self._failures, self._paused_until = 0, float("-inf")

    def failed(self) -> None:
        """It did not, or not in time."""
        self._failed_at = self._clock()
        self._paused_until = self._failed_at + min(PAUSE_SECONDS * 2**self._failures, self._longest_pause)
        self._failures = min(self._failures + 1, MOST_FAILURES)
