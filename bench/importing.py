"""The whole import of a register beside a bare batched INSERT of the same rows into the same tables.

The import reads the file, checks, stages, compares, merges, and writes audit entries and outbox rows; the
bare insert only sends finished rows. Each goes into a unit of its own, and both find the register as it is.
"""

from __future__ import annotations

import datetime as dt
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from sqlalchemy import Engine as Database
from sqlalchemy import insert, select

from bench import register, site
from bench.figures import Record, seconds
from marketplace.config import Settings
from marketplace.db.assets import Asset
from marketplace.db.people import Unit, UnitKind
from marketplace.db.session import make_engine, make_sessions, transaction
from marketplace.domain.permissions import PLATFORM
from marketplace.use_cases import register_import, register_runs, register_worker
from tests.registers.samples import finance_sheet, write_csv

ROWS = 20_000
BATCH = 5_000
TABLES = ("assets", "outbox", "audit_entries", "audit_waiting")


def measure(settings: Settings, record: Record, rounds: int) -> None:
    """On a copy of the register, which the imports make larger."""
    with register.copied(settings) as (copy, database):
        _measure(copy, database, record, rounds)


def _measure(settings: Settings, database: Database, record: Record, rounds: int) -> None:
    """The first import gives the rows for the bare insert; then both take turns."""
    path = write_csv(settings.home / "register.csv", finance_sheet(ROWS))
    rows = _rows(database, _imported(settings, path, _unit(database, "bench-0"))["unit"])
    ours, bare, memory = [], [], 0.0
    for turn in range(1, rounds + 1):
        register.tidy(database, *TABLES)
        bare.append(_inserted(database, rows, _unit(database, f"bench-bare-{turn}")))
        register.tidy(database, *TABLES)
        done = _imported(settings, path, _unit(database, f"bench-{turn}"))
        assert done["created"] == ROWS, done
        ours.append(done["seconds"])
        memory = max(memory, done["peak_mb"])
    again = _imported(settings, path, done["unit"])
    assert again["unchanged"] == ROWS, again
    found = seconds(ours, bare, rows=ROWS)
    # Of what an insert does in a second, not of how long it takes.
    found |= {"ratio": 1 / found["ratio"], "bare_rows_per_second": ROWS / found["bare_seconds"]}
    record.add("import", found)
    record.add("import, nothing new", seconds([again["seconds"]], rows=ROWS))
    record.add("memory.import", {"processes": 1, "peak_mb": memory})


def _unit(database: Database, code: str) -> int:
    with transaction(make_sessions(database)) as session:
        region = session.scalars(select(Unit).where(Unit.kind == UnitKind.REGION).order_by(Unit.id)).first()
        assert region is not None
        unit = Unit(
            kind=UnitKind.UNIT,
            code=code,
            name=code,
            parent=region,
            region_code="380100",
            region_name="江州市",
        )
        session.add(unit)
        session.flush()
        unit.path = [region.id, unit.id]
        return unit.id


def _rows(database: Database, unit: int) -> list[dict[str, Any]]:
    table = Asset.__table__
    columns = [column for column in table.columns if column.name not in ("id", "net_value", "unit_id")]
    with database.connect() as connection:
        query = select(*columns).where(table.c.unit_id == unit).order_by(table.c.id)
        return [dict(row) for row in connection.execute(query).mappings()]


def _inserted(database: Database, rows: list[dict[str, Any]], unit: int) -> float:
    finished = [row | {"unit_id": unit} for row in rows]
    started = time.perf_counter()
    for start in range(0, len(finished), BATCH):
        with database.begin() as connection:
            connection.execute(insert(Asset), finished[start : start + BATCH])
    return time.perf_counter() - started


def _imported(settings: Settings, path: Path, unit: int) -> dict[str, Any]:
    """One import in a process of its own, as a worker has, so that its memory can be seen."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_work, settings, path, unit).result()


def _work(settings: Settings, path: Path, unit_id: int) -> dict[str, Any]:
    sessions = make_sessions(make_engine(settings.database_url))
    started = time.perf_counter()
    with transaction(sessions) as session:
        unit = session.get_one(Unit, unit_id)
        run = register_import.begin(
            session, settings, PLATFORM, _clock(), unit, path, path.name, proceed=True
        )
    register_worker.advance(sessions, settings, run.id, _clock)
    passed = time.perf_counter() - started
    with sessions() as session:
        report = register_runs.report(session, run.id)
    found = {"created": report.created, "unchanged": report.unchanged, "unit": unit_id}
    return found | {"seconds": passed, "peak_mb": site.peak_mb(multiprocessing.current_process().pid or 0)}


def _clock() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
