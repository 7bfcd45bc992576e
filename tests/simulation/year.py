"""A year, a day at a time: the jobs in their order, run as of each day, and people who act by chance."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from jobs.schedule import BY_NAME
from jobs.turns import run_by_hand
from marketplace.db.calendar import load_calendar
from marketplace.domain.calendar import ONE_DAY
from marketplace.domain.jobs import PLANS
from tests.simulation import askers, holders, ledger, sellers
from tests.simulation.sellers import Purse
from tests.simulation.town import FIRST_DAY, Town

DAYS = 365
OFFICE_OPENS, OFFICE_CLOSES = 9, 20
COUNTER_DAYS = (1, 3)
"""Days of the week on which people get to it: enough, and the year stays short."""
SUNDAY = 6
DAILY = sorted((plan for plan in PLANS if plan.seconds is None), key=lambda plan: plan.hour or 0)
FREQUENT = [plan for plan in PLANS if plan.seconds is not None]
WHOLE = frozenset({"verify-audit", "repair-index"})
"""Jobs that go through all there is: run when everything is checked, or a year would take its square."""


@dataclass
class Year:
    """How it went."""

    town: Town
    purse: Purse = field(default_factory=Purse)
    figures: dict[str, Counter[str]] = field(default_factory=dict)
    """What each job did, by name."""

    def run(self, name: str, moment: dt.datetime, *, claimed: bool = True) -> None:
        """A job, as of then: as an operator would run it, or without the claim and the note of it."""
        self.town.now, means, job = moment, self.town.means, BY_NAME[name]
        done = run_by_hand(means, job, moment) if claimed else job.step(means, moment, False)
        self.figures.setdefault(name, Counter()).update(done)


def live(
    town: Town,
    *,
    days: int = DAYS,
    look_every: int = 60,
    evenings: bool = True,
    each_day: Callable[[Year, dt.date], None] = lambda year, day: None,
) -> Year:
    """So many days from the first of the year on; every ``look_every`` days everything is checked.

    Without ``evenings``, what jobs do every few seconds is left undone, and nothing is checked.

    Raises:
        AssertionError: something is in two places of its life, or in none; was told twice; and so on.
    """
    year = Year(town)
    for number in range(days):
        day = FIRST_DAY + number * ONE_DAY
        look = number % look_every == look_every - 1
        _jobs(year, day, whole=look)
        _people(year, day)
        if day.weekday() == SUNDAY:
            town.count_rows()
        if evenings and (look or number == days - 1):
            _evening(year, day)
            ledger.check(town, year.purse)
        each_day(year, day)
    return year


def _jobs(year: Year, day: dt.date, *, whole: bool) -> None:
    for plan in DAILY:
        if whole or plan.name not in WHOLE:
            year.run(plan.name, year.town.moment(day, plan.hour or 0), claimed=whole)


def _people(year: Year, day: dt.date) -> None:
    town = year.town
    town.now = town.moment(day, OFFICE_OPENS)
    with town.means.sessions() as session:
        works = load_calendar(session).is_working(day)
    if works and day.weekday() in COUNTER_DAYS:
        holders.act(town)
        askers.act(town)
        sellers.act(town, year.purse)


def _evening(year: Year, day: dt.date) -> None:
    """What runs every few seconds catches up."""
    for plan in FREQUENT:
        moment = year.town.moment(day, OFFICE_CLOSES)
        year.run(plan.name, moment)
        while (
            BY_NAME[plan.name].by_bell and BY_NAME[plan.name].step(year.town.means, moment, True)["waiting"]
        ):
            year.run(plan.name, moment)
