"""Runs jobs in processes that kill themselves after so many statements.

Everything is imported once here; each run is a fork of this process. A line of JSON on stdin asks for
a job as of a moment, with as many runs at once as it names lives: numbers of statements and commits
before the process dies, 0 for one that lives to its end. A line of JSON answers, for each run, how it
ended (negative: the signal) and how many statements and commits it came to.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

from sqlalchemy import event

from jobs.means import Means
from jobs.schedule import BY_NAME
from marketplace import logs
from marketplace.config import Settings
from marketplace.db.session import make_engine, make_sessions
from search.nodes import Nodes


def run(asked: dict[str, Any], life: int) -> int:
    """One run, in the process that is to die of it; gives how many statements and commits there were."""
    settings = Settings(**asked["settings"] | {"home": Path(asked["settings"]["home"])})
    moment = dt.datetime.fromisoformat(asked["moment"])
    database, done = make_engine(settings.database_url), 0

    def count(*_: object) -> None:
        nonlocal done
        done += 1
        if done == life:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in ("before_cursor_execute", "commit"):
        event.listen(database, name, count)
    means = Means(settings, make_sessions(database), Nodes(settings), lambda: moment)
    BY_NAME[asked["job"]].step(means, moment, False)
    database.dispose()
    return done


def begin(asked: dict[str, Any], life: int) -> tuple[int, int]:
    """Start a run; its process and where its count will be read."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        status = 1
        try:
            os.write(writing, str(run(asked, life)).encode())
            status = 0
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writing)
    return process, reading


def end(process: int, reading: int) -> tuple[int, int]:
    """Wait for a run; how it ended, and its count (0 for one that was killed)."""
    with os.fdopen(reading) as pipe:
        count = pipe.read()
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), int(count or 0)


def main() -> None:
    logs.configure()
    for line in sys.stdin:
        asked = json.loads(line)
        begun = [begin(asked, life) for life in asked["lives"]]
        print(json.dumps([end(*one) for one in begun]), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
