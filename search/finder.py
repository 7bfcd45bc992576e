"""The finder that web and interface are handed: a search node answers, or else the database."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from structlog import get_logger

from marketplace.config import Settings
from marketplace.db.session import SessionFactory
from marketplace.domain.finding import Found, Reach, Sort, Wish
from search import answers, cursors, fallback, queries, spellings
from search.choice import Choice
from search.engine import Engine, EngineDown, EngineRefused, engines_of
from search.orders import has_words

HITS_AT_ONCE = 1_000
"""Hits of one answer when all of them are wanted: few enough for the engine to answer in time."""

T = TypeVar("T")
log = get_logger()


class MeiliFinder:
    """Implements :class:`marketplace.domain.finding.Finder`; safe to share between threads."""

    def __init__(
        self,
        settings: Settings,
        sessions: SessionFactory,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.engines = engines_of(settings)
        self._sessions = sessions
        self._choice = Choice(self.engines, sessions, clock)

    def find(self, wish: Wish, reach: Reach) -> Found:
        """Find what the viewer may see.

        Raises:
            Invalid: the cursor is not one that an earlier answer gave for the same wish.
        """
        started = time.perf_counter()
        cursor = cursors.read(wish)
        scope = queries.scope(reach, listed=wish.listed)
        if scope is None:
            return Found(items=[], total=0)
        found = self._from_engine(lambda engine: answers.find(engine, wish, scope, cursor))
        if found is None:
            with self._sessions() as session:
                found = fallback.find(session, wish, reach, cursor)
        return dataclasses.replace(found, took_ms=round((time.perf_counter() - started) * 1000, 2))

    def ids(self, wish: Wish, reach: Reach) -> Iterator[Sequence[int]]:
        """Ids of all that a wish finds, each at least once, in pieces and in any order.

        What words mean only the engine knows; filters alone the database answers exactly, and faster.
        """
        if not has_words(wish):
            with self._sessions() as session:
                yield from fallback.ids(session, wish, reach)
            return
        page = dataclasses.replace(
            wish, cursor="", limit=HITS_AT_ONCE, facets=False, marked=False, sort=Sort.NEWEST
        )
        while True:
            found = self.find(page, reach)
            yield [item["id"] for item in found.items]
            if not found.next_cursor:
                return
            page = dataclasses.replace(page, cursor=found.next_cursor)

    def suggest(self, q: str, reach: Reach, *, limit: int = 8) -> list[str]:
        """Names of findable listings that start or continue what was typed; each once."""
        scope = queries.scope(reach, listed=True)
        words = " ".join(spellings.words(q))
        if scope is None or not words:
            return []
        query = queries.suggesting(words, scope, limit)
        names = self._from_engine(lambda engine: _names(engine, query))
        if names is None:
            with self._sessions() as session:
                names = fallback.suggest(session, q, reach, limit)
        return names

    def nodes(self) -> Mapping[str, bool]:
        """Whether each search node answers; when none does, ``find`` still does, from the database."""
        return {engine.name: engine.healthy() for engine in self.engines}

    def _from_engine(self, ask: Callable[[Engine], T]) -> T | None:
        """The answer of the first node that gives one; None when none does, or could a moment ago."""
        for node in self._choice.in_turn():
            try:
                answer = ask(node.engine)
            except EngineDown as error:
                node.failed()
                log.warning("search_engine_down", node=node.engine.name, error=str(error))
            except EngineRefused as error:
                if error.code == "index_not_found":
                    node.failed()
                log.error("search_engine_refused", node=node.engine.name, code=error.code, error=str(error))
            else:
                node.answered()
                return answer
        return None


def _names(engine: Engine, query: queries.Query) -> list[str]:
    [answer] = engine.search(query)
    return [hit["name"] for hit in answer["hits"]]
