"""The embedded engines live exactly as long as somebody uses them, however that somebody ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from marketplace.engines.process import wait_until
from marketplace.engines.supervisor import addresses_file, supervisor_lock, try_lock

HOLDER = """
import sys
from marketplace.config import from_environment
from marketplace.engines.embedded import engines
with engines(from_environment({"GWC_HOME": sys.argv[1]}), throwaway=True):
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def _hold(home: Path) -> subprocess.Popen[str]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "ready\n"
    return holder


def _processes(home: Path) -> list[int]:
    """Processes that name the home folder on their command line, ours not counted."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if str(home).encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def _pid_of(home: Path, word: str) -> int:
    return next(
        pid for pid in _processes(home) if word in Path(f"/proc/{pid}/cmdline").read_text().split("\0")[0]
    )


def _supervisor(home: Path) -> int:
    return next(
        pid
        for pid in _processes(home)
        if "marketplace.engines.supervisor" in Path(f"/proc/{pid}/cmdline").read_text()
    )


def _answers(home: Path) -> bool:
    url = json.loads(addresses_file(home).read_text())["database_url"].replace("+psycopg", "", 1)
    try:
        with psycopg.connect(url) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def test_engines_end_with_their_last_user(home: Path) -> None:
    first, second = _hold(home), _hold(home)
    first.communicate()
    assert _answers(home)
    second.communicate()
    assert wait_until(lambda: not _processes(home), seconds=15)


def test_a_killed_user_leaves_nothing_running(home: Path) -> None:
    holder = _hold(home)
    holder.kill()
    holder.wait()
    assert wait_until(lambda: not _processes(home), seconds=15)
    assert try_lock(supervisor_lock(home)) is not None


def test_the_next_user_recovers_from_a_killed_supervisor(home: Path) -> None:
    holder = _hold(home)
    os.kill(_supervisor(home), signal.SIGKILL)
    other = _hold(home)
    assert _answers(home)
    for user in (other, holder):
        user.communicate()
    assert wait_until(lambda: not _processes(home), seconds=15)


@pytest.mark.parametrize("engine", ["postgres", "meilisearch"])
def test_a_killed_engine_is_started_again(home: Path, engine: str) -> None:
    holder = _hold(home)
    killed = _pid_of(home, engine)
    os.kill(killed, signal.SIGKILL)
    assert wait_until(lambda: _restarted(home, engine, killed), seconds=20)
    assert wait_until(lambda: _answers(home), seconds=20)
    holder.communicate()
    assert wait_until(lambda: not _processes(home), seconds=15)


def test_an_engine_that_cannot_start_is_tried_until_it_can(home: Path) -> None:
    holder = _hold(home)
    file, away = home / "postgres" / "global" / "pg_control", home / "pg_control"
    file.rename(away)
    os.kill(_pid_of(home, "postgres"), signal.SIGKILL)
    log = home / "log" / "supervisor.log"
    assert wait_until(lambda: "PostgreSQL did not start" in log.read_text(), seconds=60)
    away.rename(file)
    assert wait_until(lambda: _answers(home), seconds=30)
    holder.communicate()
    assert wait_until(lambda: not _processes(home), seconds=15)


def _restarted(home: Path, engine: str, killed: int) -> bool:
    try:
        return _pid_of(home, engine) != killed
    except (StopIteration, OSError):
        return False
