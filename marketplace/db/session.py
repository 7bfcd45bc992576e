"""Engines and sessions."""

from __future__ import annotations

import contextlib
import select
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, cast

import psycopg
from psycopg.errors import ReadOnlySqlTransaction
from psycopg.rows import TupleRow
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

# A table may refer to one that a process would not know otherwise: all come with the first session.
from marketplace.db import tables  # noqa: F401

SessionFactory = sessionmaker[Session]
Driver = psycopg.Connection[TupleRow]
"""A connection as the driver gives it."""
Piece = TypeVar("Piece")


def make_engine(url: str, *, pool_size: int = 8) -> Engine:
    """A pooled engine. Connections that the server closed are noticed before use."""
    return _pooled(url, pool_size)


def make_lookup(url: str, *, pool_size: int = 2) -> Engine:
    """An engine for single statements outside any transaction: each is one round trip, not three.

    They are planned once for each connection, whatever values they come with.
    """
    planned_once = " -c plan_cache_mode=force_generic_plan"
    return _pooled(url, pool_size, planned_once, isolation_level="AUTOCOMMIT", pool_reset_on_return=None)


BESIDE_OTHERS: Mapping[str, str] = {
    "target_session_attrs": "read-write",
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
"""Where the address names several servers: the one that takes writes is wanted, and one whose machine is gone
without a word is noticed within half a minute. Whatever the address says itself holds."""


def _pooled(url: str, pool_size: int, settings: str = "", **options: Any) -> Engine:
    said = make_url(url).query
    several = "," in str(said.get("host", "")) or isinstance(said.get("host"), tuple)
    beside = {name: value for name, value in BESIDE_OTHERS.items() if several and name not in said}
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        # The one used last is taken first: its statements and its caches are warm.
        pool_use_lifo=True,
        connect_args={"options": "-c timezone=UTC -c lock_timeout=30s" + settings, **beside},
        **options,
    )
    event.listen(engine, "checkout", _refuse_closed)
    event.listen(engine, "handle_error", _leave_a_replica, retval=True)
    return engine


def _leave_a_replica(context: ExceptionContext) -> BaseException | None:
    """Have a server that only lets read, as one that is not the first any more, count as away.

    The connections to it are given up: the next ones find the server that takes writes.
    """
    refused = context.original_exception
    if not isinstance(refused, ReadOnlySqlTransaction):
        return None
    context.is_disconnect = True
    return OperationalError(context.statement, None, refused)


def _refuse_closed(connection: Any, _record: object, _proxy: object) -> None:
    """Have the pool replace a connection whose server is gone.

    A server that ended has closed its side, and an idle connection has nothing else to say, so one
    that is readable is done for. This costs a system call; asking the server costs two round trips
    with every request.
    """
    if connection.closed or is_readable(connection.fileno()):
        raise DisconnectionError


def is_readable(descriptor: int, seconds: float = 0.0) -> bool:
    """Whether there is something to read, or the end, or comes in time.

    ``select`` would fail beyond descriptor 1023.
    """
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(1000 * seconds))


@contextlib.contextmanager
def driver_connection(lookup: Engine) -> Iterator[Driver]:
    """A connection without SQLAlchemy's part, which costs a small statement more than the database does.

    Raises:
        OperationalError: SQLAlchemy's, as from any other connection.
    """
    try:
        with contextlib.closing(lookup.raw_connection()) as pooled:
            try:
                yield cast(Driver, pooled.driver_connection)
            except ReadOnlySqlTransaction:
                pooled.invalidate()
                raise
    except (psycopg.OperationalError, ReadOnlySqlTransaction) as error:
        raise OperationalError(None, None, error) from error


def make_sessions(engine: Engine) -> SessionFactory:
    """Sessions that keep loaded values after commit, for answers written afterwards."""
    return sessionmaker(engine, expire_on_commit=False)


@contextlib.contextmanager
def transaction(sessions: SessionFactory) -> Iterator[Session]:
    """One transaction: committed at the end of the block, rolled back when it raises."""
    with sessions() as session, session.begin():
        yield session


def while_open(session: Session, pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Pieces that are read from the session while they are taken; it is closed when that ends.

    Also when whoever takes them goes away, even before the first.
    """
    started = _while_open(session, pieces)
    next(started)
    return started


def _while_open(session: Session, pieces: Iterator[Piece]) -> Iterator[Any]:
    with session:
        yield None
        yield from pieces
