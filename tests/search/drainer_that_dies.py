"""Drains the outbox in a process of its own that kills itself at a given moment.

Arguments: database address, search address, index, moment. The key of the search engine comes by
environment.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

from marketplace.config import Settings
from marketplace.db.session import make_engine, make_sessions
from search import indexer
from search.engine import Engine, Json

MOMENTS = ("read", "sent", "written")
"""Between reading and sending, between sending and the engine's answer, between that and the commit."""


class Dying(Engine):
    moment = ""

    def put_documents(self, index: str, lines: Iterable[bytes]) -> Json:
        self.perhaps_die("read")
        task = super().put_documents(index, lines)
        self.perhaps_die("sent")
        return task

    def wait(self, task: Json, *, seconds: float = 600.0) -> None:
        super().wait(task, seconds=seconds)
        self.perhaps_die("written")

    def perhaps_die(self, moment: str) -> None:
        if moment == self.moment:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    database, meili, index, moment = sys.argv[1:]
    engine = Dying(
        Settings(Path(), database, meili, os.environ["MEILI_KEY"], index),
    )
    engine.moment = moment
    indexer.drain_outbox(make_sessions(make_engine(database)), engine)
