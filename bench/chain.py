"""What the chain of the audit record costs those who write: with it and without, by turns.

Writers in processes of their own change a card, note it for the index and record it, one transaction for
each change, while a sealer looks every second, as the job does.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import multiprocessing
import threading
import time
from collections.abc import Iterator
from multiprocessing.synchronize import Barrier

from sqlalchemy import text, update

from bench import register
from bench.figures import Record, rates
from marketplace.config import Settings
from marketplace.db.assets import Asset
from marketplace.db.outbox import reindex_soon
from marketplace.db.session import SessionFactory, make_engine, make_sessions, transaction
from marketplace.domain.permissions import PLATFORM
from marketplace.use_cases import audit, audit_chain

WRITERS = 8
CHANGES = 100
"""Transactions of each writer in each turn."""
NOW = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)


def measure(settings: Settings, record: Record, rounds: int) -> None:
    """``ratio``: what is left of the transactions a second; the first turn of both warms up."""
    with register.copied(settings) as (copy, database):
        _measure(copy, make_sessions(database), record, rounds)


def _measure(settings: Settings, sessions: SessionFactory, record: Record, rounds: int) -> None:
    done: dict[bool, list[float]] = {True: [], False: []}
    turns = [on for _ in range(rounds + 1) for on in (True, False)]
    with _writers(settings.database_url, len(turns)) as gate:
        for on in turns:
            _chain(sessions, on=on)
            with _sealing(sessions, on=on):
                gate.wait()
                started = time.perf_counter()
                gate.wait()
                done[on].append(WRITERS * CHANGES / (time.perf_counter() - started))
    record.add("audit chain", {"writers": WRITERS, **rates(done[True][1:], done[False][1:])})


def _chain(sessions: SessionFactory, *, on: bool) -> None:
    word = "ENABLE" if on else "DISABLE"
    with transaction(sessions) as session:
        session.execute(text(f"ALTER TABLE audit_entries {word} TRIGGER audit_entries_await_seal"))


@contextlib.contextmanager
def _sealing(sessions: SessionFactory, *, on: bool) -> Iterator[None]:
    done = threading.Event()

    def seal() -> None:
        while not done.wait(1):
            audit_chain.seal_waiting(sessions)

    sealer = threading.Thread(target=seal if on else done.wait)
    sealer.start()
    try:
        yield
    finally:
        done.set()
        sealer.join()


@contextlib.contextmanager
def _writers(url: str, turns: int) -> Iterator[Barrier]:
    """Processes that write one turn after the other; all pass the gate before and after each."""
    context = multiprocessing.get_context("spawn")
    gate = context.Barrier(WRITERS + 1, timeout=600)
    writers = [context.Process(target=_write, args=(url, number, turns, gate)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    yield gate
    for writer in writers:
        writer.join()


def _write(url: str, writer: int, turns: int, gate: Barrier) -> None:
    sessions = make_sessions(make_engine(url, pool_size=1))
    for turn in range(turns):
        gate.wait()
        for number in range(CHANGES):
            _change(sessions, writer * CHANGES + number + 1, f"第{turn}{number}室")
        gate.wait()


def _change(sessions: SessionFactory, asset_id: int, location: str) -> None:
    with transaction(sessions) as session:
        moved = update(Asset).where(Asset.id == asset_id).values(location=location, version=Asset.version + 1)
        session.execute(moved.execution_options(synchronize_session=False))
        reindex_soon(session, [asset_id])
        told = {"location": location}
        audit.record(
            session, PLATFORM, NOW, "asset.edit", "asset", asset_id, before={}, after=told, reason="搬迁"
        )
