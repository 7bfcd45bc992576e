"""``gwc run`` as a whole: it serves, ends with everything it started, and recovers from being killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from drill.installation import Installation
from marketplace.engines.process import tail, wait_until

PATIENCE = 240
"""Seconds: machines that run tests have other things to do, too."""


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Installation]:
    program = Installation(tmp_path / "home")
    yield program
    program.stop()


def end(program: Installation, how: signal.Signals) -> None:
    assert program.running is not None
    program.running.send_signal(how)
    program.running.wait(30)


def is_gone(program: Installation) -> bool:
    return not program.processes()


def test_killed_parts_come_back_and_it_ends_with_all_it_started(program: Installation) -> None:
    program.start()
    for first, *with_it in (["supervisor"], ["web", "web worker"]):

        def running(parts: tuple[str, ...] = (first, *with_it)) -> set[int]:
            return {pid for part in parts for pid in program.find(part)}

        before = running()
        program.end(first)

        def is_back(before: set[int] = before) -> bool:
            engines = (program.home / "run" / "engines.json").exists()
            others = running()
            return bool(others) and others.isdisjoint(before) and engines and program.is_ready()

        assert wait_until(is_back, seconds=PATIENCE), f"{before} {running()} {tail(program.log, 40)}"
    assert len(program.processes()) > 4
    end(program, signal.SIGTERM)
    assert wait_until(lambda: is_gone(program), seconds=PATIENCE), program.processes()


def test_killed_it_leaves_nothing_behind_and_starts_again(program: Installation) -> None:
    program.start()
    program.kill()
    program.start()
    end(program, signal.SIGINT)
    assert wait_until(lambda: is_gone(program), seconds=PATIENCE), program.processes()


def test_a_taken_port_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "marketplace.cli", "run", "--no-demo"],
            env=os.environ | {"GWC_HOME": str(tmp_path / "home"), "PORT": str(port)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 1
    assert f"Port {port} is in use" in done.stderr
    assert "Traceback" not in done.stderr
