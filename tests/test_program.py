"""``gwc run`` as a whole: it serves, ends with everything it started, and recovers from being killed."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from drill.installation import parent
from marketplace.engines.process import tail, wait_until
from tests.servers import free_port

PATIENCE = 240
"""Seconds: machines that run tests have other things to do, too."""


class Program:
    """One installation in a folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self.log = home.with_suffix(".log")
        self.running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        clean = {
            name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "MEILI_URL"}
        }
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                [sys.executable, "-m", "marketplace.cli", "run", "--no-demo"],
                env=clean | {"GWC_HOME": str(self.home), "PORT": str(self.port), "WORKERS": "2"},
                stdout=log,
                stderr=log,
            )
        assert wait_until(self.answers, seconds=PATIENCE), tail(self.log, 40)

    def answers(self) -> bool:
        try:
            url = f"http://127.0.0.1:{self.port}/readyz"
            return urllib3.request("GET", url, timeout=2, retries=False).status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def end(self, how: signal.Signals) -> None:
        assert self.running is not None
        self.running.send_signal(how)
        self.running.wait(30)

    def processes(self) -> list[int]:
        """Processes of this installation: by its folder, or by its folder in their environment."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                with contextlib.suppress(OSError):
                    said = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
                    if str(self.home).encode() in said and (entry / "cmdline").read_bytes():
                        found.append(int(entry.name))
        return found

    def of(self, part: str) -> list[int]:
        """Those whose command line contains a part."""
        found = []
        for pid in self.processes():
            with contextlib.suppress(OSError):
                if part in Path(f"/proc/{pid}/cmdline").read_text():
                    found.append(pid)
        return found

    def is_gone(self) -> bool:
        return not self.processes()


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    program = Program(tmp_path / "home")
    yield program
    if program.running is not None and program.running.poll() is None:
        program.end(signal.SIGTERM)


def test_killed_it_leaves_nothing_behind_and_starts_again(program: Program) -> None:
    program.start()
    program.end(signal.SIGKILL)
    program.start()
    program.end(signal.SIGINT)
    assert wait_until(program.is_gone, seconds=PATIENCE), program.processes()


def test_killed_parts_come_back_and_it_ends_with_all_it_started(program: Program) -> None:
    program.start()
    for part in ("marketplace.engines.supervisor", "marketplace.cli\0web"):
        before = set(program.of(part))
        os.kill(next(pid for pid in before if parent(pid) not in before), signal.SIGKILL)

        def is_back(part: str = part, before: set[int] = before) -> bool:
            others = set(program.of(part))
            engines = (program.home / "run" / "engines.json").exists()
            return bool(others) and others.isdisjoint(before) and engines and program.answers()

        assert wait_until(is_back, seconds=PATIENCE), f"{before} {program.of(part)} {tail(program.log, 40)}"
    assert len(program.processes()) > 4
    program.end(signal.SIGTERM)
    assert wait_until(program.is_gone, seconds=PATIENCE), program.processes()


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
