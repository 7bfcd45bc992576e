"""``make bench``: every figure beside its own limit, measured in the same run on the running program.

For each size one register is built, the engines and the program are started on it, and everything is
measured by turns. What came of it lies in ``bench/results``; table, chart and README are made of that.
A register that is kept (``--home``) can be measured again, in parts (``--only``), when a weak spot is mended.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import functools
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
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
from bench.site import Site, jobs_running, served
from marketplace.config import ROOT, Settings, from_environment
from marketplace.db import migrate
from marketplace.db.session import SessionFactory, make_engine, make_sessions
from marketplace.engines.embedded import engines
from search.engine import Engine

SIZES = (10_000, 100_000, 1_000_000)
LARGE = 200_000
"""Registers with more cards get one round of what goes through all of them."""


def main() -> None:
    given = _arguments()
    for cards in [] if given.report else given.cards:
        if given.resume and figures.kept(given.results).get(cards, {}).get("complete"):
            continue
        record = figures.Record(cards, given.results, resumed=bool(given.only))
        with _home(given.home, cards) as home, engines(from_environment({"GWC_HOME": home})) as settings:
            _measure(settings, record, given)
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
    parser.add_argument("--only", nargs="+", choices=PARTS, help="measure these again, keep the rest")
    parser.add_argument("--home", type=Path, help="keep the registers here, one folder for each size")
    parser.add_argument("--resume", action="store_true", help="leave out sizes that were measured completely")
    parser.add_argument("--report", action="store_true", help="measure nothing: table, chart and README only")
    parser.add_argument("--results", type=Path, default=figures.RESULTS, help="where results are kept")
    return parser.parse_args()


@contextlib.contextmanager
def _home(kept: Path | None, cards: int) -> Iterator[str]:
    """Where the register of this size lies; gone afterwards unless it is to be kept."""
    if kept:
        yield str(kept.absolute() / str(cards))
    else:
        with tempfile.TemporaryDirectory(prefix="bench-") as home:
            yield home


@dataclass(frozen=True, slots=True)
class Bench:
    """What the parts share."""

    settings: Settings
    sessions: SessionFactory
    record: figures.Record
    now: dt.datetime
    rounds: int
    minutes: float

    @property
    def few(self) -> int:
        """Rounds of what takes as long as the register is large."""
        return self.rounds if self.record.cards < LARGE else 1


def _public(bench: Bench) -> None:
    with (
        served(bench.settings, "marketplace.cli", "web", workers=1) as web,
        served(bench.settings, "bench.bare", workers=1) as bare,
    ):
        pages.measure_public(bench.sessions, web, bare, bench.record, bench.rounds)


def _pages(bench: Bench) -> None:
    with _web(bench) as web, served(bench.settings, "bench.bare", workers=bench.settings.workers) as bare:
        pages.measure(bench.sessions, web, bare, bench.record, bench.rounds)


def _search(bench: Bench) -> None:
    with _web(bench) as web:
        searching.measure(bench.settings, bench.sessions, web, bench.record, bench.rounds)


def _load(bench: Bench) -> None:
    with _web(bench) as web, jobs_running(bench.settings) as jobs:
        weight.measure(bench.settings, bench.sessions, web, jobs, bench.record, bench.minutes)


def _web(bench: Bench) -> AbstractContextManager[Site]:
    return served(bench.settings, "marketplace.cli", "web", workers=bench.settings.workers)


PARTS: dict[str, Callable[[Bench], None]] = {
    "reindex": lambda bench: indexing.measure(bench.settings, bench.sessions, bench.record, bench.few),
    "public": _public,
    "pages": _pages,
    "search": _search,
    "load": _load,
    "import": lambda bench: importing.measure(bench.settings, bench.record, bench.rounds),
    "chain": lambda bench: chain.measure(bench.settings, bench.record, bench.rounds),
    "jobs": lambda bench: clockwork.measure(bench.settings, bench.record, bench.now, bench.few),
}
"""In the order in which they are measured: the index that reindexing leaves is what is searched."""


def _measure(settings: Settings, record: figures.Record, given: argparse.Namespace) -> None:
    database, now, began = make_engine(settings.database_url), dt.datetime.now(dt.UTC), time.perf_counter()
    bench = Bench(settings, make_sessions(database), record, now, given.rounds, given.load_minutes)

    def step(name: str, work: Callable[[], object]) -> None:
        # The parts that copy the register must be alone with it.
        database.dispose()
        started = time.perf_counter()
        work()
        print(f"{record.cards:>9,} cards: {name} {time.perf_counter() - started:.0f} s", flush=True)

    migrate.upgrade(database)
    if not register.is_built(database):
        step("register", lambda: register.build(database, record.cards, now))
    record.about |= {
        "measured_on": now.date().isoformat(),
        "machine": figures.machine(),
        "versions": figures.versions(database, Engine(settings)),
        "rounds": given.rounds,
    }
    for name in given.only or PARTS:
        step(name, functools.partial(PARTS[name], bench))
    record.about["complete"] = record.about.get("complete", False) or not given.only
    record.about["minutes"] = round((time.perf_counter() - began) / 60, 1)
    record.save()


if __name__ == "__main__":
    main()
