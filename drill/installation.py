"""A whole installation in a folder of its own, whose processes can be found and ended."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import urllib3

from marketplace.config import ROOT, Settings, from_environment
from marketplace.db.session import SessionFactory, make_engine, make_sessions
from marketplace.engines import process
from marketplace.engines.meilisearch import Meilisearch
from marketplace.engines.postgres import Postgres

START_SECONDS = 240
SERVES = b" serves on "
"""What ``gwc run`` says as soon as it does."""
OURS = ("DATABASE_URL", "MEILI_URL", "MEILI_KEY", "SMTP_URL", "SECRET_KEY", "WORKERS")
"""What the caller's surroundings may say about another installation."""


def free_port() -> int:
    """A loopback port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Installation:
    """``gwc run`` in ``home``; nobody but the drill knows its port."""

    home: Path
    wrap: Sequence[str] = ()
    """A command that starts another one in surroundings of its own: a mount namespace."""
    env: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    running: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What the processes said."""
        return self.home / "log" / "run.log"

    @property
    def address(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def addresses(self) -> Sequence[str]:
        """Where all its web nodes serve."""
        return [self.address]

    def seen(self, folder: str) -> Path:
        """A folder of the home as the installation sees it."""
        assert self.running is not None
        return Path(f"/proc/{self.running.pid}/root{self.home}/{folder}")

    def environment(self) -> dict[str, str]:
        """The environment of every command of this installation."""
        clean = {name: value for name, value in os.environ.items() if name not in OURS}
        named = {"GWC_HOME": str(self.home), "PORT": str(self.port), "WORKERS": "2"}
        return {**clean, "PYTHONPATH": str(ROOT), **named, **self.env}

    def command(self, *arguments: str) -> list[str]:
        """A ``gwc`` command in the installation's surroundings."""
        return [*self.wrap, sys.executable, "-m", "marketplace.cli", *arguments]

    def spawn(self, *arguments: str, **variables: str) -> subprocess.Popen[bytes]:
        """Start a ``gwc`` command beside the running program; it ends with us."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            return subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", *self.command(*arguments)],
                env=self.environment() | variables,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def start(self) -> None:
        """Start it and wait until it serves: itself, and not what is left of one that was killed.

        Raises:
            EngineError: it ended, or does not in time (:data:`START_SECONDS`).
        """
        said = self.log.stat().st_size if self.log.exists() else 0
        begun = self.running = self.spawn("run", "--no-demo")

        def is_settled() -> bool:
            serves = SERVES in self.log.read_bytes()[said:] and self.is_ready()
            return serves or begun.poll() is not None

        if not process.wait_until(is_settled, seconds=START_SECONDS, every=0.2) or begun.poll() is not None:
            raise process.EngineError(f"It does not serve:\n{process.tail(self.log, 40)}")

    def stop(self) -> None:
        """End it as Ctrl-C does, and wait until everything it started is gone."""
        if self.running is not None:
            process.stop(self.running, patience=40)
            self.running = None
        self.wait_until_gone()

    def wait_until_gone(self) -> None:
        """Wait until no process of it is left: the engines end a moment after their last user."""
        process.wait_until(lambda: not self.processes(), seconds=30, every=0.2)

    def kill(self) -> None:
        """End ``gwc run`` as a power cut would, as far as one process can."""
        assert self.running is not None
        self.running.kill()
        self.running.wait()

    def is_ready(self) -> bool:
        """Whether the program says that all is in order, with a search engine."""
        return self.asked("/readyz") == (200, True)

    def asked(self, path: str) -> tuple[int, bool]:
        """Status, and whether the search engine is said to be there; 0 when nobody answers."""
        try:
            answer = urllib3.request("GET", f"{self.address}{path}", timeout=5, retries=False)
        except urllib3.exceptions.HTTPError:
            return 0, False
        return answer.status, b'"search":"ok"' in answer.data

    def settings(self) -> Settings:
        """How to reach its engines, as they are known to be while it runs."""
        found = from_environment({"GWC_HOME": str(self.home), "PORT": str(self.port)})
        port = (found.run_dir / "meili_port").read_text()
        key = Meilisearch(self.home).key
        return found.with_engines(Postgres(self.home).url, f"http://127.0.0.1:{port}", key)

    @contextlib.contextmanager
    def sessions(self) -> Iterator[SessionFactory]:
        """Sessions on its database."""
        engine = make_engine(self.settings().database_url, pool_size=2)
        try:
            yield make_sessions(engine)
        finally:
            engine.dispose()

    def processes(self) -> dict[int, list[str]]:
        """What runs here, by its folder on the command line or in the environment: number and command."""
        mine = f"GWC_HOME={self.home}\0".encode()
        found = {}
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and int(entry.name) != os.getpid():
                    said = (entry / "cmdline").read_bytes()
                    if said and (
                        f"{self.home}/".encode() in said or mine in (entry / "environ").read_bytes()
                    ):
                        found[int(entry.name)] = said.decode(errors="replace").split("\0")
        return found

    def find(self, part: str) -> list[int]:
        """The processes that are a part of the program; see :data:`PARTS`."""
        wanted, found = PARTS[part], self.processes()
        return sorted(pid for pid, command in found.items() if wanted(command, found.get(parent(pid), [])))

    def end(self, part: str, how: signal.Signals = signal.SIGKILL) -> int:
        """Signal one process of a part, by its number; gives that.

        Raises:
            LookupError: there is none.
        """
        found = self.find(part)
        if not found:
            raise LookupError(f"no {part} runs in {self.home}")
        os.kill(found[0], how)
        return found[0]

    def replaced(self, part: str, gone: int, seconds: float = 40) -> bool:
        """Wait until another process has taken the place of one that ended."""
        return process.wait_until(
            lambda: any(pid != gone for pid in self.find(part)), seconds=seconds, every=0.1
        )

    def copy(self, home: Path, **surroundings: object) -> Installation:
        """The same installation elsewhere, while this one does not run."""
        self.wait_until_gone()
        shutil.copytree(self.home, home, symlinks=True, copy_function=_copy)
        _own_alike(self.home / "postgres", home / "postgres")
        for left in ("users.lock", "supervisor.lock", "engines.json", "meili_port"):
            (home / "run" / left).unlink(missing_ok=True)
        return replace(self, home=home, port=free_port(), running=None, **surroundings)  # type: ignore[arg-type]


Part = Callable[[list[str], list[str]], bool]
"""Whether a command, of a parent with another command, is that part."""


def _is_web(command: list[str]) -> bool:
    return command[1:4] == ["-m", "marketplace.cli", "web"]


PARTS: Mapping[str, Part] = {
    "web": lambda command, above: _is_web(command) and not _is_web(above),
    "web worker": lambda command, above: _is_web(command) and _is_web(above),
    "jobs": lambda command, _above: command[1:4] == ["-m", "marketplace.cli", "jobs"],
    "supervisor": lambda command, _above: "marketplace.engines.supervisor" in command,
    "PostgreSQL": lambda command, _above: command[0].endswith("/postgres") and "-D" in command,
    "Meilisearch": lambda command, _above: command[0].endswith("/meilisearch"),
}


def parent(pid: int) -> int:
    """Who started a process; 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


@contextlib.contextmanager
def standing_still(pids: Sequence[int]) -> Iterator[None]:
    """These processes don't move during the block: they are there, and answer nothing."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def seconds_until(holds: Callable[[], bool], *, most: float) -> float | None:
    """How long it took until something held; None when it did not in time."""
    began = time.monotonic()
    return time.monotonic() - began if process.wait_until(holds, seconds=most, every=0.1) else None


def _copy(source: str, target: str) -> str:
    """The search engine's program is one file of 130 MB that nobody changes."""
    if source.endswith("run/meilisearch"):
        os.link(source, target)
        return target
    return str(shutil.copy2(source, target))


def _own_alike(source: Path, target: Path) -> None:
    """As root, the files of PostgreSQL belong to somebody else."""
    if os.geteuid() == 0:
        owner = source.stat()
        for path in (target, *target.rglob("*")):
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
