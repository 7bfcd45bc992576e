"""A clock that was wrong and is right again binds nobody to what it wrote down."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from sqlalchemy import update

from jobs.means import Figures, Job, Means
from jobs.turns import Clockwork
from marketplace.config import Settings
from marketplace.db.imports import ImportRun
from marketplace.db.jobs import JobTurn
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.jobs import PLAN_OF
from marketplace.use_cases import register_worker
from marketplace.use_cases.register_worker import LEASE
from search.nodes import Nodes
from tests.conftest import NOW
from tests.registers import samples
from tests.use_cases.importing import make_desk

YEAR = dt.timedelta(days=366)


def test_a_daily_job_done_for_next_year_is_done_today(settings: Settings, sessions: SessionFactory) -> None:
    runs: list[dt.datetime] = []

    def step(_means: Means, now: dt.datetime, _dry_run: bool) -> Figures:
        runs.append(now)
        return {}

    clock = [NOW + YEAR]
    process = Clockwork(Means(settings, sessions, Nodes(settings), lambda: clock[0]))
    job = Job(PLAN_OF["tidy"], "", step)
    with transaction(sessions) as session:
        session.add(JobTurn(name="tidy", done_for=NOW - dt.timedelta(days=1)))
    assert process.take_turn(job)
    clock[0] = NOW
    assert process.take_turn(job)
    assert not process.take_turn(job)
    assert runs == [NOW + YEAR, NOW]


def test_a_lease_until_next_year_is_none(
    settings: Settings, sessions: SessionFactory, tmp_path: Path
) -> None:
    desk = make_desk(sessions, settings, tmp_path)
    run_id = desk.begin(desk.file([samples.SURPLUS, *samples.surplus(5)]), proceed=True)

    def claim(until: dt.datetime) -> None:
        with transaction(sessions) as session:
            session.execute(update(ImportRun).values(claimed_by="killed", claimed_until=until))

    claim(NOW + LEASE)
    assert register_worker.waiting(sessions, NOW) == 0
    claim(NOW + YEAR)
    assert register_worker.waiting(sessions, NOW) == 1
    assert desk.advance(run_id).created == 5
