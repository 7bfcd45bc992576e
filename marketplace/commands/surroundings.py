"""What commands need around them: the clock, engines with a migrated database, a progress bar."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from marketplace.config import Settings, from_environment
from marketplace.db import migrate
from marketplace.db.session import SessionFactory, make_engine, make_sessions, transaction
from marketplace.engines.embedded import engines
from marketplace.reference.catalogue import load_reference
from search.nodes import Nodes

err = Console(stderr=True)


def clock() -> dt.datetime:
    """The present moment: the edge is the only place that asks for it."""
    return dt.datetime.now(dt.UTC)


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


def progress_bar() -> Progress:
    """A bar on stderr, so that stdout stays what was asked for."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
    )
