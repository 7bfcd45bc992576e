"""What the audit record costs those who write: with and without it, and with other ways of chaining it.

Writers in processes of their own change a card, note it for the index and record it, one transaction for
each change. The ways take turns on the same database:

- ``none``: no entry at all
- ``entries``: an entry, no chain
- ``chained``: as the program does it, with a sealer at work
- ``locked``: each transaction takes the head of the chain, seals its own entry and lets go when it commits
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import hashlib
import json
import multiprocessing
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.synchronize import Barrier
from typing import Any

from sqlalchemy import Engine, insert, select, text, update
from sqlalchemy.orm import Session

from marketplace.config import from_environment
from marketplace.db import migrate
from marketplace.db.assets import Asset
from marketplace.db.outbox import reindex_soon
from marketplace.db.people import Unit, UnitKind
from marketplace.db.session import SessionFactory, make_engine, make_sessions, transaction
from marketplace.domain.permissions import PLATFORM
from marketplace.domain.states import AssetState
from marketplace.engines.embedded import engines
from marketplace.use_cases import audit, audit_chain

WAYS = ("none", "entries", "chained", "locked")
WRITERS = 8
CHANGES = 200
"""Transactions of each writer in each turn."""
ROUNDS = 4
TURNS = WAYS * ROUNDS
CARDS = 50
"""Cards of each writer."""
NOW = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cards", type=int, default=100_000, help="entries to seal and to check at once")
    entries = parser.parse_args().cards
    with tempfile.TemporaryDirectory() as home, engines(from_environment({"GWC_HOME": home})) as settings:
        engine = make_engine(settings.database_url)
        sessions = make_sessions(engine)
        _prepare(engine, sessions)
        _measure_writers(sessions, settings.database_url)
        _measure_bulk(sessions, entries)
        _measure_chain(sessions)
        engine.dispose()


def _prepare(engine: Engine, sessions: SessionFactory) -> None:
    migrate.upgrade(engine)
    with transaction(sessions) as session:
        unit = Unit(
            kind=UnitKind.UNIT, code="bench", name="测试单位", region_code="990000", region_name="测试地区"
        )
        session.add(unit)
        session.flush()
        session.execute(
            insert(Asset),
            [
                {
                    "id": number,
                    "unit_id": unit.id,
                    "state": AssetState.IN_USE,
                    "number": f"ZC{number}",
                    "name": "办公桌",
                    "original_value": 1200,
                    "created_at": NOW,
                    "updated_at": NOW,
                }
                for number in range(1, WRITERS * CARDS + 1)
            ],
        )
        session.execute(text("CREATE TABLE bench_head (digest bytea NOT NULL)"))
        session.execute(text("INSERT INTO bench_head VALUES (:start)"), {"start": bytes(32)})
        session.execute(text("CREATE TABLE bench_seals (entry_id bigint PRIMARY KEY, digest bytea NOT NULL)"))


def _measure_writers(sessions: SessionFactory, url: str) -> None:
    seconds = dict.fromkeys(WAYS, 0.0)
    with _writers(url) as gate:
        for way in TURNS:
            _chain(sessions, on=way == "chained")
            with _sealing(sessions, on=way == "chained"):
                gate.wait()
                started = time.perf_counter()
                gate.wait()
                seconds[way] += time.perf_counter() - started
    rates = {way: round(ROUNDS * WRITERS * CHANGES / spent) for way, spent in seconds.items()}
    _print(
        "audit_writers",
        {
            "writers": WRITERS,
            "transactions": ROUNDS * WRITERS * CHANGES,
            **{f"{way}_per_second": rate for way, rate in rates.items()},
            "chained_to_entries": round(seconds["entries"] / seconds["chained"], 2),
            "chained_to_none": round(seconds["none"] / seconds["chained"], 2),
            "locked_to_entries": round(seconds["entries"] / seconds["locked"], 2),
        },
    )


def _chain(sessions: SessionFactory, *, on: bool) -> None:
    word = "ENABLE" if on else "DISABLE"
    with transaction(sessions) as session:
        session.execute(text(f"ALTER TABLE audit_entries {word} TRIGGER audit_entries_await_seal"))


@contextlib.contextmanager
def _sealing(sessions: SessionFactory, *, on: bool) -> Iterator[None]:
    """A sealer that looks every second, as the job does."""
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
def _writers(url: str) -> Iterator[Barrier]:
    """Processes that write one turn after the other; all pass the gate before and after each."""
    context = multiprocessing.get_context("spawn")
    gate = context.Barrier(WRITERS + 1, timeout=600)
    writers = [context.Process(target=_write, args=(url, number, gate)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    yield gate
    for writer in writers:
        writer.join()


def _write(url: str, writer: int, gate: Barrier) -> None:
    sessions = make_sessions(make_engine(url, pool_size=1))
    for way in TURNS:
        gate.wait()
        for number in range(CHANGES):
            with transaction(sessions) as session:
                _change(session, way, writer * CARDS + number % CARDS + 1, f"第{number}室")
        gate.wait()


def _change(session: Session, way: str, asset_id: int, location: str) -> None:
    before = session.scalar(select(Asset.location).where(Asset.id == asset_id).with_for_update())
    moved = update(Asset).where(Asset.id == asset_id).values(location=location, version=Asset.version + 1)
    session.execute(moved.execution_options(synchronize_session=False))
    reindex_soon(session, [asset_id])
    if way == "none":
        return
    audit.record(
        session,
        PLATFORM,
        NOW,
        "asset.edit",
        "asset",
        asset_id,
        before={"location": before},
        after={"location": location},
        reason="搬迁",
    )
    if way == "locked":
        _seal_at_once(session, asset_id, location)


def _seal_at_once(session: Session, asset_id: int, location: str) -> None:
    """The alternative at its best: the lock is taken last, and held no longer than the commit takes."""
    head = session.scalar(text("SELECT digest FROM bench_head FOR UPDATE"))
    digest = hashlib.sha256(head + f"{asset_id} {location}".encode()).digest()
    session.execute(_LINK, {"digest": digest})


_LINK = text("""
    WITH sealed AS (INSERT INTO bench_seals VALUES (currval('audit_entries_id_seq'), :digest))
    UPDATE bench_head SET digest = :digest
