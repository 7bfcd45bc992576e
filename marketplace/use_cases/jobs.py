"""Whether the clock works: how each job stands, and asking for one to run now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload

from marketplace.db.jobs import JobRun, JobTurn, running_jobs
from marketplace.domain.errors import NotAllowed, NotFound
from marketplace.domain.jobs import PLAN_OF, PLANS, Plan
from marketplace.domain.permissions import Actor, Permission
from marketplace.domain.text import N_
from marketplace.use_cases import audit

KEPT = dt.timedelta(days=190)
"""How long runs are remembered: more than the six months that audit records are kept at least."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one job stands."""

    plan: Plan
    turn: JobTurn | None
    last: JobRun | None
    """The last run that did something, failed, or was asked for."""
    next_due: dt.datetime
    late: bool
    running: bool


def standings(session: Session, now: dt.datetime, zone: ZoneInfo) -> list[Standing]:
    """All jobs in the order of the schedule, in three queries."""
    turns = {turn.name: turn for turn in session.scalars(select(JobTurn))}
    newest = select(func.max(JobRun.id)).group_by(JobRun.name)
    query = select(JobRun).where(JobRun.id.in_(newest)).options(joinedload(JobRun.person))
    last = {run.name: run for run in session.scalars(query)}
    running = running_jobs(session)
    return [
        Standing(
            plan,
            turns.get(plan.name),
            last.get(plan.name),
            plan.next_due(now, zone),
            plan.name not in running and plan.is_late(now, zone, _done(plan, turns.get(plan.name))),
            plan.name in running,
        )
        for plan in PLANS
    ]


def _done(plan: Plan, turn: JobTurn | None) -> dt.datetime | None:
    if turn is None:
        return None
    return turn.alive_at if plan.seconds is not None else turn.done_for


def late(session: Session, now: dt.datetime, zone: ZoneInfo) -> list[str]:
    """Names of jobs that have not run when they should have."""
    return [standing.plan.name for standing in standings(session, now, zone) if standing.late]


def runs(session: Session, name: str, *, before: int | None = None, limit: int = 30) -> Sequence[JobRun]:
    """Runs of a job, the last first.

    Raises:
        NotFound: there is no such job.
    """
    plan_of(name)
    query = select(JobRun).where(JobRun.name == name).options(joinedload(JobRun.person))
    if before is not None:
        query = query.where(JobRun.id < before)
    return session.scalars(query.order_by(JobRun.id.desc()).limit(limit)).all()


def plan_of(name: str) -> Plan:
    """A job by its name.

    Raises:
        NotFound: there is none.
    """
    if name not in PLAN_OF:
        raise NotFound(N_("没有这项后台任务。"))
    return PLAN_OF[name]


def ask(session: Session, actor: Actor, now: dt.datetime, name: str) -> None:
    """Have a job run as soon as a job process is free; asking twice is asking once.

    Raises:
        NotFound: there is no such job.
        NotAllowed: the actor may not start jobs.
    """
    plan_of(name)
    if not actor.may_anywhere(Permission.RUN_JOBS):
        raise NotAllowed(N_("只有系统管理员可以手动运行后台任务。"))
    wish = {"asked_at": now, "asked_by": actor.user_id}
    session.execute(
        insert(JobTurn)
        .values(name=name, **wish)
        .on_conflict_do_update(index_elements=[JobTurn.name], set_=wish)
    )
    audit.record(session, actor, now, "job.ask", "job", None, after={"name": name})
