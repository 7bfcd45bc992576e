"""The process that keeps the embedded engines running for as long as anyone uses them.

Users hold a shared lock on ``run/users.lock``. The kernel releases it when they end, however they
end, so there is no count that a crash could leave wrong: once the supervisor gets that lock for
itself, nobody is left, and it stops the engines and goes.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
import time
from io import TextIOWrapper
from pathlib import Path

import psycopg

from marketplace.engines.meilisearch import Meilisearch
from marketplace.engines.postgres import Postgres
from marketplace.engines.process import EngineError

CHECK_SECONDS = 0.3
RETRY_SECONDS = 1.0
"""Pause after an engine could not be started again."""


def users_lock(home: Path) -> Path:
    """Held shared by every process that uses the engines."""
    return home / "run" / "users.lock"


def supervisor_lock(home: Path) -> Path:
    """Held by the one supervisor."""
    return home / "run" / "supervisor.lock"


def addresses_file(home: Path) -> Path:
    """Where the running engines are, or why they could not be started."""
    return home / "run" / "engines.json"


def try_lock(path: Path) -> TextIOWrapper | None:
    """Take ``path`` for ourselves if nobody holds it; closing the file gives it back."""
    file = open(path, "a")  # noqa: SIM115 - the open file is the lock
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def supervise(home: Path, *, throwaway: bool) -> int:
    """Run the engines until nobody uses them any more; 1 when they cannot be started."""
    lock = try_lock(supervisor_lock(home))
    if lock is None:
        return 0
    # The users decide when we end, not whoever presses Ctrl-C. A handler, because an ignored signal
    # would be inherited by the engines, which must listen to it.
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: None)
    engines: list[Postgres | Meilisearch] = []
    try:
        postgres, meilisearch = Postgres(home, throwaway=throwaway), Meilisearch(home)
        engines += [postgres, meilisearch]
        for engine in engines:
            engine.start()
        _publish(
            home,
            {"database_url": postgres.url, "meili_url": meilisearch.url, "meili_key": meilisearch.key},
        )
        while not (unused := try_lock(users_lock(home))):
            time.sleep(CHECK_SECONDS)
            _revive(engines)
        with unused:
            addresses_file(home).unlink(missing_ok=True)
            _stop(engines)
    except EngineError as error:
        _publish(home, {"error": str(error)})
        _stop(engines)
        return 1
    return 0


def _revive(engines: list[Postgres | Meilisearch]) -> None:
    """Start again what ended. One that can't run, as on a full disk, is tried until it can; others run on."""
    for engine in engines:
        if not engine.alive():
            try:
                engine.start()
            except (EngineError, OSError, psycopg.Error) as error:
                print(error, file=sys.stderr, flush=True)  # noqa: T201 - into the supervisor's log
                time.sleep(RETRY_SECONDS)


def _stop(engines: list[Postgres | Meilisearch]) -> None:
    for engine in reversed(engines):
        engine.stop()


def _publish(home: Path, content: dict[str, str]) -> None:
    """Write the addresses in one step, readable by the owner alone: they include the search key."""
    target = addresses_file(home)
    draft = target.with_suffix(".new")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file)
    draft.rename(target)


if __name__ == "__main__":
    sys.exit(supervise(Path(sys.argv[1]), throwaway="--throwaway" in sys.argv))