""")


def _measure_bulk(sessions: SessionFactory, entries: int) -> None:
    """Entries that one statement writes by the thousand, as an import does."""
    seconds = {}
    for on in (False, True, False, True):
        _chain(sessions, on=on)
        started = time.perf_counter()
        with transaction(sessions) as session:
            session.execute(_MANY, {"count": entries // 2, "at": NOW})
        seconds[on] = seconds.get(on, 0.0) + time.perf_counter() - started
    _print(
        "audit_bulk",
        {
            "entries": entries,
            "entries_per_second": round(entries / seconds[False]),
            "chained_per_second": round(entries / seconds[True]),
            "ratio": round(seconds[False] / seconds[True], 2),
        },
    )


_MANY = text("""
    INSERT INTO audit_entries (at, actor_name, action, object_kind, object_id, before, after, reason)
    SELECT :at, '王晓岚', 'asset.edit', 'asset', n, jsonb_build_object('location', '第' || n || '室'),
           jsonb_build_object('location', '第' || n + 1 || '室'), '搬迁'
    FROM generate_series(1, :count) AS n
""")


def _measure_chain(sessions: SessionFactory) -> None:
    """Seal what waits, and check it. What was written without the chain is no fault here."""
    with transaction(sessions) as session:
        before = audit_chain.end(session).position
    sealing, sealed = _timed(lambda: audit_chain.seal_waiting(sessions))
    checking, verdict = _timed(lambda: audit_chain.verify(sessions))
    done = sealed.last.position - before
    assert verdict.checked == sealed.last.position
    _print("audit_sealing", {"entries": done, "per_second": round(done / sealing)})
    _print("audit_verify", {"entries": verdict.checked, "per_second": round(verdict.checked / checking)})


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def _print(figure: str, values: dict[str, object]) -> None:
    print(json.dumps({"figure": figure, **values}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
