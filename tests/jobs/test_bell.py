"""Whoever drains the outbox is woken by the commit, and by the clock where there is no bell."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select, text

from jobs.bell import rings
from marketplace.config import Settings
from marketplace.db.assets import Asset
from marketplace.db.outbox import CHANNEL, reindex_soon, reindex_soon_where
from marketplace.db.session import SessionFactory, transaction
from tests import factories

LONG = 600.0
"""Seconds after which it would come back by itself: longer than any test waits."""


@dataclass
class Listener:
    """A thread that counts what it hears."""

    url: str
    done: threading.Event = field(default_factory=threading.Event)
    heard: queue.Queue[None] = field(default_factory=queue.Queue)

    def listen(self, seconds: float) -> None:
        for ring in rings(self.url, seconds, self.done):
            self.heard.put(ring)

    def wait(self) -> None:
        self.heard.get(timeout=30)


@pytest.fixture
def listener(settings: Settings, sessions: SessionFactory) -> Iterator[Listener]:
    listener = Listener(settings.database_url)
    yield listener
    listener.done.set()
    _ring(sessions)


def _ring(sessions: SessionFactory) -> None:
    with transaction(sessions) as session:
        reindex_soon(session, [1])


def _start(listener: Listener, seconds: float) -> threading.Thread:
    """Listen in a thread; it has come back once, to do what was there before."""
    thread = threading.Thread(target=listener.listen, args=(seconds,), daemon=True)
    thread.start()
    listener.wait()
    return thread


def test_every_commit_rings_however_much_it_notes(sessions: SessionFactory, listener: Listener) -> None:
    _start(listener, LONG)
    with transaction(sessions) as session:
        made = [factories.asset(session, factories.unit(session)).id for _ in range(2)]
        reindex_soon(session, made)
        reindex_soon_where(session, select(Asset.id))
    listener.wait()
    with transaction(sessions) as session:
        reindex_soon_where(session, select(Asset.id))
    listener.wait()
    assert listener.heard.empty()


def test_what_is_not_committed_or_notes_nothing_does_not_ring(
    sessions: SessionFactory, listener: Listener
) -> None:
    _start(listener, LONG)
    with sessions() as session:
        reindex_soon(session, [1])
        session.rollback()
    with transaction(sessions) as session:
        reindex_soon(session, [])
    _ring(sessions)
    listener.wait()
    assert listener.heard.empty()


def test_without_a_ring_it_comes_back_by_the_clock(listener: Listener) -> None:
    _start(listener, 0.01)
    for _ in range(5):
        listener.wait()


def test_after_a_lost_connection_it_listens_again(sessions: SessionFactory, listener: Listener) -> None:
    _start(listener, LONG)
    with transaction(sessions) as session:
        listening = text(
            "SELECT pid FROM pg_stat_activity WHERE query = :said AND datname = current_database()"
        )
        [pid] = session.scalars(listening, {"said": f"LISTEN {CHANNEL}"})
        assert session.scalar(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": pid})
    for _ in ("the connection is lost", "it listens again"):
        listener.wait()
    _ring(sessions)
    listener.wait()


def test_it_ends_when_it_is_told_to(sessions: SessionFactory, listener: Listener) -> None:
    thread = _start(listener, LONG)
    listener.done.set()
    _ring(sessions)
    thread.join(30)
    assert not thread.is_alive()
