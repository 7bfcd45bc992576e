"""Feeding one of several search nodes, at its own pace."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from structlog import get_logger

from marketplace.db import search_nodes
from marketplace.db.session import SessionFactory, transaction
from search import indexer, rebuild, schema
from search.engine import Engine

KeepGoing = Callable[[], bool]
log = get_logger()


class Stopped(Exception):
    """The process is asked to end; a rebuild that is given up is begun again by the next one."""


class Feeder:
    """Brings one node up to the database, in a thread of its own: no node waits for another."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.error = ""
        """Why it could not be fed the last time; empty when it could."""
        self._figures = Counter[str]()
        self._mutex = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_fit = False

    def start(self, sessions: SessionFactory, keep_going: KeepGoing) -> None:
        """Begin to feed it what waits, unless that is still under way."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._feed, args=(sessions, keep_going))
            self._thread.start()

    def join(self, seconds: float | None = None) -> None:
        """Wait for its end, or so long."""
        if self._thread is not None:
            self._thread.join(seconds)

    def take(self) -> Counter[str]:
        """What was done since this was last asked."""
        with self._mutex:
            done, self._figures = self._figures, Counter()
        return done

    def _feed(self, sessions: SessionFactory, keep_going: KeepGoing) -> None:
        try:
            self._make_ready(sessions, keep_going)
            while keep_going() and (done := indexer.drain_outbox(sessions, self.engine))["rows"]:
                with self._mutex:
                    self._figures.update(done)
            self._note("")
        except Exception as error:
            # Whatever it is, the next turn tries again, and looks whether the node is still what it was.
            self._is_fit = False
            self._note(f"{type(error).__name__}: {error}")

    def _make_ready(self, sessions: SessionFactory, keep_going: KeepGoing) -> None:
        """Fill a node that lacks more than what waits for it; nobody asks it before it is full."""
        with transaction(sessions) as session:
            complete = search_nodes.is_complete(session, self.engine.name)
            if complete and not schema.exists(self.engine, self.engine.index):
                search_nodes.set_complete(session, self.engine.name, complete := False)
        if not complete:
            self._fill(sessions, keep_going)
        elif not self._is_fit:
            rebuild.fit(sessions, self.engine)
        self._is_fit = True

    def _fill(self, sessions: SessionFactory, keep_going: KeepGoing) -> None:
        def go_on(_done: int, _total: int) -> None:
            if not keep_going():
                raise Stopped

        log.info("search_node_filling", node=self.engine.name)
        figures = rebuild.rebuild(sessions, self.engine, progress=go_on)
        log.info("search_node_filled", node=self.engine.name, **figures)

    def _note(self, error: str) -> None:
        if bool(error) != bool(self.error):
            log.warning(
                "search_node_away" if error else "search_node_back", node=self.engine.name, error=error
            )
        self.error = error
