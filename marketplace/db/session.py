"""Engines and sessions."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker

SessionFactory = sessionmaker[Session]


def make_engine(url: str, *, pool_size: int = 8) -> Engine:
    """A pooled engine. Dead connections are noticed before use, so a restarted server is survived."""
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        connect_args={"options": "-c timezone=UTC -c lock_timeout=30s"},
    )


def make_sessions(engine: Engine) -> SessionFactory:
    """Sessions that keep loaded values after commit, for answers written afterwards."""
    return sessionmaker(engine, expire_on_commit=False)


@contextlib.contextmanager
def transaction(sessions: SessionFactory) -> Iterator[Session]:
    """One transaction: committed at the end of the block, rolled back when it raises."""
    with sessions() as session, session.begin():
        yield session
