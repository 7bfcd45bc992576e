"""The whole import of a register beside a bare batched INSERT of the same rows.

Both fill the same emptied table, in turns. The import reads the file, checks, stages, compares, merges, and
writes audit entries and outbox rows; the bare insert only sends finished rows.
"""

# ruff: noqa: N999 - named for what it measures; it is only ever run by name

from __future__ import annotations

import argparse
import datetime as dt
import json
import multiprocessing
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert, select, text

from marketplace.config import Settings, from_environment
from marketplace.db import migrate
from marketplace.db.assets import Asset
from marketplace.db.people import Unit, UnitKind
from marketplace.db.session import make_engine, make_sessions, transaction
from marketplace.domain.permissions import PLATFORM
from marketplace.engines.embedded import engines
from marketplace.reference.catalogue import load_reference
from marketplace.use_cases import register_import, register_runs, register_worker
from tests.registers.samples import finance_sheet, write_csv

ROUNDS = 2
BATCH = 5_000
UNIT = "bench"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cards", type=int, default=100_000)
    cards = parser.parse_args().cards
    with tempfile.TemporaryDirectory() as home, engines(from_environment({"GWC_HOME": home})) as settings:
        engine = make_engine(settings.database_url)
        path = _prepare(engine, Path(home), cards)
        _measure(engine, settings, path, cards)
        engine.dispose()


def _prepare(engine: Engine, home: Path, cards: int) -> Path:
    migrate.upgrade(engine)
    with transaction(make_sessions(engine)) as session:
        load_reference(session)
        unit = Unit(
            kind=UnitKind.UNIT, code=UNIT, name="测试单位", region_code="990000", region_name="测试地区"
        )
        session.add(unit)
        session.flush()
        unit.path = [unit.id]
    return write_csv(home / "register.csv", finance_sheet(cards))


def _measure(engine: Engine, settings: Settings, path: Path, cards: int) -> None:
    """A first import gives the rows for the bare insert; then both take turns."""
    _import(settings, path)
    rows = _finished_rows(engine)
    assert len(rows) == cards
    imported, inserted, memory = 0.0, 0.0, []
    for _ in range(ROUNDS):
        _empty(engine)
        inserted += _insert(engine, rows)
        _empty(engine)
        first = _import(settings, path)
        imported += first["seconds"]
        memory.append(first)
    again = _import(settings, path)
    assert (first["created"], again["unchanged"]) == (cards, cards)
    _print(
        "import",
        {
            "cards": cards,
            "rounds": ROUNDS,
            "import_rows_per_second": round(ROUNDS * cards / imported),
            "insert_rows_per_second": round(ROUNDS * cards / inserted),
            "ratio": round(inserted / imported, 2),
        },
    )
    _print("import_unchanged", {"cards": cards, "rows_per_second": round(cards / again["seconds"])})
    _print(
        "import_memory",
        {
            "cards": cards,
            "file_mb": round(path.stat().st_size / 1e6, 1),
            "peak_mb": max(one["peak_mb"] for one in memory),
            "grown_after_first_batch_mb": max(one["grown_mb"] for one in memory),
        },
    )


def _finished_rows(engine: Engine) -> list[dict[str, Any]]:
    table = Asset.__table__
    columns = [column for column in table.columns if column.name not in ("id", "net_value")]
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(select(*columns).order_by(table.c.id)).mappings()]


def _empty(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE assets, outbox RESTART IDENTITY CASCADE"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))


def _insert(engine: Engine, rows: list[dict[str, Any]]) -> float:
    started = time.perf_counter()
    for start in range(0, len(rows), BATCH):
        with engine.begin() as connection:
            connection.execute(insert(Asset.__table__), rows[start : start + BATCH])
    return time.perf_counter() - started


def _import(settings: Settings, path: Path) -> dict[str, Any]:
    """One import in a process of its own, as a worker has, so that its memory can be seen."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    worker = context.Process(target=_work, args=(settings, path, theirs))
    worker.start()
    figures: dict[str, Any] = ours.recv()
    worker.join()
    return figures


def _work(settings: Settings, path: Path, answer: Connection) -> None:
    sessions = make_sessions(make_engine(settings.database_url))
    peaks: list[float] = []
    started = time.perf_counter()
    with transaction(sessions) as session:
        unit = session.scalars(select(Unit).where(Unit.code == UNIT)).one()
        run = register_import.begin(
            session, settings, PLATFORM, _clock(), unit, path, path.name, proceed=True
        )
    register_worker.advance(
        sessions,
        settings,
        run.id,
        _clock,
        on_progress=lambda done, total: peaks.append(_peak() if done else 0),
    )
    seconds = time.perf_counter() - started
    with sessions() as session:
        report = register_runs.report(session, run.id)
    first = next(peak for peak in peaks if peak)
    answer.send(
        {
            "seconds": seconds,
            "created": report.created,
            "unchanged": report.unchanged,
            "peak_mb": round(_peak(), 1),
            "grown_mb": round(_peak() - first, 1),
        }
    )


def _clock() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _peak() -> float:
    """The most memory that this process has had, in MB.

    Not ``ru_maxrss``: that one remembers the parent from before the program was started.
    """
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _print(figure: str, values: dict[str, object]) -> None:
    print(json.dumps({"figure": figure, **values}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
