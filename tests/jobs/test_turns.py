"""Job processes share the work: each moment is done once, and a killed run is done again."""

from __future__ import annotations

import dataclasses
import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from sqlalchemy import literal, select

from jobs.means import Figures, Job, Means
from jobs.schedule import JOBS
from jobs.turns import BusyError, Clockwork, claimed, run_by_hand
from marketplace.config import Settings
from marketplace.db.jobs import LOCK_SPACE, JobRun, JobTurn, running_jobs
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.jobs import PLAN_OF
from search.nodes import Nodes
from tests.conftest import NOW

DAY = dt.timedelta(days=1)


class Counted:
    """A step that counts its runs."""

    def __init__(self) -> None:
        self.runs: list[dt.datetime] = []
        self.error: Exception | None = None

    def __call__(self, means: Means, now: dt.datetime, dry_run: bool) -> Figures:
        if self.error:
            raise self.error
        if not dry_run:
            self.runs.append(now)
        return {"rows": 7}


class Setup:
    """A daily job, a frequent one, and a clock to set."""

    def __init__(self, settings: Settings, sessions: SessionFactory) -> None:
        self.now = NOW
        self.sessions = sessions
        self.means = Means(settings, sessions, Nodes(settings), lambda: self.now)
        self.step = Counted()
        self.daily = Job(PLAN_OF["tidy"], "", self.step)
        self.often = Job(PLAN_OF["send-mail"], "", self.step)
        with transaction(sessions) as session:
            session.add(JobTurn(name="tidy", done_for=NOW - DAY))

    def process(self) -> Clockwork:
        return Clockwork(self.means)

    def runs(self) -> list[JobRun]:
        with self.sessions() as session:
            return list(session.scalars(select(JobRun).order_by(JobRun.id)))


@pytest.fixture
def setup(settings: Settings, sessions: SessionFactory) -> Setup:
    return Setup(settings, sessions)


def test_a_moment_is_done_once_by_however_many_processes(setup: Setup) -> None:
    processes = [setup.process() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: one.take_turn(setup.daily), processes))
    for process in processes:
        process.take_turn(setup.daily)
    assert len(setup.step.runs) == 1
    setup.now += DAY
    assert [process.take_turn(setup.daily) for process in processes] == [True, False, False, False]
    assert [run.figures for run in setup.runs()] == [{"rows": 7}] * 2


def test_a_new_job_waits_for_its_next_moment(setup: Setup) -> None:
    with transaction(setup.sessions) as session:
        session.delete(session.get_one(JobTurn, "tidy"))
    process = setup.process()
    assert not process.take_turn(setup.daily)
    assert not process.take_turn(setup.daily)
    setup.now += DAY
    assert process.take_turn(setup.daily)


def test_what_fails_is_remembered_and_tried_again(setup: Setup) -> None:
    setup.step.error = OSError("disk full")
    process = setup.process()
    process.take_turn(setup.daily)
    process.take_turn(setup.daily)
    with setup.sessions() as session:
        turn = session.get_one(JobTurn, "tidy")
        assert (turn.failures, turn.done_for) == (2, NOW - DAY)
    setup.step.error = None
    process.take_turn(setup.daily)
    with setup.sessions() as session:
        assert session.get_one(JobTurn, "tidy").failures == 0
    assert [run.error for run in setup.runs()] == ["OSError: disk full"] * 2 + [""]


def test_asked_for_it_runs_although_its_moment_is_done(setup: Setup) -> None:
    process = setup.process()
    process.take_turn(setup.daily)
    assert not process.take_turn(setup.daily)
    with transaction(setup.sessions) as session:
        session.get_one(JobTurn, "tidy").asked_at = NOW
    assert process.take_turn(setup.daily)
    assert not process.take_turn(setup.daily)


def test_a_frequent_job_is_noted_twice_a_minute_with_all_it_did(setup: Setup) -> None:
    process = setup.process()
    for _ in range(14):
        process.take_turn(setup.often)
        setup.now += dt.timedelta(seconds=5)
    assert [run.figures["rows"] for run in setup.runs()] == [49, 42]


def test_a_frequent_job_with_nothing_to_do_is_left_alone_and_noted_as_alive(setup: Setup) -> None:
    something: list[int] = []
    job = dataclasses.replace(
        setup.often, waiting=lambda now: select(literal(1)).where(literal(bool(something)))
    )
    process = setup.process()
    for _ in range(13):
        process.take_turn(job)
        setup.now += dt.timedelta(seconds=5)
    assert [run - NOW for run in setup.step.runs] == [dt.timedelta(seconds=30), dt.timedelta(seconds=60)]
    with setup.sessions() as session:
        assert session.get_one(JobTurn, "send-mail").alive_at == setup.step.runs[-1]
    something.append(1)
    assert process.take_turn(job)
    assert setup.step.runs[-1] == setup.now


@pytest.mark.parametrize("job", [job for job in JOBS if job.waiting], ids=lambda job: job.name)
def test_nothing_waits_where_nothing_was_done(setup: Setup, job: Job) -> None:
    assert job.waiting is not None
    with setup.sessions() as session:
        assert session.execute(job.waiting(NOW)).first() is None


def test_while_it_runs_others_see_it_and_leave_it_alone(setup: Setup) -> None:
    inside, done = Event(), Event()

    def slow(*_: Any) -> Figures:
        inside.set()
        assert done.wait(20)
        return {}

    job = dataclasses.replace(setup.daily, step=slow)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(setup.process().take_turn, job)
        assert inside.wait(20)
        with setup.sessions() as session:
            assert running_jobs(session) == {"tidy"}
        assert not setup.process().take_turn(setup.daily)
        with pytest.raises(BusyError):
            run_by_hand(setup.means, setup.daily)
        done.set()
        assert running.result()


def test_a_killed_process_lets_go_of_its_claim(setup: Setup) -> None:
    with claimed(setup.sessions, "tidy") as mine:
        assert mine
        with setup.sessions() as session:
            session.connection().exec_driver_sql(
                "SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
                f" WHERE l.locktype = 'advisory' AND l.classid = {LOCK_SPACE} AND l.granted"
                " AND d.datname = current_database()"
            )
    assert setup.process().take_turn(setup.daily)


def test_a_run_for_another_day_leaves_the_schedule_alone(setup: Setup) -> None:
    run_by_hand(setup.means, setup.daily, NOW + 300 * DAY)
    assert setup.step.runs == [NOW + 300 * DAY]
    assert setup.process().take_turn(setup.daily)
    assert run_by_hand(setup.means, setup.daily, dry_run=True) == {"rows": 7}
    assert len(setup.step.runs) == 2
