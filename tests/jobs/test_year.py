"""A year passes, and everything adds up; the same chance gives the same year."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys

from marketplace.config import ROOT, Settings
from marketplace.db.session import SessionFactory
from search import schema
from tests.conftest import own_database
from tests.simulation import __main__ as simulate
from tests.simulation import ledger, town, year

CARDS, SEED = 2_000, 1
FEW, DAYS = 80, 30
DONE = {
    *("flag confirmed", "flag listed", "flag objected to", "objection accepted", "objection refused"),
    *("listed", "withdrawn", "offer changed", "clock stopped", "clock goes on", "stage skipped"),
    *("transfer asked for", "loan asked for", "order approve", "order reject", "order send_back"),
    *("submitted again", "order withdraw", "offer accepted", "handed over", "given back", "loan renewed"),
    *("project of auction", "project approved", "project completed", "auction edited", "published"),
    *("results", "relisted", "proceeds", "remitted"),
}
"""What has to have come about for the year to prove anything."""
MOVED = {
    "flag-idle": {"unused", "over_standard", "event_ended"},
    "answer-silence": {"listed"},
    "walk-timetable": {"begun", "held", "released", "advanced", "disposed"},
    "award-windows": {"windows"},
    "expire-orders": {"orders"},
    "prepare-auctions": {"auctions"},
}
"""What the jobs have to have found to do."""


def test_a_year_of_two_thousand_cards_adds_up(settings: Settings, sessions: SessionFactory) -> None:
    own = dataclasses.replace(settings, index_name=f"{settings.index_name}_year")
    place = town.found(own, sessions, CARDS, SEED)
    before = ledger.worth(place)
    lived = year.live(place)
    assert ledger.worth(place) == before, "no piece and no cent of what is in the books is lost or made"
    assert DONE - set(place.done) == set()
    missing = {job: names - set(+lived.figures[job]) for job, names in MOVED.items()}
    assert not any(missing.values()), missing
    assert lived.figures["check-pieces"]["differences"] == lived.figures["verify-audit"]["broken"] == 0
    schema.drop(place.means.nodes.engines[0], own.index_name)


def test_the_same_seed_gives_the_same_year(settings: Settings) -> None:
    begun = [_begin(settings, name) for name in ("one", "other")]
    ends = [process.communicate()[0].splitlines() for process in begun]
    assert [process.returncode for process in begun] == [0, 0]
    one, other = ([line for line in end if line.startswith(simulate.DIGEST)] for end in ends)
    assert one == other
    assert any(" orders " in line for line in one)


def _begin(settings: Settings, name: str) -> subprocess.Popen[str]:
    """A year in a process of its own, where sets are walked through in an order of its own."""
    own = f"{settings.index_name}_{name}"
    environment = {
        "DATABASE_URL": own_database(settings.database_url, own),
        "MEILI_URL": settings.meili_url,
        "MEILI_KEY": settings.meili_key,
        "MEILI_INDEX": own,
        "PYTHONHASHSEED": str(len(name)),
    }
    arguments = [sys.executable, "-m", "tests.simulation", "--cards", str(FEW), "--days", str(DAYS)]
    return subprocess.Popen(
        arguments, cwd=ROOT, env=os.environ | environment, stdout=subprocess.PIPE, text=True
    )
