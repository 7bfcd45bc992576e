"""An installation of several nodes on one machine, any of which can be taken away.

Two web nodes, two job nodes, two search nodes, a database and its replica; nothing stands before them but
clients who take the next web node where one does not listen.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import urllib3

from drill.installation import START_SECONDS, Installation, free_port
from marketplace.config import Settings, from_environment
from marketplace.engines import process
from marketplace.engines.meilisearch import Meilisearch
from marketplace.engines.postgres import NAME, Postgres, programs

SIDES = ("a", "b")
REPLICA_SECONDS = 30


@dataclass
class Cluster(Installation):
    """The nodes by name; ``home`` is the folder that they share."""

    ports: dict[str, int] = field(default_factory=dict)
    """Of the web nodes."""
    started: dict[str, process.Process] = field(default_factory=dict)
    """``web a``, ``web b``, ``jobs a``, ``jobs b``."""
    search: dict[str, Meilisearch] = field(default_factory=dict)
    database: dict[str, Postgres] = field(default_factory=dict)
    primary: str = "a"

    @classmethod
    def of(cls, home: Path, sides: Sequence[str] = SIDES) -> Cluster:
        """A cluster around the engines of an installation that does not run: they become those of side a.

        ``sides`` have a web and a job node each; engines have both.
        """
        here = cls(home, ports={side: free_port() for side in sides})
        for side in SIDES:
            (home / side / "run").mkdir(parents=True)
            shutil.copy2(home / "meili_key", home / side / "meili_key")
            here.search[side] = Meilisearch(home / side)
            here.database[side] = Postgres(home / side)
            here.database[side].options |= {"wal_keep_size": "256MB"}
        for engine in ("postgres", "meilisearch"):
            (home / engine).rename(home / "a" / engine)
        return here

    @property
    def addresses(self) -> Sequence[str]:
        return [f"http://127.0.0.1:{port}" for port in self.ports.values()]

    @property
    def replica(self) -> str:
        """The side of the database that follows."""
        return next(side for side in SIDES if side != self.primary)

    def seen(self, folder: str) -> Path:
        return self.home / folder

    def settings(self) -> Settings:
        hosts = ",".join(str(self.database[side].sockets) for side in SIDES)
        database = f"postgresql+psycopg://{NAME}@/{NAME}?host={hosts}&port=5432,5432"
        urls = ",".join(self.search[side].url for side in SIDES)
        found = from_environment({"GWC_HOME": str(self.home)})
        return found.with_engines(database, urls, self.search["a"].key)

    def environment(self) -> dict[str, str]:
        told = self.settings()
        engines = {
            "DATABASE_URL": told.database_url,
            "MEILI_URL": told.meili_url,
            "MEILI_KEY": told.meili_key,
        }
        return super().environment() | engines | {"WORKERS": "1"}

    def start(self) -> None:
        self.database["a"].start()
        self.follow()
        for search in self.search.values():
            search.start()
        for side in self.ports:
            self.start_program("web", side)
            self.start_program("jobs", side)
        if not process.wait_until(self.is_ready, seconds=START_SECONDS, every=0.2):
            raise process.EngineError(f"It does not serve:\n{process.tail(self.log, 40)}")

    def stop(self) -> None:
        for running in self.started.values():
            process.stop(running, patience=40)
        for search in self.search.values():
            search.stop()
        for database in self.database.values():
            database.stop()

    def start_program(self, part: str, side: str) -> None:
        """Start a web or a job node."""
        self.started[f"{part} {side}"] = self.spawn(part, PORT=str(self.ports[side]))

    def is_ready(self) -> bool:
        return all(map(_is_ready, self.addresses))

    def follow(self) -> None:
        """Make the other database a copy that follows the primary, and have every commit wait for it."""
        first, second = self.database[self.primary], self.database[self.replica]
        shutil.rmtree(second.data, ignore_errors=True)
        second.own(second.data)
        source = f"host={first.sockets} user={NAME} application_name=replica"
        done = process.run_unprivileged(
            [programs() / "pg_basebackup", "-d", source, "-D", second.data, "-c", "fast", "-R"]
        )
        if done.returncode:
            raise process.EngineError(f"pg_basebackup failed:\n{done.stderr}")
        second.start()
        self.wait_for_replica(wanted=True)
        if not process.wait_until(self.is_followed, seconds=REPLICA_SECONDS):
            raise process.EngineError(f"the replica does not follow:\n{process.tail(second.log, 40)}")

    def wait_for_replica(self, *, wanted: bool) -> None:
        """Whether a commit is acknowledged only once the replica has it, too."""
        names = "*" if wanted else ""
        with self._connected(self.primary) as connection:
            connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'".encode())
            connection.execute("SELECT pg_reload_conf()")

    def is_followed(self) -> bool:
        """Whether commits wait for a replica that is there."""
        with self._connected(self.primary) as connection:
            found = connection.execute("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'")
            return found.fetchone() is not None

    def promote(self) -> None:
        """Make the replica the primary."""
        self.primary = self.replica
        with self._connected(self.primary) as connection:
            connection.execute("SELECT pg_promote()")

    def _connected(self, side: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(host=str(self.database[side].sockets), user=NAME, dbname=NAME, autocommit=True)


def _is_ready(address: str) -> bool:
    """In order, with all its search nodes."""
    try:
        answer = urllib3.request("GET", f"{address}/readyz", timeout=5, retries=False)
    except urllib3.exceptions.HTTPError:
        return False
    nodes = answer.json()["search_nodes"].values() if answer.status == 200 else ["none"]
    return set(nodes) == {"ok"}
