"""Scheduled jobs for programs: whether the clock works, and having one run now."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import Response
from flask_babel import gettext

from marketplace.api.blueprint import answer
from marketplace.api.calls import does, reads
from marketplace.api.cards import plain
from marketplace.api.job_schemas import JobOut, JobRunsOut, JobsOut, RunNow, RunQuery
from marketplace.db.jobs import JobRun
from marketplace.domain.permissions import Permission
from marketplace.edge.context import actor, db, now, services
from marketplace.use_cases import jobs
from marketplace.use_cases.jobs import Standing


@reads("/jobs", JobsOut, "Every job, and whether it is late", Permission.SEE_JOBS)
def find_jobs() -> Response:
    """Schedule, last and next run of each."""
    return answer({"items": [_standing(one) for one in _standings()]})


@reads("/jobs/<name>", JobOut, "How a job stands", Permission.SEE_JOBS)
def open_job(name: str) -> Response:
    """Schedule, last and next run."""
    return answer(_job(name))


@reads("/jobs/<name>/runs", JobRunsOut, "The runs of a job", Permission.SEE_JOBS, query=RunQuery)
def find_runs(name: str, query: RunQuery) -> Response:
    """Runs that did something, failed, or were asked for; follow next_cursor to the last one."""
    before = int(query.cursor) if query.cursor else None
    found = jobs.runs(db(), name, before=before, limit=query.limit + 1)
    shown = found[: query.limit]
    following = str(shown[-1].id) if len(found) > query.limit else None
    return answer({"items": [_run(run) for run in shown], "next_cursor": following})


@does("/jobs/<name>/run", RunNow, JobOut, "Have a job run now", Permission.RUN_JOBS, status=202)
def run_job(name: str, body: RunNow) -> Response:
    """It runs as soon as a job process is free; asking twice is asking once."""
    jobs.ask(db(), actor(), now(), name)
    db().expire_all()
    return answer(_job(name), 202)


def _standings() -> list[Standing]:
    return jobs.standings(db(), now(), ZoneInfo(services().settings.time_zone))


def _job(name: str) -> dict[str, Any]:
    plan = jobs.plan_of(name)
    return next(_standing(one) for one in _standings() if one.plan is plan)


def _standing(one: Standing) -> dict[str, Any]:
    plan, turn = one.plan, one.turn
    return {
        "name": plan.name,
        "label": gettext(plan.label),
        "purpose": gettext(plan.purpose),
        "every_seconds": plan.seconds,
        "daily_at": None if plan.hour is None else f"{plan.hour:02d}:00",
        "next_due": plain(one.next_due),
        "last_success": plain(turn.alive_at) if turn else None,
        "last_run": _run(one.last) if one.last else None,
        "failures": turn.failures if turn else 0,
        "running": one.running,
        "late": one.late,
        "asked_at": plain(turn.asked_at) if turn else None,
    }


def _run(run: JobRun) -> dict[str, Any]:
    return {
        "started_at": plain(run.started_at),
        "seconds": run.seconds,
        "figures": run.figures,
        "error": run.error,
        "as_of": plain(run.as_of),
        "asked_by": run.person.name if run.person else None,
    }
