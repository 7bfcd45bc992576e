"""Borrowing the embedded engines: started by the first user, stopped after the last."""

from __future__ import annotations

import contextlib
import fcntl
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from marketplace.config import ROOT, Settings
from marketplace.engines import process, supervisor


@contextlib.contextmanager
def engines(settings: Settings, *, throwaway: bool = False) -> Iterator[Settings]:
    """Settings that point at running engines, for the length of the block.

    Engines named in the settings are used as they are. ``throwaway`` trades durability for speed
    and is for test runs only.

    Raises:
        EngineError: an engine could not be started; the message carries the end of its log.
    """
    if settings.external_engines:
        yield settings
        return
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    with open(supervisor.users_lock(settings.home), "a") as using:
        # Waits while a supervisor is shutting down, so that we never meet half-stopped engines.
        fcntl.flock(using, fcntl.LOCK_SH)
        found = _addresses(settings.home, throwaway=throwaway)
        yield settings.with_engines(
            settings.database_url or found["database_url"],
            settings.meili_url or found["meili_url"],
            settings.meili_key if settings.meili_url else found["meili_key"],
        )


class Keeper:
    """Starts the engines again where their supervisor, and so they, were ended; they keep their addresses.

    For a long-lived user of :func:`engines`, who calls :meth:`look` now and then.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._started: subprocess.Popen[bytes] | None = None

    def look(self) -> None:
        """Start a supervisor if there is none, unless the one that we started is just beginning."""
        if self._started is None or self._started.poll() is not None:
            self._started = _ensure_supervisor(self._home, throwaway=False)


def _addresses(home: Path, *, throwaway: bool) -> dict[str, str]:
    _ensure_supervisor(home, throwaway=throwaway)
    path = supervisor.addresses_file(home)
    if not process.wait_until(path.exists, seconds=2 * process.START_SECONDS):
        raise process.EngineError(f"The engines did not start; see {home / 'log'}")
    found: dict[str, str] = json.loads(path.read_text())
    if "error" in found:
        raise process.EngineError(found["error"])
    return found


def _ensure_supervisor(home: Path, *, throwaway: bool) -> subprocess.Popen[bytes] | None:
    """Start a supervisor if there is none; gives the one that was started."""
    free = supervisor.try_lock(supervisor.supervisor_lock(home))
    if free is None:
        return None
    with free:
        # Left by a supervisor that was killed.
        supervisor.addresses_file(home).unlink(missing_ok=True)
    (home / "log").mkdir(parents=True, exist_ok=True)
    with open(home / "log" / "supervisor.log", "ab") as log:
        return subprocess.Popen(
            [
                sys.executable,
                *("-m", "marketplace.engines.supervisor", str(home)),
                *(["--throwaway"] if throwaway else []),
            ],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
