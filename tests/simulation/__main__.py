"""``make simulate``: a year of a place of 100,000 cards, with a line for each week."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import tempfile
import time

from marketplace import logs
from marketplace.config import from_environment
from marketplace.db import migrate
from marketplace.db.session import make_engine, make_sessions
from marketplace.engines.embedded import engines
from search import schema
from search.engine import Engine
from tests.simulation import ledger, town, year
from tests.simulation.year import SUNDAY, Year

DIGEST = "digest:"
GIVEN = ("DATABASE_URL", "MEILI_URL", "MEILI_KEY", "MEILI_INDEX")


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=year.DAYS)
    given = parser.parse_args()
    logs.configure()
    environment = {name: os.environ[name] for name in GIVEN if name in os.environ}
    with (
        tempfile.TemporaryDirectory() as home,
        engines(from_environment({"GWC_HOME": home} | environment), throwaway=True) as settings,
    ):
        database = make_engine(settings.database_url)
        migrate.upgrade(database)
        place = town.found(settings, make_sessions(database), given.cards, given.seed)
        before, started = ledger.worth(place), time.monotonic()

        def tell(lived: Year, day: dt.date) -> None:
            if day.weekday() == SUNDAY:
                say(f"{day}  {time.monotonic() - started:7.1f} s  {lived.town.done.total():7} acts")

        lived = year.live(place, days=given.days, each_day=tell)
        assert ledger.worth(place) == before
        with database.connect() as connection:
            content = ledger.digest(connection)
        database.dispose()
        schema.drop(Engine(settings), settings.index_name)
    for title, counted in (("done", place.done), ("refused", place.refused), *lived.figures.items()):
        say(f"{title}: {dict(sorted(counted.items()))}")
    for table, digest in content.items():
        say(f"{DIGEST} {table} {digest}")


if __name__ == "__main__":
    main()
