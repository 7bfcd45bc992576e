"""Flagging a whole register against the bare UPDATE that it amounts to, by turns on the same database.

The job finds the cards by every rule, changes them, keeps flag and evidence of each, records it in the
sealed audit record, queues the search documents and tells the holders. The bare statement changes the
same cards in the same way, and does nothing else.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import tempfile
import time
from collections.abc import Callable

from sqlalchemy import Engine as Database
from sqlalchemy import text

from bench import register
from jobs.idle import flag_idle
from jobs.means import Means
from marketplace.config import from_environment
from marketplace.db import migrate
from marketplace.db.session import make_engine, make_sessions, transaction
from marketplace.engines.embedded import engines
from search.nodes import Nodes

LATER = register.NOW + dt.timedelta(days=200)
"""When every card that is in use has gone without a sign of it for long enough."""
ROUNDS = 2
LIMIT = 5
"""Times the bare statement that the job may take."""

_BARE = """
    UPDATE assets SET state = 'idle_flagged', version = version + 1, updated_at = :now
    WHERE state = 'in_use' AND secrecy NOT IN ('secret', 'confidential', 'top_secret')
      AND coalesce(last_used_on, CAST(created_at AT TIME ZONE 'Asia/Shanghai' AS date)) <= :cutoff
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cards", type=int, default=1_000_000, help="size of the register")
    cards = parser.parse_args().cards
    with tempfile.TemporaryDirectory() as home, engines(from_environment({"GWC_HOME": home})) as settings:
        database = make_engine(settings.database_url)
        migrate.upgrade(database)
        sessions = make_sessions(database)
        with transaction(sessions) as session:
            register.build(session, cards)
        means = Means(settings, sessions, Nodes(settings), lambda: LATER)
        bare, whole, flagged = 0.0, 0.0, 0
        for _ in range(ROUNDS):
            _tidy(database)
            bare += _timed(lambda: _update(database))
            _tidy(database)
            whole += _timed(lambda: flag_idle(means, LATER, False))
            flagged = _undo(database)
        database.dispose()
    figure = {
        "figure": "flag_idle",
        "cards": cards,
        "flagged": flagged,
        "bare_seconds": round(bare / ROUNDS, 2),
        "job_seconds": round(whole / ROUNDS, 2),
        "ratio": round(whole / bare, 2),
        "limit": LIMIT,
    }
    print(json.dumps(figure), flush=True)


def _update(database: Database) -> None:
    """The bare statement, whose work is then undone for the job to do."""
    with database.connect() as connection:
        connection.execute(text(_BARE), {"now": LATER, "cutoff": (LATER - dt.timedelta(days=180)).date()})
        connection.rollback()


def _undo(database: Database) -> int:
    with database.begin() as connection:
        flagged = connection.scalar(text("SELECT count(*) FROM idle_flags")) or 0
        connection.execute(text("UPDATE assets SET state = 'in_use' WHERE state = 'idle_flagged'"))
        connection.execute(text("TRUNCATE idle_flags, outbox, messages, mails CASCADE"))
    return flagged


def _tidy(database: Database) -> None:
    """Leave neither turn what the other one left behind."""
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE assets"))
        connection.execute(text("CHECKPOINT"))


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
