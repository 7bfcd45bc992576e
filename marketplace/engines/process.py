"""Starting children that never outlive us."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

UNPRIVILEGED = "nobody"
"""Account that PostgreSQL runs as when we are root, which it refuses to be."""

START_SECONDS = 120
"""An engine that does not answer by then won't: a machine with much else to do may take most of it."""
PR_SET_PDEATHSIG = 1
"""From ``linux/prctl.h``."""
M_ARENA_MAX = -8
"""From ``malloc.h``."""
HEAPS = 2

Process = subprocess.Popen[bytes]


def spawn(
    command: Sequence[str | Path],
    *,
    death_signal: str = "TERM",
    drop_root: bool = False,
    log: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Process:
    """Start ``command`` in a session of its own; the kernel signals it when we die, even by SIGKILL.

    A session of its own keeps Ctrl-C away from it, so that we decide the order of shutting down.
    """
    with open(log or os.devnull, "ab") as sink:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", death_signal, *_dropping(drop_root), *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
            env=dict(env) if env is not None else None,
        )


def end_with_parent() -> None:
    """Have the kernel kill this process when the one that started it was killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def share_heaps() -> None:
    """Have the threads of this process, and of those forked from it, take memory from two heaps.

    Else there are up to eight for each processor, and each keeps what was once given back to it: a web
    worker weighs 20 MB more, the job process 60. Nothing happens where the C library isn't glibc.
    """
    if tune := getattr(ctypes.CDLL(None), "mallopt", None):
        tune(M_ARENA_MAX, HEAPS)


def run_unprivileged(command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    """Run a short program to its end, as :data:`UNPRIVILEGED` when we are root."""
    return subprocess.run(
        ["setpriv", "--pdeathsig", "TERM", *_dropping(True), *map(str, command)],
        capture_output=True,
        text=True,
        check=False,
    )


def _dropping(wanted: bool) -> list[str]:
    """Arguments that drop root but keep its right to reach files below a private home folder."""
    if not wanted or os.geteuid() != 0:
        return []
    return [
        *("--reuid", UNPRIVILEGED, "--regid", "nogroup", "--clear-groups"),
        *("--inh-caps", "+dac_override", "--ambient-caps", "+dac_override"),
    ]


def stop(process: Process, *, how: signal.Signals = signal.SIGTERM, patience: float = 15.0) -> None:
    """Ask a child to end with ``how``; kill it after ``patience`` seconds."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(ready: Callable[[], bool], *, seconds: float, every: float = 0.05) -> bool:
    """Poll ``ready`` until it holds; False when ``seconds`` passed first."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log, for an error message."""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""


class EngineError(Exception):
    """An engine could not be started; the message says which and what its log ends with."""
