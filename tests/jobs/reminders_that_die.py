"""The reminders in a process of their own, which kills itself after so many statements.

Arguments: database address, how many statements (0: it lives). Prints how many there were.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from sqlalchemy import event

from jobs.means import Means
from jobs.reminders import remind
from marketplace.config import Settings
from marketplace.db.session import make_engine, make_sessions
from search.nodes import Nodes
from tests.conftest import NOW


def run(url: str, last: int) -> int:
    """Remind everybody; gives the number of statements."""
    database = make_engine(url)
    done = 0

    def count(*_: object) -> None:
        nonlocal done
        done += 1
        if done == last:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(database, "after_cursor_execute", count)
    settings = Settings(Path(), url)
    remind(Means(settings, make_sessions(database), Nodes(settings), lambda: NOW), NOW, False)
    database.dispose()
    return done


if __name__ == "__main__":
    print(run(sys.argv[1], int(sys.argv[2])))  # noqa: T201
