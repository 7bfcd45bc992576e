"""``gwc run``: engines, web and jobs together, from one command to one Ctrl-C."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import urllib3
from granian import Granian
from granian.constants import Interfaces

from marketplace.config import ROOT, Settings
from marketplace.edge.gate import PLACES
from marketplace.engines import process

RESTART_SECONDS = 1.0
"""Pause before a child that ended by itself is started again."""
FAREWELL_SECONDS = 10
"""How long a worker may take to end until it is killed: told while it starts, it doesn't hear of it."""


class PortTakenError(Exception):
    """Another program listens where we should; the message says what to do."""


@dataclass
class Child:
    """A part of the running program that is started again when it dies."""

    command: list[str]
    env: Mapping[str, str]
    running: process.Process | None = field(default=None)

    def start(self) -> None:
        """Start it, with our own output as its output."""
        self.running = process.spawn(
            [sys.executable, "-m", *self.command], env=self.env, log=Path("/dev/stderr")
        )

    def revive(self) -> None:
        """Start it again if it ended."""
        if self.running is None or self.running.poll() is not None:
            time.sleep(RESTART_SECONDS)
            self.start()


def serve_web(settings: Settings, target: str = "marketplace.wsgi:make_application") -> None:
    """Run the web server in this process until it is told to end; ``target`` makes what is served."""
    with _serving(settings.home).open("w") as serving:
        fcntl.flock(serving, fcntl.LOCK_SH)
        _serve(settings, target)


def _serve(settings: Settings, target: str) -> None:
    Granian(
        target,
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        # As many again for pages that need no database: a database that hangs does not take those down.
        blocking_threads=2 * PLACES,
        backlog=2048,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=FAREWELL_SECONDS,
        log_level="warning",  # type: ignore[arg-type]
        static_path_route=["/static"],
        static_path_mount=[ROOT / "static"],
        static_path_expires=31_536_000,
    ).serve()


def wait_for_port(settings: Settings) -> None:
    """A server of ours that was killed a moment ago needs a moment to let go of its port.

    Raises:
        PortTakenError: it is in use by somebody else.
    """

    def is_settled() -> bool:
        return _is_free(settings.host, settings.port) or not _is_serving(settings.home)

    process.wait_until(is_settled, seconds=FAREWELL_SECONDS + 5, every=0.2)
    if not _is_free(settings.host, settings.port):
        raise PortTakenError(
            f"Port {settings.port} is in use by another program."
            " Stop it, or choose another: PORT=8001 make run"
        )


def run_together(
    settings: Settings,
    *,
    demo: bool,
    ready: Callable[[], None],
    meanwhile: Callable[[], None],
    look_after: Callable[[], None],
) -> None:
    """Run web and jobs against running engines until TERM or Ctrl-C.

    Calls ``ready`` once it serves, and ``meanwhile`` beside it: what should not hold up the first page;
    and ``look_after`` twice a second: what has to run besides web and jobs.
    """
    env = child_environment(settings, demo=demo)
    children = [Child(["marketplace.cli", "web"], env), Child(["marketplace.cli", "jobs"], env)]
    done = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: done.set())
    try:
        for child in children:
            child.start()
        for work in (lambda: _announce(settings, ready, done), meanwhile):
            threading.Thread(target=work, daemon=True).start()
        while not done.wait(0.5):
            look_after()
            for child in children:
                child.revive()
    finally:
        for child in children:
            if child.running is not None:
                process.stop(child.running)


def child_environment(settings: Settings, *, demo: bool = False) -> dict[str, str]:
    """Our environment with the addresses of the running engines, so that children start none."""
    return os.environ | {
        "GWC_HOME": str(settings.home),
        "DATABASE_URL": settings.database_url,
        "MEILI_URL": settings.meili_url,
        "MEILI_KEY": settings.meili_key,
        "SECRET_KEY": settings.secret_key,
        "LISTEN": settings.host,
        "PORT": str(settings.port),
        "WORKERS": str(settings.workers),
        "GWC_DEMO": "1" if demo else "",
    }


def _announce(settings: Settings, ready: Callable[[], None], done: threading.Event) -> None:
    while not done.is_set():
        try:
            if (
                urllib3.request(
                    "GET", f"http://{settings.host}:{settings.port}/healthz", timeout=2, retries=False
                ).status
                == 200
            ):
                ready()
                return
        except urllib3.exceptions.HTTPError:
            done.wait(0.2)


def _serving(home: Path) -> Path:
    """The file that every web server of this folder holds a lock on while it runs."""
    path = home / "run" / "web.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _is_serving(home: Path) -> bool:
    with _serving(home).open("w") as serving:
        try:
            fcntl.flock(serving, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True
