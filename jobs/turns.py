"""Whose turn it is: each run of a job is claimed in the database.

A job process takes the job's advisory lock on a connection of its own and keeps it as long as it runs.
Another process sees that and leaves the job alone; when the first is killed, the database drops its
lock and the other one, which finds the scheduled moment still undone, does it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, Row, Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from structlog import get_logger

from jobs.means import Figures, Job, Means
from marketplace.db.jobs import LOCK_SPACE, JobRun, JobTurn, lock_key
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.jobs import ONE_DAY

log = get_logger()
NOTE_EVERY = dt.timedelta(seconds=30)
"""A job that runs every second is noted this often: with what it did since, and that it is alive."""
LONGEST_ERROR = 2_000


@dataclass(slots=True)
class Outcome:
    """How a run, or several runs of a frequent job, went."""

    since: dt.datetime
    seconds: float = 0.0
    figures: Counter[str] = field(default_factory=Counter)
    error: str = ""


class Clockwork:
    """Runs jobs in this process when it is their turn, and remembers how it went."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._zone = ZoneInfo(means.settings.time_zone)
        self._unnoted: dict[str, Outcome] = {}

    def take_turn(self, job: Job) -> bool:
        """Run a job whose moment is still undone, or that somebody asked for; whether it ran.

        A failure is recorded and logged; the next turn tries again.
        """
        now = self._means.clock()
        due = job.plan.due_since(now, self._zone)
        if not self._is_wanted(job, now, due):
            return False
        with claimed(self._means.sessions, job.name) as mine:
            # Whoever had the lock before may have done it in the meantime.
            if not mine or not self._is_wanted(job, now, due):
                return False
            outcome = self._run(job, now)
            if not _is_frequent(job) or outcome.error or _is_old(outcome, now):
                self._note(job, now, due, outcome)
        return True

    def _is_wanted(self, job: Job, now: dt.datetime, due: dt.datetime) -> bool:
        if _is_frequent(job):
            outcome = self._unnoted.setdefault(job.name, Outcome(since=now))
            return job.waiting is None or _is_old(outcome, now) or self._look(job.waiting(now)) is not None
        turn = self._look(select(JobTurn.done_for, JobTurn.asked_at).where(JobTurn.name == job.name))
        if turn is None:
            with transaction(self._means.sessions) as session:
                _begin(session, job, due)
            return False
        # Done for a moment far ahead: by a clock that was wrong, and is right again.
        undone = turn.done_for is None or turn.done_for < due or turn.done_for > due + 2 * ONE_DAY
        return turn.asked_at is not None or undone

    def _look(self, statement: Select[*tuple[Any, ...]]) -> Row[*tuple[Any, ...]] | None:
        """One small statement outside any transaction: it is asked all day long."""
        with _undisturbed(self._means.sessions) as connection:
            return connection.execute(statement).first()

    def _run(self, job: Job, now: dt.datetime) -> Outcome:
        outcome = self._unnoted.setdefault(job.name, Outcome(since=now))
        started = time.perf_counter()
        try:
            figures = job.step(self._means, now, False)
            outcome.figures.update(figures)
            if any(figures.values()):
                log.info("job_done", job=job.name, **figures)
        except Exception as failure:
            log.exception("job_failed", job=job.name)
            outcome.error = f"{type(failure).__name__}: {failure}"[:LONGEST_ERROR]
        outcome.seconds += time.perf_counter() - started
        return outcome

    def _note(self, job: Job, now: dt.datetime, due: dt.datetime, outcome: Outcome) -> None:
        with transaction(self._means.sessions) as session:
            remember(session, job, now, due, outcome)
        self._unnoted[job.name] = Outcome(since=now)


def run_by_hand(
    means: Means, job: Job, as_of: dt.datetime | None = None, *, dry_run: bool = False
) -> Figures:
    """Run a job once, now or as if it were another moment; errors are raised.

    A run for another moment leaves the schedule as it is.

    Raises:
        BusyError: another process is running it.
    """
    now = means.clock()
    if dry_run:
        return job.step(means, as_of or now, True)
    with claimed(means.sessions, job.name) as mine:
        if not mine:
            raise BusyError(job.name)
        started = time.perf_counter()
        figures = job.step(means, as_of or now, False)
        outcome = Outcome(now, time.perf_counter() - started, Counter(figures))
        due = job.plan.due_since(now, ZoneInfo(means.settings.time_zone)) if as_of is None else None
        with transaction(means.sessions) as session:
            remember(session, job, now, due, outcome, as_of=as_of or now)
    return figures


class BusyError(Exception):
    """Another process is running the job."""


@contextlib.contextmanager
def claimed(sessions: SessionFactory, name: str) -> Iterator[bool]:
    """Hold the job's lock during the block; false when another process holds it."""
    with _undisturbed(sessions) as connection:
        mine = bool(connection.scalar(select(func.pg_try_advisory_lock(LOCK_SPACE, lock_key(name)))))
        try:
            yield mine
        finally:
            if mine:
                # A connection that is gone has let go of its lock already.
                with contextlib.suppress(OperationalError):
                    connection.execute(select(func.pg_advisory_unlock(LOCK_SPACE, lock_key(name))))


def remember(
    session: Session,
    job: Job,
    now: dt.datetime,
    due: dt.datetime | None,
    outcome: Outcome,
    *,
    as_of: dt.datetime | None = None,
) -> None:
    """Keep how a run went: its job's turn always, the run itself when there is something to tell.

    ``due`` is the scheduled moment that is done with it, if any; ``as_of`` is given for a run by hand.
    """
    turn = session.get(JobTurn, job.name, with_for_update=True)
    failures = turn.failures if turn else 0
    asked = turn is not None and turn.asked_at is not None
    # A frequent job that keeps failing is one fact, not one row a second.
    told = failures == 0 or not _is_frequent(job) if outcome.error else any(outcome.figures.values())
    if told or asked or as_of is not None:
        session.add(
            JobRun(
                name=job.name,
                started_at=outcome.since,
                seconds=outcome.seconds,
                figures=dict(outcome.figures),
                error=outcome.error,
                as_of=as_of or now,
                asked_by=turn.asked_by if turn else None,
            )
        )
    values: dict[str, object] = {"failures": failures + 1 if outcome.error else 0}
    values |= {"asked_at": None, "asked_by": None}
    if due is not None and not outcome.error:
        values |= {"done_for": due, "alive_at": now}
    session.execute(
        insert(JobTurn)
        .values(name=job.name, **values)
        .on_conflict_do_update(index_elements=[JobTurn.name], set_=values)
    )


def _begin(session: Session, job: Job, due: dt.datetime) -> None:
    """A job that this installation never had waits for its next moment: the start is busy enough."""
    session.execute(
        insert(JobTurn)
        .values(name=job.name, done_for=due)
        .on_conflict_do_nothing(index_elements=[JobTurn.name])
    )


def _undisturbed(sessions: SessionFactory) -> Connection:
    """A connection on which each statement is its own transaction."""
    engine = sessions.kw["bind"]
    assert isinstance(engine, Engine)
    return engine.connect().execution_options(isolation_level="AUTOCOMMIT")


def _is_old(outcome: Outcome, now: dt.datetime) -> bool:
    """Whether it is time to note it; also after the clock was put back."""
    return abs(now - outcome.since) >= NOTE_EVERY


def _is_frequent(job: Job) -> bool:
    return job.plan.seconds is not None
