"""``make bench``: every figure beside its own limit, measured in the same run on the running program.

For each size one register is built, the engines and the program are started on it, and everything is
measured by turns. What came of it lies in ``bench/results``; table, chart and README are made of that.
"""

from __future__ import annotations

import argparse
import datetime as dt
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench import (
    chain,
    chart,
    clockwork,
    figures,
    importing,
    indexing,
    pages,
    register,
    report,
    searching,
    weight,
)
from bench.site import jobs_running, served
from marketplace.config import ROOT, Settings, from_environment
from marketplace.db.session import make_engine, make_sessions
from marketplace.engines.embedded import engines
from search.engine import Engine

SIZES = (10_000, 100_000, 1_000_000)


def main() -> None:
    given = _arguments()
    for cards in [] if given.report else given.cards:
        if given.resume and figures.kept(given.results).get(cards, {}).get("complete"):
            continue
        with tempfile.TemporaryDirectory(prefix="bench-") as home:
            record = figures.Record(cards, given.results)
            with engines(from_environment({"GWC_HOME": home})) as settings:
                _measure(settings, record, given.rounds, given.load_minutes)
    kept = figures.kept(given.results)
    report.show(kept)
    if given.results == figures.RESULTS:
        chart.draw(kept, ROOT / "docs" / "bench.svg")
        report.write(kept, ROOT / "README.md")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--cards", type=int, nargs="+", default=SIZES, help="sizes of registers, 5,000 at least"
    )
    parser.add_argument(
        "--rounds", type=int, default=3, help="rounds of each measurement, after one to warm up"
    )
    parser.add_argument(
        "--load-minutes",
        type=float,
        default=1.0,
        help="load before memory is looked at; the goal speaks of 60",
    )
    parser.add_argument("--resume", action="store_true", help="leave out sizes that were measured completely")
    parser.add_argument("--report", action="store_true", help="measure nothing: table, chart and README only")
    parser.add_argument("--results", type=Path, default=figures.RESULTS, help="where results are kept")
    return parser.parse_args()


def _measure(settings: Settings, record: figures.Record, rounds: int, minutes: float) -> None:
    database, now, began = make_engine(settings.database_url), dt.datetime.now(dt.UTC), time.perf_counter()
    sessions = make_sessions(database)

    def step(name: str, work: Callable[[], object]) -> None:
        started = time.perf_counter()
        work()
        print(f"{record.cards:>9,} cards: {name} {time.perf_counter() - started:.0f} s", flush=True)

    record.about = {
        "measured_on": now.date().isoformat(),
        "machine": figures.machine(),
        "versions": figures.versions(database, Engine(settings)),
        "rounds": rounds,
    }
    step("register", lambda: register.build(database, record.cards, now))
    step(
        "reindex",
        lambda: indexing.measure(settings, sessions, record, rounds if record.cards < clockwork.LARGE else 1),
    )
    with (
        served(settings, "marketplace.cli", "web", workers=1) as alone,
        served(settings, "bench.bare", workers=1) as bare,
    ):
        step("public pages", lambda: pages.measure_public(sessions, alone, bare, record, rounds))
    with served(settings, "marketplace.cli", "web", workers=settings.workers) as web:
        with served(settings, "bench.bare", workers=settings.workers) as bare:
            step("pages", lambda: pages.measure(sessions, web, bare, record, rounds))
        step("search", lambda: searching.measure(settings, sessions, web, record, rounds))
        with jobs_running(settings) as jobs:
            step("load", lambda: weight.measure(settings, sessions, web, jobs, record, minutes))
    step("import", lambda: importing.measure(settings, database, record, rounds))
    database.dispose()
    step("audit chain", lambda: chain.measure(settings, record, rounds))
    step("jobs", lambda: clockwork.measure(settings, record, now, rounds))
    record.about |= {"complete": True, "minutes": round((time.perf_counter() - began) / 60, 1)}
    record.save()


if __name__ == "__main__":
    main()
