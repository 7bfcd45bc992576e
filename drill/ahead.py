"""A job process whose clock is wrong: ``python -m drill.ahead DAYS``."""

from __future__ import annotations

import datetime as dt
import sys

from jobs.means import Means
from jobs.runner import run_forever
from marketplace import logs
from marketplace.commands.terminal import clock
from marketplace.config import from_environment
from marketplace.db.session import make_engine, make_sessions
from marketplace.engines.embedded import engines
from search.nodes import Nodes


def main() -> None:
    """Run every job on schedule, so many days ahead of everybody else."""
    logs.configure()
    ahead = dt.timedelta(days=float(sys.argv[1]))
    with engines(from_environment()) as settings:
        sessions = make_sessions(make_engine(settings.database_url))
        run_forever(Means(settings, sessions, Nodes(settings), lambda: clock() + ahead))


if __name__ == "__main__":
    main()
