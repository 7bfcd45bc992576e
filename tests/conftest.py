"""Fixtures: the two real engines, a migrated database of this worker's own, factories for rows.

Both engines start once per test run and are shared by all workers; each worker has a database and
an index of its own. No engine is ever replaced by a stand-in.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session
from xdist.scheduler import LoadScopeScheduling

from marketplace.config import Settings, from_environment
from marketplace.db import migrate
from marketplace.db.session import SessionFactory, make_engine, make_sessions
from marketplace.engines.embedded import engines
from marketplace.use_cases import piece_ledger

NOW = dt.datetime(2026, 9, 1, 2, 0, tzinfo=dt.UTC)
"""A Tuesday, ten in the morning in China."""


TOGETHER = ("tests.edge", "tests.search", "tests.jobs.test_deaths")
"""Tests whose preparation takes longer than they do: one worker prepares it once for all of a file."""
ALL_TOGETHER = ("tests.browser", "tests.demo", "tests.security")
"""And once for all files of a package."""
THOROUGH = bool(os.environ.get("FUZZ_EXAMPLES"))
"""Whether tests take so long that preparing for them again, in several workers, is the lesser evil."""
FIRST = ("tests.jobs.test_year", "tests.browser", "tests.jobs.test_deaths")
"""Long ones: begun last, they would keep the others waiting."""


def _module(nodeid: str) -> str:
    return nodeid.partition(".py")[0].replace("/", ".")


class Together(LoadScopeScheduling):
    """What belongs together goes to one worker, every other test to whoever is free.

    Instead of ``--dist loadgroup``, which does not group with this pytest (pytest-xdist #1386).
    """

    def _split_scope(self, nodeid: str) -> str:
        module = _module(nodeid)
        package = module.rpartition(".")[0]
        if package in ALL_TOGETHER and not THOROUGH:
            return package
        return module if module.startswith((*TOGETHER, *ALL_TOGETHER)) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    """The long ones keep their place at the head."""
    config.option.loadscopereorder = False
    return Together(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long ones."""
    items.sort(key=lambda item: not _module(item.nodeid).startswith(FIRST))


@pytest.fixture(scope="session")
def worker() -> str:
    """Name of this worker process; ``main`` when tests run in one process."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory, worker: str) -> Iterator[Settings]:
    """Settings of running engines, with a database and an index for this worker alone."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker == "main" else base.parent
    given = {
        name: os.environ[name] for name in ("DATABASE_URL", "MEILI_URL", "MEILI_KEY") if name in os.environ
    }
    home = shared / "engines"
    with engines(from_environment({"GWC_HOME": str(home), **given}), throwaway=True) as running:
        url = own_database(running.database_url, f"test_{worker}")
        own = base / "home"
        own.mkdir(exist_ok=True)
        yield dataclasses.replace(running, database_url=url, index_name=f"test_{worker}", home=own)


@pytest.fixture(scope="session")
def engine(settings: Settings) -> Iterator[Engine]:
    """An engine on this worker's database, migrated."""
    engine = make_engine(settings.database_url)
    migrate.upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session whose work is rolled back after the test; commits inside it stay inside it."""
    with engine.connect() as connection, connection.begin() as outer:
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            yield session
            if session.is_active:
                session.flush()
        _no_piece_lost(connection)
        outer.rollback()


@pytest.fixture
def sessions(engine: Engine) -> Iterator[SessionFactory]:
    """Sessions that really commit, for tests with several connections; tables are emptied afterwards."""
    made = make_sessions(engine)
    yield made
    with engine.connect() as connection:
        _no_piece_lost(connection)
    empty(engine)


def empty(engine: Engine) -> None:
    """Empty every table that holds or held something, and count from one again.

    Deleting the few rows of a test takes a fifteenth of the time of truncating every table.
    """
    with engine.begin() as connection:
        # A client that was killed in a test leaves its server process busy for a moment.
        connection.execute(text(_END_STRAYS))
        # The audit table refuses even this, except to a test that says so; nor are references looked at.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(_EMPTY))


_END_STRAYS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND backend_type = 'client backend' AND state <> 'idle'
"""

_EMPTY = """
    DO $$
    DECLARE found record;
    BEGIN
        FOR found IN
            SELECT oid::regclass AS name FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
              AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0
        LOOP
            EXECUTE format('DELETE FROM %s', found.name);
        END LOOP;
        PERFORM setval(format('%I.%I', schemaname, sequencename), 1, false)
        FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL;
    END $$
"""


def _no_piece_lost(connection: Connection) -> None:
    """After every test: whatever it did, no piece of a card was lost or made on the way to another."""
    driver = connection.connection.driver_connection
    assert driver is not None
    if driver.info.transaction_status is not TransactionStatus.INERROR:  # else nothing of it lasts anyway
        with Session(connection) as session:
            assert list(piece_ledger.differences(session)) == []


def own_database(url: str, name: str, *, template: str = "template1") -> str:
    """A fresh database beside the one at ``url``, or a copy of another one; gives its address."""
    plain = url.replace("+psycopg", "", 1)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    head, _, query = url.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parent.parent
