"""Engines with a migrated database and an index, which most commands need around them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from marketplace.config import Settings, from_environment
from marketplace.db import migrate
from marketplace.db.session import SessionFactory, make_engine, make_sessions, transaction
from marketplace.engines.embedded import engines
from marketplace.reference.catalogue import load_reference
from search.nodes import Nodes


@contextlib.contextmanager
def prepared() -> Iterator[tuple[Settings, SessionFactory]]:
    """Running engines, a migrated database and an index, for the length of a command."""
    with engines(from_environment()) as settings:
        engine = make_engine(settings.database_url)
        migrate.upgrade(engine)
        sessions = make_sessions(engine)
        with transaction(sessions) as session:
            load_reference(session)
        Nodes(settings).ensure(sessions)
        yield settings, sessions
        engine.dispose()
