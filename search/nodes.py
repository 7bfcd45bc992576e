"""The search nodes of an installation: mostly one, else several, each with the whole index."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Mapping

from structlog import get_logger

from marketplace.config import Settings
from marketplace.db import search_nodes
from marketplace.db.session import SessionFactory, transaction
from marketplace.engines.process import EngineError
from search import drift, indexer, rebuild, schema
from search.engine import Engine, EngineDown, engines_of
from search.feeding import Feeder, KeepGoing
from search.indexer import Unfilled

GRACE_SECONDS = 1.0
"""How long the nodes are waited for; whoever is not done by then goes on beside the next turn."""
AT_ONCE = 20_000
"""Rows handed over in one statement."""

Figures = Mapping[str, int]
log = get_logger()


class Nodes:
    """What is done for all nodes. One that is away never keeps the others from it."""

    def __init__(self, settings: Settings) -> None:
        self.engines = engines_of(settings)
        self._feeders = [Feeder(engine) for engine in self.engines]

    @property
    def names(self) -> list[str]:
        """What the nodes are called."""
        return [engine.name for engine in self.engines]

    def ensure(self, sessions: SessionFactory) -> None:
        """Have an index in every node, or have it filled by the job process."""
        self._are_several(sessions)
        for engine in self.engines:
            try:
                rebuild.ensure_index(sessions, engine)
            except Unfilled:
                log.warning("search_node_empty", node=engine.name)

    def drain(self, sessions: SessionFactory, keep_going: KeepGoing = lambda: True) -> Figures:
        """Bring what waits into every node; see :func:`search.indexer.drain_outbox`.

        Several are fed side by side, and returned from before all of them are done.

        Raises:
            EngineDown, EngineRefused: no node takes anything.
        """
        if not self._are_several(sessions):
            return indexer.drain_outbox(sessions, self.engines[0])
        self._hand_over(sessions, keep_going)
        until = time.monotonic() + GRACE_SECONDS
        for feeder in self._feeders:
            feeder.start(sessions, keep_going)
        for feeder in self._feeders:
            feeder.join(max(0.0, until - time.monotonic()))
        figures = sum((feeder.take() for feeder in self._feeders), Counter[str]())
        if not figures and all(feeder.error for feeder in self._feeders):
            raise EngineDown("; ".join(feeder.error for feeder in self._feeders))
        return figures

    def settle(self) -> None:
        """Wait until no node is being fed any more."""
        for feeder in self._feeders:
            feeder.join()

    def repair(self, sessions: SessionFactory, *, dry_run: bool = False) -> Figures:
        """Compare every node that answers with the database; see :func:`search.drift.repair`.

        Raises:
            EngineDown, EngineRefused: none could be compared.
        """
        self._are_several(sessions)
        return self._each(lambda engine: drift.repair(sessions, engine, dry_run=dry_run))

    def rebuild(
        self, sessions: SessionFactory, progress: rebuild.Progress = lambda done, total: None
    ) -> Figures:
        """Fill a new index in every node, one after the other; one that is away is filled when it comes back.

        Raises:
            Conflict: another rebuild is under way.
            EngineDown, EngineRefused: none could be filled.
        """
        self._are_several(sessions)

        def fill(engine: Engine) -> Figures:
            try:
                return rebuild.rebuild(sessions, engine, progress=progress)
            except EngineError:
                with transaction(sessions) as session:
                    search_nodes.set_complete(session, engine.name, False)
                raise

        return self._each(fill)

    def purge(self, sessions: SessionFactory, now: dt.datetime) -> int:
        """Forget what no node needs any more; see :func:`search.indexer.purge`."""
        return indexer.purge(sessions, now, self.names)

    def _hand_over(self, sessions: SessionFactory, keep_going: KeepGoing) -> None:
        rows = AT_ONCE
        while keep_going() and rows == AT_ONCE:
            with transaction(sessions) as session:
                rows = search_nodes.hand_over(session, AT_ONCE)

    def _each(self, act: Callable[[Engine], Figures]) -> Figures:
        """Do it for every node that answers; what came of it, added up."""
        done, failures = Counter[str](), list[Exception]()
        for engine in self.engines:
            try:
                done.update(act(engine))
            except (EngineError, Unfilled) as error:
                log.warning("search_node_left_out", node=engine.name, error=str(error))
                failures.append(error)
        if len(failures) == len(self.engines):
            raise failures[0]
        return done

    def _are_several(self, sessions: SessionFactory) -> bool:
        """Whether there are other nodes than one of ours; ours are made known to all processes then.

        Of the first several, only the one named first is taken for complete: it was there before.
        """
        with transaction(sessions) as session:
            known = search_nodes.names(session)
            if not known.difference(self.names) and len(self.engines) == 1:
                return False
            search_nodes.see(session, self.names, () if known else self._filled())
        return True

    def _filled(self) -> list[str]:
        first = self.engines[0]
        try:
            return [first.name] if schema.exists(first, first.index) else []
        except EngineError:
            return []
