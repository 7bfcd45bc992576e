"""The jobs about idle assets in a process of its own, which kills itself after so many statements.

Arguments: database address, how many statements (0: it lives). Prints how many there were.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from sqlalchemy import event

from jobs.idle import answer_silence, flag_idle, walk_timetable
from jobs.means import Means
from marketplace.config import Settings
from marketplace.db.session import make_engine, make_sessions
from search.engine import Engine
from tests.conftest import NOW


def run(url: str, last: int) -> int:
    """Run them one after the other; gives the number of statements."""
    database = make_engine(url)
    done = 0

    def count(*_: object) -> None:
        nonlocal done
        done += 1
        if done == last:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(database, "after_cursor_execute", count)
    settings = Settings(Path(), url)
    means = Means(settings, make_sessions(database), Engine(settings), lambda: NOW)
    for job in (answer_silence, flag_idle, walk_timetable):
        job(means, NOW, False)
    database.dispose()
    return done


if __name__ == "__main__":
    print(run(sys.argv[1], int(sys.argv[2])))  # noqa: T201
