"""The finder that web and interface are handed: the engine answers, or else the database."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from structlog import get_logger

from marketplace.config import Settings
from marketplace.db.session import SessionFactory
from marketplace.domain.finding import Found, Reach, Wish
from marketplace.domain.text import normalise
from search import cursors, facets, fallback, highlights, queries
from search.cursors import Behind, Skip
from search.engine import Engine, EngineRefused
from search.queries import ALL, Plan
from marketplace.engines.process import EngineError

PAUSE_SECONDS = 2.0
"""After a failure the engine is left alone for this long, so that not every search waits for it."""

log = get_logger()
Answer = dict[str, Any]


class MeiliFinder:
    """Implements :class:`marketplace.domain.finding.Finder`. Safe to share between threads."""

    def __init__(
        self,
        settings: Settings,
        sessions: SessionFactory,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.engine = Engine(settings)
        self._sessions = sessions
        self._clock = clock
        self._trusted_from = float("-inf")

    def find(self, wish: Wish, reach: Reach) -> Found:
        """Find what the viewer may see; raises as the protocol says."""
        started = time.perf_counter()
        cursor = cursors.read(wish)
        scope = queries.scope(reach, listed=wish.listed)
        if scope is None:
            return Found(items=[], total=0)
        found = self._asking(lambda: self._find(Plan(wish, scope, cursor)))
        if found is None:
            with self._sessions() as session:
                found = fallback.find(session, wish, reach, cursor)
        found.took_ms = (time.perf_counter() - started) * 1000
        return found

    def suggest(self, q: str, reach: Reach, *, limit: int = 8) -> list[str]:
        """Names of findable listings that start or continue what was typed."""
        ...

    def healthy(self) -> bool:
        """Whether the search engine answers."""
        return self.engine.healthy()
