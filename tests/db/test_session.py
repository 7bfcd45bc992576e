"""Connections that the server closes are noticed, replaced, and reported as one kind of error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from marketplace.config import Settings, from_environment
from marketplace.db.session import Driver, driver_connection, make_engine, make_lookup


@pytest.fixture
def lookup(settings: Settings) -> Iterator[Engine]:
    """With one connection, so that the next statement meets the one that was closed."""
    engine = make_lookup(settings.database_url, pool_size=1)
    yield engine
    engine.dispose()


def pid_of(connection: Driver) -> int:
    return connection.info.backend_pid


def close(engine: Engine, pid: int) -> None:
    """Have the server close a connection, and wait until it has."""
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": pid})


def test_single_statements_leave_no_transaction_open(lookup: Engine, engine: Engine) -> None:
    with driver_connection(lookup) as connection:
        pid = pid_of(connection)
        connection.execute("SELECT 1")
        with engine.connect() as other:
            state = other.scalar(text("SELECT state FROM pg_stat_activity WHERE pid = :pid"), {"pid": pid})
    assert state == "idle"
    with driver_connection(lookup) as connection:
        assert pid_of(connection) == pid


def test_a_connection_closed_while_it_was_idle_is_replaced(lookup: Engine, engine: Engine) -> None:
    with driver_connection(lookup) as connection:
        pid = pid_of(connection)
    close(engine, pid)
    with driver_connection(lookup) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        assert pid_of(connection) != pid


def test_a_connection_lost_in_use_is_an_operational_error_once(lookup: Engine, engine: Engine) -> None:
    def ask() -> None:
        with driver_connection(lookup) as connection:
            close(engine, pid_of(connection))
            connection.execute("SELECT 1")

    with pytest.raises(OperationalError):
        ask()
    with driver_connection(lookup) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_connections_of_sessions_are_replaced_too(settings: Settings, engine: Engine) -> None:
    pooled = make_engine(settings.database_url, pool_size=1)
    with pooled.connect() as connection:
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
    assert pid
    close(engine, pid)
    with pooled.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    pooled.dispose()


READ_ONLY = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"
"""After this a session is refused writes as by a replica, with the same error."""


def test_a_server_that_takes_no_writes_is_away(settings: Settings, engine: Engine) -> None:
    pooled = make_engine(settings.database_url, pool_size=1)
    with pooled.connect() as connection:
        connection.execute(text(READ_ONLY))
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
        connection.commit()
    with pytest.raises(OperationalError), pooled.begin() as connection:
        connection.execute(text("CREATE TABLE refused (id int)"))
    with pooled.begin() as connection:
        connection.execute(text("CREATE TEMP TABLE taken (id int)"))
        assert connection.scalar(text("SELECT pg_backend_pid()")) != pid
    pooled.dispose()


def test_single_statements_leave_it_too(lookup: Engine) -> None:
    with driver_connection(lookup) as connection:
        connection.execute(READ_ONLY)
        pid = pid_of(connection)
    with pytest.raises(OperationalError), driver_connection(lookup) as connection:
        connection.execute("CREATE TABLE refused (id int)")
    with driver_connection(lookup) as connection:
        assert pid_of(connection) != pid


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("postgresql://one/name", "postgresql+psycopg://one/name"),
        (
            "postgresql://me:pa%40s@one:5433,two/name?sslmode=require",
            "postgresql+psycopg://me:pa%40s@/name?host=one,two&port=5433,&sslmode=require",
        ),
    ],
)
def test_several_servers_may_be_named(tmp_path: Path, given: str, read: str) -> None:
    named = from_environment({"GWC_HOME": str(tmp_path), "DATABASE_URL": given})
    assert named.database_url == read
    make_engine(named.database_url).dispose()
