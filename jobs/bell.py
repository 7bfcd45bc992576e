"""The bell of the outbox: the database rings it when a transaction with new rows is committed."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psycopg
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from marketplace.db.outbox import CHANNEL
from marketplace.db.session import driver_connection, is_readable, make_lookup

log = get_logger()
RETRY_SECONDS = 1.0
"""Pause before the database is tried again."""


def rings(url: str, seconds: float, done: threading.Event) -> Iterator[None]:
    """Come back at every ring and, as not all that is to do rings, at least every so many seconds.

    Also at the beginning, when it is being listened for already. While the database is away, or a
    connection lasts only for a transaction, the seconds are what is left. Ends soon after ``done``.
    """
    lookup = make_lookup(url, pool_size=1)
    while not done.is_set():
        try:
            with driver_connection(lookup) as connection:
                connection.execute(f"LISTEN {CHANNEL}".encode())
                while not done.is_set():
                    yield
                    # The driver's own wait looks up ten times a second.
                    if is_readable(connection.fileno(), seconds):
                        for _ in connection.notifies(timeout=0, stop_after=1):
                            pass
        except (psycopg.Error, SQLAlchemyError) as error:
            log.warning("bell_not_heard", error=str(error))
            yield
            done.wait(min(seconds, RETRY_SECONDS))
    lookup.dispose()
