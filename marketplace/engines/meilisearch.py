"""Meilisearch as a child process: found on PATH or in the npm package, run on a free loopback port."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
from pathlib import Path

import urllib3

from marketplace.config import ROOT
from marketplace.engines import process

PORT_SECONDS = 6
INDEXING_MEMORY = "2GiB"
"""What an index task may use; ``MEILI_MAX_INDEXING_MEMORY`` overrides it.

The engine clears a share of it before every task, however small. Of its default, two thirds of the
machine's memory, that takes a third of a second on 24 GiB; with 2 GiB a listing is found that much sooner.
"""
NPM_BINARY = ROOT / "node_modules" / "@gaubee" / "meilisearch-linux-amd64" / "meilisearch"


class Meilisearch:
    """One embedded server below ``home``."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.log = home / "log" / "meilisearch.log"
        self.key = _kept_key(home / "meili_key")
        self.port = 0
        self.child: process.Process | None = None

    @property
    def url(self) -> str:
        """Address of the HTTP interface."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start and wait until it answers; a restart keeps the port, so that clients find it again.

        Raises:
            EngineError: no binary is installed, or it does not come up within 30 seconds.
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.port = _kept_port(self.home / "run" / "meili_port")
        self.child = process.spawn(
            [
                _binary(self.home),
                *("--db-path", self.home / "meilisearch" / "data.ms"),
                *("--dump-dir", self.home / "meilisearch" / "dumps"),
                *("--http-addr", f"127.0.0.1:{self.port}"),
                *("--env", "production", "--no-analytics", "--log-level", "WARN"),
            ],
            log=self.log,
            # The key by environment, not as an argument: the process list is readable by everyone.
            env={"MEILI_MAX_INDEXING_MEMORY": INDEXING_MEMORY} | os.environ | {"MEILI_MASTER_KEY": self.key},
        )
        if (
            not process.wait_until(lambda: not self.alive() or self._healthy(), seconds=process.START_SECONDS)
            or not self.alive()
        ):
            raise process.EngineError(f"Meilisearch did not start:\n{process.tail(self.log)}")

    def stop(self) -> None:
        """Ask it to end; an index task under way is taken up again at the next start."""
        if self.child is not None:
            process.stop(self.child)

    def alive(self) -> bool:
        """Whether the server process is still there."""
        return self.child is not None and self.child.poll() is None

    def _healthy(self) -> bool:
        try:
            return urllib3.request("GET", f"{self.url}/health", timeout=1, retries=False).status == 200
        except urllib3.exceptions.HTTPError:
            return False


def _binary(home: Path) -> Path:
    on_path = shutil.which("meilisearch")
    if on_path:
        return Path(on_path)
    if not NPM_BINARY.exists():
        raise process.EngineError("Meilisearch is not installed: run `make install`, or set MEILI_URL.")
    if os.access(NPM_BINARY, os.X_OK):
        return NPM_BINARY
    return _runnable_copy(home)


def _runnable_copy(home: Path) -> Path:
    """The packaged file carries no run bit, and the package folder may belong to somebody else."""
    copy = home / "run" / "meilisearch"
    if not copy.exists() or copy.stat().st_size != NPM_BINARY.stat().st_size:
        copy.parent.mkdir(parents=True, exist_ok=True)
        draft = copy.with_suffix(".new")
        shutil.copyfile(NPM_BINARY, draft)
        draft.chmod(0o700)
        draft.rename(copy)
    return copy


def _kept_port(path: Path) -> int:
    """The port of last time if nobody has taken it since, so that running clients find us again.

    A server of ours that was told to end a moment ago needs a moment to let go of it.
    """
    wanted = int(path.read_text()) if path.exists() else 0
    if wanted and process.wait_until(lambda: _bindable(wanted) == wanted, seconds=PORT_SECONDS, every=0.1):
        return wanted
    port = _bindable(0)
    path.write_text(str(port))
    return port


def _bindable(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return 0
        return int(probe.getsockname()[1])


def _kept_key(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(secrets.token_hex(16))
    return path.read_text()
